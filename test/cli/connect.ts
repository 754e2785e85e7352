import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { exitCode } from '../../lib/cli/command.js';
import { knownHostsOf } from '../../lib/cli/trust.js';
import { type Certificate, makeCertificate } from '../support/certificate.js';
import { type FakeServer, message, startFakeServer } from '../support/fake-server.js';
import { type CommandLine, openCommandLine } from '../support/run-main.js';

let certificate: Certificate;
t.before(async () => {
  certificate = await makeCertificate();
});

interface Scene extends CommandLine {
  readonly server: FakeServer;
  readonly address: string;
  readonly link: string;
}

async function scene(t: Test): Promise<Scene> {
  const server = await startFakeServer(certificate);
  t.teardown(server.close);
  const address = `127.0.0.1:${server.endpoint.port}`;
  return {
    ...(await openCommandLine(t)),
    server,
    address,
    link: `secure-chat://${address}/${certificate.pin}`,
  };
}

const ada = { SECURE_CHAT_NAME: 'ada', SECURE_CHAT_PASSWORD: 'pa55word' };

t.test('by a link, in a pipe: signs in, shows, sends, quits', async (t) => {
  const { server, start, link, home } = await scene(t);
  const { stdin, done } = start(['connect', link], ada);
  await server.peer();
  const peer = await server.peer();
  t.match(await peer.admit(), { type: 'sign-in', name: 'ada', password: 'pa55word' });
  await peer.sync(message(1));
  stdin.end('hello\n');
  const say = await peer.next();
  t.match(say, { type: 'say', room: 'lobby', text: 'hello' });
  peer.send(message(2, { from: 'ada', text: 'hello', key: String(say.key) }));
  const { code, out } = await done;
  t.equal(code, exitCode.ok);
  t.match(out, /^\d\d:\d\d bob: text 1\n\d\d:\d\d ada: hello\n$/);
  const known = await knownHostsOf({ HOME: home }).find(server.endpoint);
  t.equal(known, certificate.pin);
});

t.test('by a link, in a pipe: nothing is sent after a refused /join', async (t) => {
  const { server, start, link } = await scene(t);
  const { stdin, done } = start(['connect', link], ada);
  await server.peer();
  const peer = await server.peer();
  await peer.admit();
  await peer.sync();
  stdin.write('/join #board\nfor the board alone\n');
  peer.error(await peer.next(), 'room-name-taken');
  const { code, err } = await done;
  t.equal(code, exitCode.data);
  t.notOk(
    peer.frames.some(({ type }) => type === 'say'),
    'nothing was said',
  );
  t.match(err, /line 1, "\/join #board", was refused, and nothing after it was sent: /);
});

t.test('with an invite it registers, or signs in if the name is taken', async (t) => {
  const { server, start, link } = await scene(t);
  const { stdin, done } = start(['connect', `${link}/invite-code`], ada);
  await server.peer();
  const first = await server.peer();
  const register = await first.next();
  t.match(register, { type: 'register', name: 'ada', code: 'invite-code' });
  first.error(register, 'name-taken');
  const second = await server.peer();
  t.match(await second.admit(), { type: 'sign-in', name: 'ada' });
  await second.sync();
  stdin.end();
  t.equal((await done).code, exitCode.ok);
});

t.test(
  'a refused sign-in exits with 77, an overloaded server with 69, and the password is never printed',
  async (t) => {
    const codes = { 'wrong-credentials': 77, 'name-in-use': 77, 'too-many-attempts': 77, busy: 69 };
    for (const [code, expected] of Object.entries(codes)) {
      const { server, start, link } = await scene(t);
      const { done } = start(['connect', link], ada);
      await server.peer();
      const peer = await server.peer();
      peer.error(await peer.next(), code, { retryAfter: 5000 });
      const ended = await done;
      t.equal(ended.code, expected, code);
      t.match(ended.err, `because of ${code}`);
      t.match(ended.err, 'again in 5 s');
      t.notMatch(ended.err + ended.out, 'pa55word');
    }
  },
);

t.test('without a server, a name or a password it is wrong usage, before any connection', async (t) => {
  const { run, server, link } = await scene(t);
  t.equal((await run(['connect'], { env: ada })).code, exitCode.usage);
  t.equal((await run(['connect', '--port', '7000'], { env: ada })).code, exitCode.usage);
  t.equal((await run(['connect', link])).code, exitCode.usage);
  t.match(await run(['connect', link, '-n', 'ada']), {
    code: exitCode.usage,
    err: /(?=.*--password-file).*SECURE_CHAT_PASSWORD/,
  });
  t.match(await run(['connect', link, '-n', 'two words'], { env: ada }), {
    code: exitCode.usage,
    err: /name/i,
  });
  const short = await run(['connect', 'secure-chat://127.0.0.1/short']);
  t.match(short, { code: exitCode.usage, err: /pin/ });
  t.equal(server.connections, 0);
});

