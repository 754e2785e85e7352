import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { compose } from '../../../lib/client/screen/compose.js';

async function scene(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  const temporary = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(async () => {
    for (const each of [folder, temporary]) await rm(each, { recursive: true, force: true });
  });
  let ran = 0;
  return {
    folder,
    temporary,
    ran: () => ran,
    /** An editor that does this to the file `$1`; returns where it is. */
    async editor(script: string, name = 'editor'): Promise<string> {
      const path = join(folder, name);
      await writeFile(path, `#!/bin/sh\n${script}\n`);
      await chmod(path, 0o755);
      return path;
    },
    async edit(text: string, env: Record<string, string>, stop?: AbortSignal, onRun = () => {}) {
      const result = await compose(text, {
        env: { PATH: process.env.PATH, ...env },
        temporary,
        run(program) {
          ran++;
          const running = program();
          onRun();
          return running;
        },
        ...(stop !== undefined && { stop }),
      });
      t.strictSame(await readdir(temporary), [], 'no file is left');
      return result;
    },
  };
}

t.test('the text is what the editor saved', async (t) => {
  const { edit, editor, ran } = await scene(t);
  const EDITOR = await editor(`printf 'one\\r\\ntwo 好\\n\\n' > "$1"`);
  t.strictSame(await edit('before', { EDITOR }), { outcome: 'text', text: 'one\ntwo 好' });
  t.equal(ran(), 1);
});

t.test('the editor gets the text in a private file and folder', async (t) => {
  const { edit, editor, folder } = await scene(t);
  const EDITOR = await editor(
    `cp "$1" ${folder}/seen; { stat -c %a "$1" "$(dirname "$1")"; cat ${folder}/seen; } > "$1"`,
  );
  const result = await edit('first\nsecond', { EDITOR });
  t.strictSame(result, { outcome: 'text', text: '600\n700\nfirst\nsecond' });
});

t.test('the editor gets the environment, but no password, token or invite', async (t) => {
  const { edit, editor } = await scene(t);
  const EDITOR = await editor(`env | grep -E '^(SECURE_CHAT|MY_)' > "$1"`);
  const secrets = { SECURE_CHAT_PASSWORD: 'a', SECURE_CHAT_TOKEN: 'b', SECURE_CHAT_LINK: 'c' };
  const result = await edit('text', { EDITOR, MY_VIMRC: 'mine', ...secrets });
  t.strictSame(result, { outcome: 'text', text: 'MY_VIMRC=mine' });
});

t.test('VISUAL comes first, and an empty variable counts as unset', async (t) => {
  const { edit, editor } = await scene(t);
  const good = await editor('echo good > "$1"', 'good');
  const bad = await editor('echo bad > "$1"', 'bad');
  t.match(await edit('', { VISUAL: good, EDITOR: bad }), { text: 'good' });
  t.match(await edit('', { VISUAL: ' ', EDITOR: good }), { text: 'good' });
});

t.test('an editor may have arguments, read by a shell if necessary', async (t) => {
  const { edit, editor } = await scene(t);
  const path = await editor(
    'eval file=\\$$#; for word; do echo "<$word>"; done > "$file.new"; mv "$file.new" "$file"',
  );
  const words = async (EDITOR: string): Promise<string[]> => {
    const result = await edit('', { EDITOR });
    return result.outcome === 'text' ? result.text.split('\n').slice(0, -1) : [result.outcome];
  };
  t.strictSame(await words(`${path} -w  --nofork`), ['<-w>', '<--nofork>']);
  t.strictSame(await words(`${path} "two words" $((1+1))`), ['<two words>', '<2>']);
});

t.test('without variables the usual editors are tried, in the order of sensible-editor', async (t) => {
  const { edit, editor, folder } = await scene(t);
  const usual = ['editor', 'nano', 'vi'];
  for (const name of usual) await editor(`echo by ${name} > "$1"`, name);
  for (const name of usual) {
    t.match(await edit('', { PATH: folder }), { text: `by ${name}` });
    await rm(join(folder, name));
  }
  t.match(await edit('', { PATH: folder }), { outcome: 'failed', message: /EDITOR=nano/ });
});

t.test('an unchanged text and an empty one are told apart', async (t) => {
  const { edit, editor } = await scene(t);
  t.strictSame(await edit('same', { EDITOR: 'true' }), { outcome: 'unchanged' });
  t.strictSame(await edit('', { EDITOR: 'true' }), { outcome: 'unchanged' });
  const EDITOR = await editor('printf " \\n\\n" > "$1"');
  t.strictSame(await edit('something', { EDITOR }), { outcome: 'empty' });
});

t.test('a failed or missing editor is reported, and the text is unchanged', async (t) => {
  const { edit, editor, folder } = await scene(t);
  const EDITOR = await editor('echo half > "$1"; exit 3');
  t.match(await edit('text', { EDITOR }), { outcome: 'failed', message: /exited with 3/ });
  t.match(await edit('text', { EDITOR: await editor('kill -9 $$') }), { message: /SIGKILL/ });
  t.match(await edit('text', { EDITOR: `${folder}/none` }), { message: /Can't run the editor .*none\./ });
  t.match(await edit('text', { EDITOR: `"${folder}/no ne"` }), {
    message: /Can't run the editor .*no ne"\./,
  });
  t.match(await edit('text', { EDITOR: await editor('rm "$1"') }), { outcome: 'failed' });
  const vast = await editor('head -c 2000000 /dev/zero > "$1"');
  t.match(await edit('text', { EDITOR: vast }), { message: /too long for a message/ });
});

t.test('the editor ends when the program does', async (t) => {
  const { edit, editor } = await scene(t);
  const controller = new AbortController();
  const EDITOR = await editor('exec tail -f /dev/null');
  const result = await edit('text', { EDITOR }, controller.signal, () => controller.abort());
  t.match(result, { outcome: 'failed', message: /SIGTERM/ });
});

t.test('a missing temporary folder is reported', async (t) => {
  const result = await compose('text', { env: {}, temporary: '/nonexistent', run: (program) => program() });
  t.match(result, { outcome: 'failed', message: /Couldn't open the editor/ });
});
