/** The commands of docs/bots.md, run as they stand there. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { runCommand, script } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';

t.test('the lines for a shell and for cron post what a command prints', async (t) => {
  const page = await readFile(new URL('../../../docs/bots.md', import.meta.url), 'utf8');
  const [, forShell = ''] = /^ {4}(make .*)$/m.exec(page) ?? [];
  const [, forCron = ''] = /^ {4}0 7 \* \* \* {2}(.*)$/m.exec(page) ?? [];
  const server = await startServerProcess();
  t.teardown(server.close);
  const ana = server.connect(server.firstLink, 'ana');
  await ana.prints(/in #lobby as/, 'stderr');
  ana.write('/join #ops\n');
  await ana.prints(/in #ops\n/, 'stderr');
  const { out: token } = await server.operate(['user', 'token', 'ops-bot']);

  const { home, link } = server;
  const bin = join(home.folder, 'bin');
  await mkdir(bin);
  const program = async (name: string, text: string) => {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  };
  await program('secure-chat', `exec '${process.execPath}' '${script}' "$@"`);
  await program('make', 'echo compiling; echo "a warning" >&2');
  await writeFile(join(home.folder, 'token'), token, { mode: 0o600 });
  const shell = async (command: string, env: NodeJS.ProcessEnv = {}) => {
    const PATH = `${bin}:${home.env.PATH}`;
    const running = runCommand(['sh', '-c', command], { env: { ...home.env, ...env, PATH } });
    return { code: await running.ended, out: running.stdout(), err: running.stderr() };
  };

  const made = await shell(forShell, { SECURE_CHAT_LINK: link, SECURE_CHAT_TOKEN: token.trim() });
  t.same(made, { code: 0, out: '', err: '' });
  await ana.prints(/#ops ops-bot: compiling\n.*#ops ops-bot: a warning\n/);
  const filled = forCron.replace('LINK', link).replace('/etc/ops.token', join(home.folder, 'token'));
  t.same(await shell(filled), { code: 0, out: '', err: '' });
  await ana.prints(/#ops ops-bot: Filesystem .*\n {8}\S+ /);
});
