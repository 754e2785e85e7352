/** What the Terminal Chatroom could. Elsewhere: clearing the screen (e2e/screen-conversations, e2e/screen-typing). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openPseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { makeHome, script } from '../support/program.js';
import { noonZone } from '../support/screen-people.js';
import { password } from '../support/server-process.js';

t.test('Terminal Chatroom', async (t) => {
  const home = await makeHome();
  const data = join(home.folder, 'data');
  const banner = join(home.folder, 'banner.txt');
  await writeFile(banner, '+---------------+\n|  WELCOME ALL  |\n+---------------+\n\x1b[31mred\n');
  const server = home.run([
    ...['server', '-H', '127.0.0.1', '-p', '0', '-n', 'Chatroom', '--data', data, '--motd', banner],
  ]);
  t.teardown(async () => {
    server.kill('SIGKILL');
    await server.ended;
    await home.remove();
  });
  const [, link = '', port = ''] = await server.prints(
    /^join link: (secure-chat:\/\/127\.0\.0\.1:(\d+)\S+)\n/m,
  );
  const secret = { SECURE_CHAT_PASSWORD: password };
  const first = home.run(['connect', link, '-n', 'alice'], secret);
  t.teardown(() => first.kill('SIGKILL'));
  await first.prints(/in #lobby as alice/, 'stderr');
  const at = ['connect', '-H', '127.0.0.1', '-p', port];

  const screen = openPseudoTerminal([process.execPath, script, ...at, '-n', 'alice', '--attach'], {
    env: { ...home.env, ...secret, TZ: noonZone() },
    cols: 80,
    rows: 24,
  });
  t.teardown(() => screen.kill('SIGKILL'));

  await t.test('host, port and name as short options, on both sides', async (t) => {
    await screen.shows(/alice · Chatroom · TLS 1\.3 ✓ verified/);
    t.match(server.stderr(), new RegExp(`"host":"127\\.0\\.0\\.1","port":${port},.*"msg":"listening"`));
  });

  await t.test('a banner, without its control characters, and a new one after SIGHUP', async (t) => {
    await first.prints(/-- \* \+-+\+\n.*\* \| {2}WELCOME ALL {2}\|\n.*\* \+-+\+\n/, 'stderr');
    await screen.shows(/│ \* \+-+\+[^\n]*\n[^\n]*│ \* \| {2}WELCOME ALL {2}\|/);
    t.notMatch(screen.output(), '\x1b[31mred');
    await writeFile(banner, 'another one\n');
    server.kill('SIGHUP');
    await server.prints(/reloaded/, 'stderr');
    const long = ['connect', '--host', '127.0.0.1', '--port', port, '--name', 'alice', '--attach'];
    const again = home.run(long, secret);
    await again.prints(/\* another one/, 'stderr');
    again.end();
    t.equal(await again.ended, 0);
  });

  await t.test('a server log of who joins and leaves', async (t) => {
    screen.enter('/quit');
    t.equal(await screen.ended, 0);
    first.end('/quit see you\n');
    t.equal(await first.ended, 0);
    await server.prints(/(?:"msg":"connection ended".*\n[\s\S]*){3}/, 'stderr');
    t.match(server.stderr(), '"reason":"see you"');
    const lines = server
      .stderr()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const moves = lines.filter(({ msg }) => msg === 'signed in' || msg === 'connection ended');
    t.equal(moves.filter(({ msg }) => msg === 'signed in').length, 3);
    t.equal(moves.filter(({ msg }) => msg === 'connection ended').length, 3);
    for (const move of moves) {
      t.match(move, { name: 'alice', address: '127.0.0.1' });
      t.ok(Date.parse(String(move.time)) > 0, 'when');
    }
  });
});
