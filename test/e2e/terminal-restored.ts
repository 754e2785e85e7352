/** However the chat screen ends, its terminal is as it was before. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { type Home, makeHome } from '../support/program.js';
import { openShell, type Shell } from '../support/screen-terminal.js';

const script = fileURLToPath(new URL('../../bin/secure-chat.js', import.meta.url));
const link = /secure-chat:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/[\w-]+(?=\n)/;

interface Scene extends Shell {
  /** As `stty -g` says it. */
  readonly before: string;
  readonly pid: number;
  readonly stopServer: () => Promise<unknown>;
}

async function enterChat(t: Test): Promise<Scene> {
  const home: Home = await makeHome();
  t.teardown(home.remove);
  const data = join(home.folder, 'data');
  const server = home.run(['server', '--data', data, '--host', '127.0.0.1', '--port', '0']);
  const stopServer = (): Promise<unknown> => {
    server.kill('SIGTERM');
    return server.ended;
  };
  t.teardown(stopServer);
  const [invite] = await server.prints(link);
  const shell = await openShell(t, { ...home.env, SECURE_CHAT_PASSWORD: 'a good password' });
  const before = await shell.run('stty -g');
  // The shell tells its own process id, which exec makes that of the program.
  shell.begin(
    `sh -c 'echo "pid $$ "; exec ${process.execPath} ${script} connect ${invite} --name ana --create'`,
  );
  const [, pid] = await shell.terminal.shows(/pid (\d+) \n/);
  await shell.terminal.until(() => shell.terminal.modes().includes('alternate'), 'the chat screen');
  await shell.terminal.shows(/#lobby/);
  return { ...shell, before, pid: Number(pid), stopServer };
}

async function isRestored(t: Test, { terminal, run, before }: Scene): Promise<void> {
  t.strictSame(terminal.modes(), []);
  t.equal(terminal.title, '');
  t.equal(await run('stty -g'), before);
}

const endings = [
  { name: '/quit', end: ({ terminal }: Scene) => terminal.enter('/quit'), code: 0 },
  {
    name: 'Ctrl-C, twice',
    async end({ terminal }: Scene) {
      terminal.type('\x03');
      await terminal.shows(/Ctrl-C/);
      terminal.type('\x03');
    },
    code: 130,
  },
  { name: 'SIGTERM', end: ({ pid }: Scene) => process.kill(pid, 'SIGTERM'), code: 143 },
  { name: 'SIGHUP', end: ({ pid }: Scene) => process.kill(pid, 'SIGHUP'), code: 129 },
  { name: 'SIGINT', end: ({ pid }: Scene) => process.kill(pid, 'SIGINT'), code: 130 },
];

for (const { name, end, code } of endings) {
  t.test(`after ${name}`, async (t) => {
    const scene = await enterChat(t);
    await end(scene);
    t.equal(await scene.code(), code);
    await isRestored(t, scene);
  });
}

t.test('after Ctrl-Z, and after a server that went away meanwhile', async (t) => {
  const scene = await enterChat(t);
  const { terminal } = scene;
  terminal.type('half a sent\x1a');
  await scene.prompt();
  await isRestored(t, scene);
  await scene.stopServer();
  scene.begin('fg');
  await terminal.shows(/half a sent/);
  t.ok(terminal.modes().includes('alternate'));
  process.kill(scene.pid, 'SIGTERM');
  t.equal(await scene.code(), 143);
  await isRestored(t, scene);
});
