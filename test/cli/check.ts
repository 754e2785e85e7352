import { once } from 'node:events';
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { blobPath } from '../../lib/cli/archive.js';
import { renewKeyPair } from '../../lib/trust/renewal.js';
import { makeData } from '../support/data-folder.js';
import { openInlineStore } from '../support/inline-store.js';
import { get } from '../support/monitoring.js';
import { openCommandLine } from '../support/run-main.js';
import { runServer } from '../support/running-server.js';

interface Finding {
  readonly about: string;
  readonly state: string;
  readonly says: string;
}

async function checking(t: Test, data: string) {
  const commandLine = await openCommandLine(t);
  return async (env: Record<string, string> = {}, ...more: string[]) => {
    const { code, out, err } = await commandLine.run(['check', '--json', '--data', data, ...more], { env });
    const findings: Finding[] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const of = (about: string) => findings.filter((finding) => finding.about === about);
    return { code, err, findings, of };
  };
}

t.test('good data has no problems, and is not changed', async (t) => {
  const { data } = await makeData(t);
  const check = await checking(t, data);
  const before = await readFile(join(data, 'secure-chat.db'));
  const { code, findings, err } = await check();
  t.equal(code, 0, err);
  t.same(
    findings.map(({ about, state }) => `${about} ${state}`),
    ['server ok', 'settings ok', 'certificate ok', 'modes ok', 'disk ok', 'database ok', 'files ok'],
  );
  t.match(findings.at(-1)?.says, /^all 1 present$/);
  t.same(await readFile(join(data, 'secure-chat.db')), before);
});

t.test('--running only checks that a server runs and responds', async (t) => {
  const { data } = await makeData(t);
  const check = await checking(t, data);
  const none = await check({ SECURE_CHAT_PORT: '70000' }, '--running');
  t.match(none, { code: 69, findings: [{ about: 'server', state: 'problem', says: 'not running' }] });
});

t.test('--running is fine with a server', async (t) => {
  const { data } = await runServer(t);
  t.match(await (await checking(t, data))({}, '--running'), {
    code: 0,
    findings: [{ about: 'server', state: 'ok', says: 'running' }],
  });
});

t.test('--running warns when no one can sign in, as /readyz does', async (t) => {
  let lost = false;
  const { data, running } = await runServer(t, {
    metrics: { host: '127.0.0.1', port: 0 },
    async openStore(options) {
      const store = await openInlineStore(options);
      const hasAdmin = () => (lost ? Promise.reject(new Error('lost')) : store.hasAdmin());
      return { ...store, hasAdmin };
    },
  });
  lost = true;
  const says = 'running, but no one can sign in now (the database does not answer): see its log';
  const found = await (await checking(t, data))({}, '--running');
  t.match(found, { code: 0, findings: [{ about: 'server', state: 'warning', says }] });
  t.match(await get(running.metrics, '/readyz'), { status: 503, text: 'the database does not answer\n' });
  t.match(await get(running.metrics, '/healthz'), { status: 200 });
});

t.test('invalid settings are problems', async (t) => {
  const { data } = await makeData(t);
  const check = await checking(t, data);
  for (const [name, value] of Object.entries({
    PORT: '70000',
    REGISTRATION: 'maybe',
    KEEP: 'long',
    MAX_FILE: 'big',
    MAX_CLIENTS: '0',
    HOST: 'no spaces',
    PUBLIC_HOST: 'no spaces',
    MOTD: '/none',
  })) {
    const { code, of } = await check({ [`SECURE_CHAT_${name}`]: value });
    t.equal(code, 78, name);
    t.match(of('settings'), [{ state: 'problem', says: new RegExp(`^SECURE_CHAT_${name}: `) }], name);
  }
  const misspelt = await check({ SECURE_CHAT_PROT: '1' });
  t.equal(misspelt.code, 0);
  t.match(misspelt.of('settings'), [{ state: 'warning', says: /SECURE_CHAT_PROT/ }]);
  const password = await check({
    SECURE_CHAT_PASSWORD: 'hunter2',
    SECURE_CHAT_RATE: '5',
    SECURE_CHAT_NAME: 'ana',
  });
  t.match(password.of('settings'), [{ state: 'ok' }]);
  t.notMatch(JSON.stringify(password.findings), 'hunter2');
});

t.test('a certificate can be given, expire soon or be missing', async (t) => {
  const { home, data } = await makeData(t);
  const check = await checking(t, data);
  const [cert, key] = [join(home, 'fullchain.pem'), join(home, 'privkey.pem')];
  await copyFile(join(data, 'server.pem'), cert);
  await copyFile(join(data, 'server-key.pem'), key);
  t.match((await check({ SECURE_CHAT_CERT: cert, SECURE_CHAT_KEY: key })).of('certificate'), [
    { state: 'ok' },
  ]);
  t.match((await check({}, '--cert', cert, '--key', key)).of('certificate'), [{ state: 'ok' }]);
  await chmod(key, 0o644);
  const open = await check({}, '--cert', cert, '--key', key);
  t.equal(open.code, 78);
  t.match(open.of('certificate'), [{ state: 'problem', says: /chmod 600/ }]);
  const own = join(data, 'server.pem');
  await renewKeyPair({ cert: own, hosts: ['localhost'], days: 13, now: Date.now() });
  const soon = await check();
  t.equal(soon.code, 0);
  t.match(soon.of('certificate'), [{ state: 'warning', says: /: start the server, which renews it/ }]);
  const longAgo = Date.now() - 20 * 24 * 60 * 60_000;
  await renewKeyPair({ cert: own, hosts: ['localhost'], days: 13, now: longAgo });
  const late = await check();
  t.equal(late.code, 0, 'a server that starts renews it');
  t.match(late.of('certificate'), [{ state: 'warning', says: /: start the server, which renews it/ }]);
  t.notMatch(late.of('certificate'), [{ says: /gen-certs/ }]);
  const invite = await (await openCommandLine(t)).run(['invite', '--data', data]);
  t.match(invite, { code: 0, out: /^secure-chat:/ }, 'for the same key');
  await rm(own);
  t.match(await check(), { code: 78 });
});