t.test('the link can come from the environment, the password from a file', async (t) => {
  const { server, start, link, home } = await scene(t);
  const file = join(home, 'password');
  await writeFile(file, 'from-file\n', { mode: 0o600 });
  const env = { SECURE_CHAT_LINK: link, SECURE_CHAT_PASSWORD: 'from-env' };
  const { stdin, done } = start(['connect', '--name', 'Ada', '--password-file', file, '--attach'], env);
  await server.peer();
  const peer = await server.peer();
  t.match(await peer.admit(), { name: 'ada', password: 'from-file', mode: 'attach' });
  await peer.sync();
  stdin.end();
  t.equal((await done).code, exitCode.ok);
  await chmod(file, 0o644);
  const open = start(['connect', '--name', 'ada', '--password-file', file], env);
  t.match(await open.done, { code: exitCode.configuration, err: /chmod/ });
});

t.test('a changed or unknown key exits with 76 before one byte is sent', async (t) => {
  const { server, run, address, home } = await scene(t);
  const wrong = `secure-chat://${address}/${'A'.repeat(43)}`;
  const otherKey = await run(['connect', wrong], { env: ada });
  t.equal(otherKey.code, exitCode.untrusted);
  t.match(otherKey.err, certificate.pin);
  t.equal((await run(['connect', address], { env: ada })).code, exitCode.untrusted);
  await knownHostsOf({ HOME: home }).remember(server.endpoint, 'B'.repeat(43));
  const changed = await run(['connect', address], { env: ada });
  t.equal(changed.code, exitCode.untrusted);
  t.match(changed.err, `trust forget ${address}`);
  for (let i = 0; i < 3; i++) t.equal((await server.peer()).bytes, 0);
});

t.test('an unreachable server exits with 69', async (t) => {
  const { run } = await openCommandLine(t);
  // Not a port that was free a moment ago: another test may get that.
  const { code, err } = await run(['connect', `secure-chat://127.0.0.1:1/${certificate.pin}`], { env: ada });
  t.equal(code, exitCode.unavailable);
  t.equal(err.trim().split('\n').length, 1);
});

t.test('--remember saves the session; an expired one is dropped', async (t) => {
  const { server, start, link, address, home } = await scene(t);
  const first = start(['connect', link, '--remember'], ada);
  await server.peer();
  const one = await server.peer();
  t.match(await one.admit({ token: 'token-one' }), { type: 'sign-in', remember: true });
  await one.sync();
  first.stdin.end();
  t.equal((await first.done).code, exitCode.ok);
  const folder = join(home, '.local', 'state', 'secure-chat', 'sessions');
  const [file = ''] = await readdir(folder);
  t.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
  t.match(await readFile(join(folder, file), 'utf8'), 'token-one');

  const second = start(['connect', address, '--name', 'ada']);
  await server.peer();
  const two = await server.peer();
  t.match(await two.admit({ token: 'token-two' }), { type: 'resume', token: 'token-one' });
  await two.sync();
  t.match(await readFile(join(folder, file), 'utf8'), 'token-two');
  second.stdin.end();
  t.equal((await second.done).code, exitCode.ok);

  const third = start(['connect', address], ada);
  await server.peer();
  const three = await server.peer();
  three.error(await three.next(), 'session-expired');
  const four = await server.peer();
  t.match(await four.admit(), { type: 'sign-in', password: 'pa55word' });
  t.same(await readdir(folder), []);
  await four.sync();
  third.stdin.end();
  t.equal((await third.done).code, exitCode.ok);
});

t.test('without --remember no token is written', async (t) => {
  const { server, start, link, home } = await scene(t);
  const { stdin, done } = start(['connect', link], ada);
  await server.peer();
  const peer = await server.peer();
  await peer.admit({ token: 'secret-token' });
  await peer.sync();
  stdin.end();
  await done;
  const files = await readdir(home, { recursive: true });
  for (const name of files.filter((each) => each.endsWith('.json'))) {
    t.notMatch(await readFile(join(home, name), 'utf8'), 'secret-token');
  }
});

t.test('a signal ends it at once while connecting, and gracefully later', async (t) => {
  const { server, start, link } = await scene(t);
  const early = start(['connect', link], ada);
  await server.peer();
  const waiting = await server.peer();
  await waiting.next();
  early.signals.emit('SIGINT');
  const ended = await early.done;
  t.same([ended.code, ended.err], [exitCode.interrupted, '']);
  const later = start(['connect', link, '--json'], ada);
  await server.peer();
  const peer = await server.peer();
  await peer.admit();
  await peer.sync();
  await later.prints('"synced"');
  later.signals.emit('SIGTERM');
  t.match(await peer.next(), { type: 'quit' });
  t.equal((await later.done).code, exitCode.terminated);
});

t.test('a refused line exits with 65, a session that was taken over with 77', async (t) => {
  const { server, start, link } = await scene(t);
  const refused = start(['connect', link], ada);
  await server.peer();
  const one = await server.peer();
  await one.admit();
  await one.sync();
  refused.stdin.end('/nonsense\n');
  t.equal((await refused.done).code, exitCode.data);
  const taken = start(['connect', link, '--json'], ada);
  await server.peer();
  const two = await server.peer();
  await two.admit();
  await two.sync();
  two.send({ type: 'closing', code: 'taken-over', message: 'You signed in elsewhere.' });
  two.end();
  const ended = await taken.done;
  t.equal(ended.code, exitCode.refused);
  t.match(ended.err, 'You signed in elsewhere.');
});
