import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { copiedBytesMax, copyText } from '../../../../lib/client/screen/terminal/clipboard.js';
import { createFakeClock } from '../../../support/fake-clock.js';

async function copy(text: string, env: Record<string, string>, takes = true) {
  const sent: string[] = [];
  const outcome = await copyText(text, {
    env: { TERM: 'xterm-256color', ...env },
    clock: createFakeClock(),
    send(sequences) {
      sent.push(sequences);
      return takes;
    },
  });
  return { outcome, sent: sent.join('') };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

t.test('a text is sent by OSC 52', async (t) => {
  const { outcome, sent } = await copy('grüße\n\x1b]0;x\x07', {});
  t.equal(outcome, 'sent');
  t.equal(sent, `\x1b]52;c;${base64('grüße\n\x1b]0;x\x07')}\x07`);
  t.equal((await copy('x', {}, false)).outcome, 'busy');
});

t.test('a text that terminals would not take is refused', async (t) => {
  const most = await copy('x'.repeat(copiedBytesMax), {});
  t.equal(most.outcome, 'sent');
  t.equal(most.sent.length, '\x1b]52;c;\x07'.length + 74_992);
  t.same(await copy('x'.repeat(copiedBytesMax + 1), {}), { outcome: 'too-long', sent: '' });
  t.equal((await copy('ü'.repeat(copiedBytesMax / 2 + 1), {})).outcome, 'too-long', 'bytes count');
});

t.test('a console gets nothing: it would print it', async (t) => {
  for (const TERM of ['linux', 'vt220', 'dumb'])
    t.same(await copy('x', { TERM }), { outcome: 'no-clipboard', sent: '' });
});

t.test('through screen it goes in parts', async (t) => {
  const text = 'long '.repeat(200);
  const { sent } = await copy(text, { STY: '1.pts' });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences are what it looks at
  const parts = sent.match(/\x1bP[\s\S]*?\x1b\\/g) ?? [];
  t.ok(parts.length > 1 && parts.every((part) => part.length <= 256));
  t.equal(parts.map((part) => part.slice(2, -2)).join(''), `\x1b]52;c;${base64(text)}\x07`);
});

t.test(
  "inside tmux its own command does it, with the text on stdin; where it can't, it goes to the terminal",
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const tmux = join(folder, 'tmux');
    const runs = async (script: string) => {
      await writeFile(tmux, `#!/bin/sh\n${script}\n`);
      await chmod(tmux, 0o755);
      return copy('a text', { TMUX: '/tmp/x,1,0', PATH: `${folder}:${process.env.PATH}` });
    };
    t.same(await runs('echo "$@" >"$0.got"; cat >>"$0.got"'), { outcome: 'sent', sent: '' });
    t.equal(await readFile(`${tmux}.got`, 'utf8'), 'load-buffer -w -\na text');
    const wrapped = `\x1bPtmux;\x1b\x1b]52;c;${base64('a text')}\x07\x1b\\`;
    t.same(await runs('exit 1'), { outcome: 'sent', sent: wrapped });
    const missing = await copy('a text', { TMUX: '/tmp/x,1,0', PATH: '/nonexistent' });
    t.equal(missing.sent, wrapped);
  },
);