t.test('for a running server, the certificate in use is checked', async (t) => {
  const { home, data: other } = await makeData(t);
  const [cert, key] = [join(home, 'fullchain.pem'), join(home, 'privkey.pem')];
  await copyFile(join(other, 'server.pem'), cert);
  await copyFile(join(other, 'server-key.pem'), key);
  const server = await runServer(t, { people: ['ada'], cert, key });
  const check = await checking(t, server.data);
  const first = await check();
  t.match(first.of('server'), [{ says: 'running' }]);
  t.match(first.of('certificate'), [{ state: 'ok' }], 'where no variable names it');
  const renewed = { cert: join(other, 'server.pem'), hosts: ['localhost'], days: 300, now: Date.now() };
  await renewKeyPair(renewed);
  await copyFile(renewed.cert, cert);
  t.match((await check()).of('certificate'), [{ state: 'warning', says: /SIGHUP/ }]);
  await server.running.reload();
  t.match((await check()).of('certificate'), [{ state: 'ok' }]);
});

t.test('each open mode has the command that closes it', async (t) => {
  const { data } = await makeData(t);
  const check = await checking(t, data);
  for (const [name, mode] of [
    ['.', 0o750],
    ['secure-chat.db', 0o640],
    ['secure-chat.db-lock', 0o644],
    ['files', 0o755],
    ['server-key.pem', 0o604],
  ] as const) {
    const { mode: before } = await stat(join(data, name));
    await chmod(join(data, name), mode);
    const { code, of } = await check();
    t.equal(code, 78, name);
    t.match(of('modes'), [{ state: 'problem', says: /chmod [67]00 / }], name);
    await chmod(join(data, name), before & 0o777);
  }
  // SQLite makes these with the database's mode of then, and may leave them.
  for (const name of ['secure-chat.db-shm', 'secure-chat.db-wal'])
    await chmod(join(data, name), 0o600).catch(() => {});
  t.match((await check()).code, 0);
});

t.test('a missing file is damage, an unused one is not', async (t) => {
  const { data, hash } = await makeData(t);
  const check = await checking(t, data);
  await mkdir(join(data, 'files', 'ab'), { recursive: true, mode: 0o700 });
  await writeFile(join(data, 'files', 'ab', 'c'.repeat(62)), 'x');
  const more = await check();
  t.equal(more.code, 0);
  t.match(more.of('files'), [{ state: 'ok', says: /all 1 present; 1 unused/ }]);
  await rm(join(data, blobPath(hash)));
  const less = await check();
  t.equal(less.code, 74);
  t.match(less.of('files'), [{ state: 'problem', says: /^1 of 1 missing/ }]);
});

t.test('a damaged database is damage, an older one is not', async (t) => {
  const { data } = await makeData(t);
  const check = await checking(t, data);
  const file = join(data, 'secure-chat.db');
  const bytes = await readFile(file);
  bytes.fill(0xff, 4096, 12_288);
  await writeFile(file, bytes);
  const damaged = await check();
  t.equal(damaged.code, 74);
  t.match(damaged.of('database'), [{ state: 'problem' }]);

  const old = await readFile(new URL('../../../test/fixtures/store-v1.db', import.meta.url));
  await writeFile(file, old);
  const older = await check();
  t.equal(older.code, 0);
  t.match(older.of('database'), [{ state: 'warning', says: /older version/ }]);
  t.same(await readFile(file), old);
});

t.test('leftovers of a killed backup are warnings', async (t) => {
  const { data } = await makeData(t);
  const check = await checking(t, data);
  await mkdir(join(data, '.backup-old'));
  t.match((await check()).of('server'), [{ state: 'ok' }], 'not one that may run');
  const before = new Date(Date.now() - 2 * 60 * 60_000);
  await utimes(join(data, '.backup-old'), before, before);
  const { code, of } = await check();
  t.equal(code, 0);
  t.match(of('server'), [{ state: 'ok' }, { state: 'warning', says: /\.backup-old/ }]);
});

t.test('a folder without data is a problem, and stays empty', async (t) => {
  const { home } = await makeData(t);
  const data = join(home, 'none');
  const { code, of } = await (await checking(t, data))();
  t.equal(code, 78);
  t.match(of('database'), [{ state: 'problem', says: /No server data/ }]);
  t.notOk((await readdir(home)).includes('none'));
  const elsewhere = await (await checking(t, '/'))();
  t.notMatch(JSON.stringify(elsewhere.findings), 'chmod', 'no advice about a folder that is not a server’s');
});

t.test('a server that does not respond is a problem', async (t) => {
  const { data } = await makeData(t);
  // It hangs up, which is the same answer as none after 30 s.
  const server = createServer((socket) => socket.destroy());
  server.listen(join(data, 'control.sock'));
  await once(server, 'listening');
  t.teardown(() => server.close());
  const check = await checking(t, data);
  const { code, of } = await check();
  t.equal(code, 69);
  t.match(of('server'), [{ state: 'problem', says: /does not respond/ }]);
  t.match(await check({}, '--running'), { code: 69, findings: [{ says: /does not respond/ }] });
  t.match(of('files'), [{ state: 'ok' }], 'the data is looked at all the same');
  const commandLine = await openCommandLine(t);
  t.match(await commandLine.run(['user', 'list', '--data', data]), { code: 69, err: /before it answered/ });
});
