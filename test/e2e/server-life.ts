/** A server's start, its signals and its end, as an operator sees them. */
import { once } from 'node:events';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t, { type Test } from 'tap';
import { makeCertificate } from '../support/certificate.js';
import { type Home, makeHome, type Running } from '../support/program.js';
import { password, startServerProcess } from '../support/server-process.js';
import { tlsOptions } from '../support/wire-client.js';

const online = /"state":"online"/;

async function homeOf(t: Test): Promise<Home> {
  const home = await makeHome();
  t.teardown(() => home.remove());
  return home;
}

async function fails(t: Test, server: Running, code: number, sentence: RegExp): Promise<void> {
  t.equal(await server.ended, code, server.stderr());
  t.match(server.stderr(), sentence);
  t.notMatch(server.stderr(), /\n {4}at /, 'no stack');
  t.equal(server.stdout(), '');
}

t.test('a port in use, a data folder in use, and a file in place of a folder are refused', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const { folder, run } = server.home;
  const at = (port: number) => ['--host', '127.0.0.1', '--port', String(port)];
  t.equal((await stat(join(folder, 'data', 'server-key.pem'))).mode & 0o777, 0o600);
  const elsewhere = join(folder, 'elsewhere');
  await fails(t, run(['server', '--data', elsewhere, ...at(server.port)]), 78, /Port \d+ is in use/);
  await fails(
    t,
    run(['server', '--data', join(folder, 'data'), ...at(0)]),
    78,
    /Another server or operator command/,
  );
  await writeFile(join(folder, 'file'), '');
  await fails(t, run(['server', '--data', join(folder, 'file'), ...at(0)]), 74, /file/);
  await fails(
    t,
    run(['server', '--data', elsewhere, '--host', '192.0.2.77']),
    78,
    /not an address of this machine/,
  );
  const client = server.connect(server.firstLink, 'alice', '--json');
  await client.prints(online);
});

t.test('unusable certificates are refused', async (t) => {
  const { folder, run } = await homeOf(t);
  const [one, two] = await Promise.all([makeCertificate(), makeCertificate()]);
  const [cert, key, otherKey] = ['server.pem', 'server-key.pem', 'other-key.pem'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  await writeFile(cert, one.cert);
  await writeFile(key, one.key, { mode: 0o600 });
  await writeFile(otherKey, two.key, { mode: 0o600 });
  const start = (...args: string[]) =>
    run(['server', '--data', join(folder, 'data'), '--port', '0', ...args]);
  await chmod(key, 0o640);
  await fails(t, start('--cert', cert), 78, /chmod 600/);
  await chmod(key, 0o600);
  await fails(t, start('--cert', join(folder, 'none.pem')), 78, /none\.pem/);
  await fails(t, start('--cert', cert, '--key', otherKey), 78, /key/);
});

t.test('SIGHUP reloads the certificate; a bad one leaves the old one in use', async (t) => {
  const home = await homeOf(t);
  const pair = join(home.folder, 'pair');
  await mkdir(pair);
  const cert = join(pair, 'server.pem');
  const replacePair = async () => {
    const made = await makeCertificate();
    await writeFile(join(pair, 'server-key.pem'), made.key, { mode: 0o600 });
    await writeFile(cert, made.cert);
  };
  await replacePair();
  const data = join(home.folder, 'data');
  const args = ['server', '--cert', cert, '--data', data, '--host', '127.0.0.1', '--port', '0'];
  const server = home.run(args);
  const [, port = ''] = await server.prints(/127\.0\.0\.1:(\d+)\//);
  const before = await serving(Number(port));
  await replacePair();
  server.kill('SIGHUP');
  await server.prints(/certificate reloaded/, 'stderr');
  const after = await serving(Number(port));
  t.not(after.fingerprint, before.fingerprint);
  t.equal(after.protocol, 'TLSv1.3');
  await t.rejects(serving(Number(port), 'TLSv1.2'), 'no older TLS version, also after a reload');
  await writeFile(cert, 'no certificate');
  server.kill('SIGHUP');
  await server.prints(/not reloaded/, 'stderr');
  t.equal((await serving(Number(port))).fingerprint, after.fingerprint);
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
});

async function serving(port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') {
  const socket = connect({ ...tlsOptions(port), minVersion: 'TLSv1.2', maxVersion });
  try {
    await once(socket, 'secureConnect');
    return { fingerprint: socket.getPeerX509Certificate()?.fingerprint256, protocol: socket.getProtocol() };
  } finally {
    socket.destroy();
  }
}

/** A connection that reads nothing, not even that it is closed. */
async function openStalled(t: Test, port: number): Promise<void> {
  const socket = connect(tlsOptions(port)).on('error', () => {});
  t.teardown(() => socket.destroy());
  await once(socket, 'secureConnect');
  socket.pause();
}

t.test(
  'SIGTERM notifies clients and exits with 0, even with a client that reads nothing; the log is JSON',
  async (t) => {
    const server = await startServerProcess();
    t.teardown(() => server.close());
    const alice = server.connect(server.firstLink, 'alice', '--json', '--retry', '1');
    await alice.prints(online);
    await openStalled(t, server.port);
    server.process().kill('SIGTERM');
    t.equal(await server.process().ended, 0);
    await alice.prints(/"code":"shutting-down"/);
    t.equal(await alice.ended, 69, 'and after --retry a client gives up');

    const log = server.process().stderr();
    const events = log
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    for (const event of [
      'listening',
      'account created',
      'signed in',
      'connection ended',
      'closing',
      'closed',
    ]) {
      t.ok(events.includes(event), event);
    }
    t.notMatch(log, server.firstLink.split('/').at(-1) ?? '', 'no invite code');
    t.notMatch(log, password);
  },
);

t.test('a second signal stops the server at once', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const running = server.process();
  await openStalled(t, server.port);
  running.kill('SIGINT');
  await running.prints(/"closing"/, 'stderr');
  running.kill('SIGINT');
  t.match(await running.ended, 130);
});

t.test('invite without server data is an error', async (t) => {
  const { run, folder } = await homeOf(t);
  const made = run(['invite', '--data', join(folder, 'data')]);
  t.equal(await made.ended, 78);
  t.match(made.stderr(), /No server data/);
  t.equal(made.stdout(), '');
});
