/** `secure-chat host`: a server and its host's client in one terminal. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { hostedLink, hostOnPipes } from '../support/hosted.js';
import { ownPort } from '../support/own-port.js';
import { type Home, makeHome, openTerminal, type Running } from '../support/program.js';
import { noonZone } from '../support/screen-people.js';
import { password } from '../support/server-process.js';

async function homeOf(t: Test): Promise<Home> {
  const home = await makeHome();
  t.teardown(() => home.remove());
  return home;
}

function ending<R extends Pick<Running, 'ended'> & { kill(signal: 'SIGKILL'): void }>(
  t: Test,
  running: R,
): R {
  t.teardown(async () => {
    running.kill('SIGKILL');
    await running.ended;
  });
  return running;
}

const secret = { SECURE_CHAT_PASSWORD: password };

t.test('on a terminal: one command, a name and a password, and others join by the link', async (t) => {
  const home = await homeOf(t);
  const hosts = (data: string, port: string, env = {}, ...args: string[]): PseudoTerminal => {
    const at = ['host', '--data', join(home.folder, data), '--host', '127.0.0.1', '--port', port];
    const options = { env: { ...home.env, TZ: noonZone(), ...env }, cols: 200, rows: 24 };
    return ending(t, openTerminal([...at, ...args], options));
  };
  const port = `${await ownPort()}`;
  const first = hosts('data', port);
  const [, link = ''] = await first.shows(hostedLink);
  await first.shows(/Choose a name/);
  t.notMatch(first.all(), /trust|fingerprint/i, 'no question about keys');
  first.enter('alice');
  await first.shows(/Choose a password for alice/);
  first.enter(password);
  await first.shows(/Repeat the password/);
  first.enter(password);
  await first.shows(/● alice ★[\s\S]*You host this chat\.[\s\S]*connect secure-chat:/);
  t.match(first.screen(), link, 'the link is on the screen');
  t.match(first.screen(), /alice · .*TLS 1\.3 ✓ verified/);

  const bob = ending(
    t,
    home.run(['connect', link, '--name', 'bob'], { ...secret, HOME: join(home.folder, 'bob') }),
  );
  await bob.prints(/in #lobby as bob/, 'stderr');
  bob.write('/link\nhello\n');
  await bob.prints(/moderators and admins/, 'stderr');
  await first.shows(/bob │ hello/);
  first.enter('/clear');
  await first.until(() => !first.screen().includes('│ hello'), 'an empty pane');
  first.enter('/link');
  await first.shows(/Others can join with this link/);
  first.enter('/role bob moderator');
  await bob.prints(/alice made bob a moderator on this server/, 'stderr');

  first.enter('/quit');
  await first.shows(/This ends the chat for 1 other person\. Quit anyway\?/);
  first.type('y');
  t.equal(await first.ended, 0);
  t.strictSame(first.modes(), [], 'the terminal is restored');
  await bob.prints(/the server says: The server is shutting down/, 'stderr');

  const again = hosts('data', port);
  await again.shows(/Your name/);
  again.enter('');
  await again.shows(/Password for alice/i);
  again.enter(password);
  await again.shows(/bob │ hello/);
  await bob.prints(/connected again/, 'stderr');
  again.type('\x03\x03');
  t.equal(await again.ended, 130, 'Ctrl-C twice leaves');

  const other = hosts('elsewhere', port, secret, '--as', 'alice', '--registration', 'closed', '--persistent');
  await other.shows(/● alice ★/);
  t.match(other.all(), /Others who have an account can join/, 'the account is created on this server too');
  other.type('\x03\x03');
  await other.shows(/stays open until someone has joined and everyone has left/);
  other.type('\x03');
  t.equal(await other.ended, 130, 'and Ctrl-C ends the chat');
});

t.test('on pipes: the end of the input ends the chat, and clients are notified', async (t) => {
  const home = await homeOf(t);
  const hosted = await hostOnPipes(home, '--name', 'Our Chat');
  const { running } = hosted;
  ending(t, running);
  const bob = ending(t, await hosted.guest('bob'));
  running.write('good evening\n');
  await bob.prints(/alice: good evening/);
  bob.write('to you too\n');
  await running.prints(/bob: to you too/);
  t.notMatch(running.stdout(), /secure-chat:\/\/|"msg"/, 'only messages are on stdout');
  t.notMatch(running.stderr(), /"msg"/, 'and no log anywhere');
  running.end();
  t.equal(await running.ended, 0);
  await bob.prints(/shutting down/, 'stderr');
});

t.test('invalid settings end it at once', async (t) => {
  const home = await homeOf(t);
  const args = ['host', '--data', join(home.folder, 'data'), '--host', '127.0.0.1', '--port', '0'];
  const nameless = home.run(args);
  t.equal(await nameless.ended, 64);
  t.match(nameless.stderr(), /No terminal to ask on.*pass --name/);
  t.equal(await home.run([...args, '--as', 'alice']).ended, 64, 'nor without a password');
  const made = home.run([...args, '--as', 'alice'], secret);
  await made.prints(/You host this chat/, 'stderr');
  const second = home.run([...args, '--as', 'alice'], secret);
  t.equal(await second.ended, 78);
  t.match(second.stderr(), /Another server or operator command/);
  made.end();
  t.equal(await made.ended, 0);
  const wrong = home.run([...args, '--as', 'alice'], { SECURE_CHAT_PASSWORD: 'another one' });
  t.equal(await wrong.ended, 77);
  t.match(wrong.stderr(), /Wrong name or password/);
});

t.test('a signal ends it with its code, also with --persistent', async (t) => {
  const { running } = await hostOnPipes(await homeOf(t), '--persistent');
  ending(t, running);
  running.kill('SIGTERM');
  t.equal(await running.ended, 143);
  const left = await hostOnPipes(await homeOf(t), '--persistent');
  ending(t, left.running);
  left.running.end('/quit\n');
  await left.running.prints(/stays open until/, 'stderr');
  left.running.kill('SIGINT');
  t.equal(await left.running.ended, 0, 'a host who has already quit exits with 0');
});
