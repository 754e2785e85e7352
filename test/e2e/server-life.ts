/** A server's start, its signals and its end, as an operator sees them. */
import { chmod, copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t, { type Test } from 'tap';
import { type Home, makeHome, type Running } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';

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
  const served = await startServerProcess();
  t.teardown(() => served.close());
  const { folder, run } = served.home;
  const at = (port: number) => ['--host', '127.0.0.1', '--port', String(port)];
  const elsewhere = join(folder, 'elsewhere');
  await fails(t, run(['server', '--data', elsewhere, ...at(served.port)]), 78, /Port \d+ is in use/);
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
  const client = served.connect(served.firstLink, 'alice', '--json');
  await client.prints(online);
});

t.test('invalid settings are refused', async (t) => {
  const { run } = await homeOf(t);
  for (const args of [
    ['--port', '70000'],
    ['--registration', 'maybe'],
    ['--rate', 'fast'],
    ['--public-host', 'no spaces'],
    ['--nonsense'],
  ]) {
    await fails(t, run(['server', ...args]), 64, /error: /);
  }
});

t.test('unusable certificates are refused', async (t) => {
  const { folder, run } = await homeOf(t);
  const own = join(folder, 'own');
  const first = run(['server', '--data', own, '--host', '127.0.0.1', '--port', '0']);
  await first.prints(/^join link:/m);
  first.kill('SIGTERM');
  t.equal(await first.ended, 0);
  const [cert, key] = [join(own, 'server.pem'), join(own, 'server-key.pem')];
  t.equal((await stat(key)).mode & 0o777, 0o600);

  const start = (...args: string[]) =>
    run(['server', '--data', join(folder, 'data'), '--port', '0', ...args]);
  await chmod(key, 0o640);
  await fails(t, start('--cert', cert), 78, /chmod 600/);
  await chmod(key, 0o600);
  await fails(t, start('--cert', join(folder, 'none.pem')), 78, /none\.pem/);
  const other = join(folder, 'other');
  await mkdir(other);
  await copyFile(cert, join(other, 'server.pem'));
  const second = run(['server', '--data', join(folder, 'second'), '--host', '127.0.0.1', '--port', '0']);
  await second.prints(/^join link:/m);
  second.kill('SIGTERM');
  await second.ended;
  await fails(t, start('--cert', cert, '--key', join(folder, 'second', 'server-key.pem')), 78, /key/);
});

t.test('SIGHUP reloads the certificate; a bad one leaves the old one in use', async (t) => {
  const home = await homeOf(t);
  const pairs = join(home.folder, 'pairs');
  await mkdir(pairs);
  for (const name of ['one', 'two']) {
    const made = home.run([
      'server',
      '--data',
      join(home.folder, name),
      '--host',
      '127.0.0.1',
      '--port',
      '0',
    ]);
    await made.prints(/^join link:/m);
    made.kill('SIGTERM');
    await made.ended;
  }
  const use = async (name: string) => {
    for (const file of ['server-key.pem', 'server.pem']) {
      await writeFile(join(pairs, file), await readFile(join(home.folder, name, file)), { mode: 0o600 });
    }
  };
  await use('one');
  const cert = join(pairs, 'server.pem');
  const args = [
    'server',
    '--cert',
    cert,
    '--data',
    join(home.folder, 'data'),
    '--host',
    '127.0.0.1',
    '--port',
    '0',
  ];
  const server = home.run(args);
  const [, port = ''] = await server.prints(/127\.0\.0\.1:(\d+)\//);
  const before = await serving(Number(port));
  await use('two');
  server.kill('SIGHUP');
  await server.prints(/certificate reloaded/, 'stderr');
  const after = await serving(Number(port));
  t.not(after.fingerprint, before.fingerprint);
  t.equal(after.protocol, 'TLSv1.3');
  await t.rejects(serving(Number(port), 'TLSv1.2'), 'nothing older, also after a reload');
  await writeFile(cert, 'no certificate');
  server.kill('SIGHUP');
  await server.prints(/not reloaded/, 'stderr');
  t.equal((await serving(Number(port))).fingerprint, after.fingerprint);
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
});

async function serving(port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') {
  const options = {
    port,
    host: '127.0.0.1',
    ALPNProtocols: ['secure-chat/1'],
    rejectUnauthorized: false,
    maxVersion,
  };
  const socket = connect(options);
  try {
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    return { fingerprint: socket.getPeerX509Certificate()?.fingerprint256, protocol: socket.getProtocol() };
  } finally {
    socket.destroy();
  }
}

t.test('SIGTERM notifies clients and exits with 0, even with a client that reads nothing', async (t) => {
  const served = await startServerProcess();
  t.teardown(() => served.close());
  const alice = served.connect(served.firstLink, 'alice', '--json', '--retry', '1');
  await alice.prints(online);
  const deaf = connect({
    port: served.port,
    host: '127.0.0.1',
    ALPNProtocols: ['secure-chat/1'],
    rejectUnauthorized: false,
  });
  deaf.on('error', () => {});
  await new Promise((resolve) => deaf.once('secureConnect', resolve));
  deaf.pause();
  served.server().kill('SIGTERM');
  t.equal(await served.server().ended, 0);
  await alice.prints(/"code":"shutting-down"/);
  t.equal(await alice.ended, 69, 'and after --retry a client gives up');
  deaf.destroy();
});

t.test('a second signal stops the server at once', async (t) => {
  const served = await startServerProcess();
  t.teardown(() => served.close());
  const server = served.server();
  // Somebody whose connection takes its time to close.
  const deaf = connect({
    port: served.port,
    host: '127.0.0.1',
    ALPNProtocols: ['secure-chat/1'],
    rejectUnauthorized: false,
  });
  deaf.on('error', () => {});
  await new Promise((resolve) => deaf.once('secureConnect', resolve));
  deaf.pause();
  server.kill('SIGINT');
  await server.prints(/"closing"/, 'stderr');
  server.kill('SIGINT');
  t.match(await server.ended, 130);
  deaf.destroy();
});

t.test('the log is JSON, without codes and passwords', async (t) => {
  const served = await startServerProcess();
  t.teardown(() => served.close());
  const alice = served.connect(served.firstLink, 'alice', '--json');
  await alice.prints(online);
  alice.end();
  await alice.ended;
  served.server().kill('SIGTERM');
  await served.server().ended;
  const log = served.server().stderr();
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
  t.notMatch(log, served.firstLink.split('/').at(-1) ?? '', 'the invite is not in it');
  t.notMatch(log, /correct horse/);
});

t.test('invite without server data is an error', async (t) => {
  const { run, folder } = await homeOf(t);
  const made = run(['invite', '--data', join(folder, 'data')]);
  t.equal(await made.ended, 78);
  t.match(made.stderr(), /No server data/);
  t.equal(made.stdout(), '');
  for (const args of [
    ['--uses', '0'],
    ['--expires', 'soon'],
    ['--role', 'king'],
  ]) {
    t.equal(await run(['invite', '--data', folder, ...args]).ended, 64);
  }
});
