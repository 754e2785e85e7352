/** `secure-chat listen`, by real processes. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Running } from '../support/program.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';

async function makeBot(server: ServerProcess, name: string): Promise<NodeJS.ProcessEnv> {
  const { out } = await server.operate(['user', 'token', name]);
  return { SECURE_CHAT_TOKEN: out.trim(), SECURE_CHAT_LINK: server.link };
}

/** A server, ana on a pipe in #ops, and a bot that listens. */
async function scene(t: Test) {
  const server = await startServerProcess('--rate', '1000');
  t.teardown(server.close);
  const ana = server.connect(server.firstLink, 'ana');
  await ana.prints(/in #lobby as/, 'stderr');
  ana.write('/join #ops\n/join #plans\n');
  await ana.prints(/in #plans\n/, 'stderr');
  const bot = await makeBot(server, 'robot');

  /** Starts to listen, and resolves once it does. */
  async function listen(args: readonly string[], env = bot): Promise<Running> {
    const listener = server.home.run(['listen', ...args], env);
    server.adopt(listener);
    return listener;
  }
  /** Posts until the listener has printed it: only then it is there. */
  async function heard(listener: Running, room: string): Promise<void> {
    for (let n = 1; !listener.stdout().includes('are you there'); n++) {
      ana.write(`/window #${room}\nare you there ${n}\n`);
      await ana.prints(new RegExp(`ana: are you there ${n}\n`));
      await pause(50);
    }
  }
  return { server, ana, bot, listen, heard };
}

t.test('each message of a room is one line that cannot drive a terminal', async (t) => {
  const { server, ana, bot, listen, heard } = await scene(t);
  const listener = await listen(['--room', 'ops']);
  await heard(listener, 'ops');
  const send = server.home.run(['send', '--room', 'ops', '--whole'], bot);
  send.end('two\nlines \x1b[31mred\u202e');
  t.equal(await send.ended, 0, send.stderr());
  await listener.prints(/^\d{4}-\d\d-\d\d \d\d:\d\d #ops robot: two lines \[31mred\n/m);
  ana.write('/window #plans\nnot for you\n/window #ops\n/me waves\n');
  await listener.prints(/#ops \* ana waves\n/);
  t.notMatch(listener.stdout(), /not for you/);

  listener.kill('SIGTERM');
  t.equal(await listener.ended, 143);
  t.equal(listener.stderr(), '');
});

t.test(
  '--json prints entries as `connect --json` does, and what was missed while the server was down',
  async (t) => {
    const { server, ana, listen, heard } = await scene(t);
    const listener = await listen(['--json', '--room', 'ops']);
    await heard(listener, 'ops');
    ana.write('before\n');
    await listener.prints(/"text":"before"/);
    await server.killAndRestart();
    for (const each of [ana, listener]) await each.prints(/connected again/, 'stderr');
    ana.write('after\n/edit later\n');
    await listener.prints(/"type":"edited"/);
    const lines = listener
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [message, edited] = lines.slice(-2);
    t.match(message, { type: 'message', room: 'ops', from: 'ana', text: 'after' });
    t.match(edited, { type: 'edited', of: message.seq, text: 'later' });
    t.match(
      listener.stderr(),
      /^secure-chat: not connected; trying again in .*\n(.*\n)*secure-chat: connected again\n$/,
    );
    listener.kill('SIGINT');
    t.equal(await listener.ended, 130);
  },
);

t.test('--since begins with the history, and goes on without a gap', async (t) => {
  const { ana, server, listen } = await scene(t);
  ana.write('/window #ops\n');
  ana.write(Array.from({ length: 250 }, (_, n) => `line ${n}\n`).join(''));
  await ana.prints(/ana: line 249\n/);
  const ben = server.connect(await server.invite(), 'ben');
  await ben.prints(/in #lobby as/, 'stderr');
  const listener = await listen(['--since', '1h', '--room', 'ops']);
  ana.write('and live\n');
  await listener.prints(/and live\n/);
  const found = [...listener.stdout().matchAll(/ana: (?:line (\d+)|and live)$/gm)].map(([, n]) => n);
  t.same(found, [...Array.from({ length: 250 }, (_, n) => String(n)), undefined]);
});

t.test('--exec runs a command for each entry of others, one at a time and in order', async (t) => {
  const { ana, server, bot, listen } = await scene(t);
  const log = join(server.home.folder, 'log');
  const hook = join(server.home.folder, 'hook');
  const word = '; touch "$0.owned"; $(touch x) `touch y`';
  await writeFile(
    hook,
    `#!/bin/sh\nread -r line\nprintf '%s\\n' "$line" >> "$1"\nenv >> "$1.env"\nsleep 0.05\necho end >> "$1"\ncase $line in *fail*) exit 3;; esac\necho ran\n`,
  );
  await chmod(hook, 0o700);
  const listener = await listen(['--room', 'ops', '--since', '1h', '--exec', `${hook} ${log}`]);
  ana.write(`/window #ops\none\nfail\n${word}\n`);
  await listener.prints(/ran\n.*ran\n/s);
  const send = server.home.run(['send', '--room', 'ops', 'my own'], bot);
  send.end();
  await send.ended;
  ana.write('last\n');
  await listener.prints(/(ran\n){3}/);
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
  t.same(
    lines.map((line) => (line === 'end' ? line : JSON.parse(line).text)),
    ['one', 'end', 'fail', 'end', word, 'end', 'last', 'end'],
  );
  t.match(listener.stderr(), /^secure-chat: --exec: \S+hook exited with code 3, for message \d+\n$/);
  const env = await readFile(`${log}.env`, 'utf8');
  t.match(env, 'HOME=');
  t.notMatch(env, /SECURE_CHAT/);
  listener.kill('SIGTERM');
  t.equal(await listener.ended, 143);
});

t.test('a reader that has gone ends it silently', async (t) => {
  const { ana, listen, heard } = await scene(t);
  const listener = await listen(['--room', 'ops']);
  await heard(listener, 'ops');
  listener.process.stdout.destroy();
  ana.write('the reader has gone\n');
  await ana.prints(/the reader has gone/);
  t.equal(await listener.ended, 0, listener.stderr());
  t.equal(listener.stderr(), '');
});

t.test('what cannot be listened to has its exit codes', async (t) => {
  const { server, bot, listen } = await scene(t);
  const none = await listen(['--room', 'nowhere']);
  t.equal(await none.ended, 77);
  t.match(none.stderr(), /There is no room #nowhere/);
  for (const args of [
    ['--json', '--exec', 'x'],
    ['--exec', "say 'hi"],
    ['--since', 'soon'],
  ]) {
    const wrong = await listen(args);
    t.equal(await wrong.ended, 64, wrong.stderr());
  }
  const unknown = await listen([], { ...bot, SECURE_CHAT_TOKEN: 'x'.repeat(43) });
  t.equal(await unknown.ended, 77, unknown.stderr());
  t.match(unknown.stderr(), /a bot needs a new token/);
  const nameless = await listen([], { ...bot, SECURE_CHAT_TOKEN: '' });
  t.equal(await nameless.ended, 64, nameless.stderr());
  t.match(nameless.stderr(), /A bot needs only its token/);
  server.process().kill('SIGKILL');
  await server.process().ended;
  const down = await listen([]);
  t.equal(await down.ended, 69, down.stderr());
});
