import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import t from 'tap';
import { type KeyKind, pinOf } from '../../lib/trust/key.js';
import { type KeyPair, loadKeyPair } from '../../lib/trust/key-pair.js';
import { ensureKeyPair, renewKeyPair } from '../../lib/trust/renewal.js';
import { day, someDay, temporaryFolder } from '../support/trust.js';

const hosts = ['localhost', '127.0.0.1'];
const now = someDay;
const root = process.getuid?.() === 0;

function mode(path: string): number {
  return statSync(path).mode & 0o777;
}

t.test('the first pair is created together with its folder', async (t) => {
  const folder = join(temporaryFolder(t), 'a', 'certs');
  const cert = join(folder, 'server.pem');
  const renewed = await renewKeyPair({ cert, hosts, days: 90, now });
  t.match(renewed, { isNewKey: true, hosts, certFile: cert, keyFile: join(folder, 'server-key.pem') });
  t.equal(renewed.validTo.getTime(), now + 90 * day);
  t.strictSame(readdirSync(folder).sort(), ['server-key.pem', 'server.pem']);
  t.equal(mode(renewed.keyFile), 0o600);
  t.equal(mode(folder), 0o700);
  t.equal(readFileSync(cert, 'utf8'), renewed.cert);
  t.strictSame({ ...(await loadKeyPair({ cert, now })), isNewKey: true }, renewed);
});

t.test('file modes are right under any umask', async (t) => {
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  const renewed = await renewKeyPair({ cert: join(temporaryFolder(t), 'server.pem'), hosts, days: 1, now });
  t.equal(mode(renewed.keyFile), 0o600);
  t.equal(mode(renewed.certFile), 0o644);
});

t.test('a renewal keeps the key and the pin', async (t) => {
  const cert = join(temporaryFolder(t), 'server.pem');
  const first = await renewKeyPair({ cert, hosts, days: 10, now });
  const keyStatus = statSync(first.keyFile);
  const second = await renewKeyPair({ cert, hosts: ['b.example'], days: 20, now: now + 30 * day });
  t.match(second, { isNewKey: false, pin: first.pin, key: first.key, hosts: ['b.example'] });
  t.not(second.cert, first.cert);
  t.equal(statSync(first.keyFile).mtimeMs, keyStatus.mtimeMs, 'the key file is not touched');
});

t.test('newKey replaces the key', async (t) => {
  const cert = join(temporaryFolder(t), 'server.pem');
  const first = await renewKeyPair({ cert, hosts, days: 10, now });
  const second = await renewKeyPair({ cert, hosts, days: 10, now, newKey: true });
  t.ok(second.isNewKey);
  t.not(second.pin, first.pin);
});

t.test('a key of another kind is never replaced without newKey', async (t) => {
  const cert = join(temporaryFolder(t), 'server.pem');
  const first = await renewKeyPair({ cert, hosts, days: 10, now });
  const wanted = { cert, hosts, days: 10, now, kind: 'rsa' } as const;
  await t.rejects(renewKeyPair(wanted), {
    name: 'CertificateError',
    code: 'other-kind',
    path: first.keyFile,
  });
  t.equal((await loadKeyPair({ cert, now })).pin, first.pin);
  const rsa = await renewKeyPair({ ...wanted, newKey: true });
  t.match(await renewKeyPair({ ...wanted, kind: undefined }), { pin: rsa.pin, isNewKey: false });
  await t.rejects(renewKeyPair({ ...wanted, kind: 'ec' }), { code: 'other-kind' });
});

t.test("a key inside the certificate's file is kept and moves to its own file", async (t) => {
  const folder = temporaryFolder(t);
  const cert = join(folder, 'server.pem');
  const { cert: pem, key, keyFile, pin } = await renewKeyPair({ cert, hosts, days: 10, now });
  unlinkSync(keyFile);
  unlinkSync(cert);
  writeFileSync(cert, pem + key, { mode: 0o600 });
  t.match(await renewKeyPair({ cert, hosts, days: 10, now }), { pin, keyFile, isNewKey: false });
  t.notMatch(readFileSync(cert, 'utf8'), /PRIVATE KEY/);
  t.equal(mode(keyFile), 0o600);
});

t.test('a key that others can read can only be replaced', async (t) => {
  const cert = join(temporaryFolder(t), 'server.pem');
  const { keyFile } = await renewKeyPair({ cert, hosts, days: 10, now });
  chmodSync(keyFile, 0o644);
  await t.rejects(renewKeyPair({ cert, hosts, days: 10, now }), { code: 'key-readable-by-others' });
  const replaced = await renewKeyPair({ cert, hosts, days: 10, now, newKey: true });
  t.ok(replaced.isNewKey);
  t.equal(mode(keyFile), 0o600);
});

t.test('invalid hosts or days write nothing', async (t) => {
  const folder = temporaryFolder(t);
  const cert = join(folder, 'server.pem');
  await t.rejects(renewKeyPair({ cert, hosts: ['a b'], days: 10, now }), { name: 'RangeError' });
  await t.rejects(renewKeyPair({ cert, hosts, days: 0, now }), { name: 'RangeError' });
  t.strictSame(readdirSync(folder), []);
});

t.test('a path that cannot be written is named', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const cert = join(folder, 'file', 'certs', 'server.pem');
  await t.rejects(renewKeyPair({ cert, hosts, days: 10, now }), { code: 'not-written' });
});

t.test('a folder without write permission is named', { skip: root && 'root may write' }, async (t) => {
  const folder = join(temporaryFolder(t), 'closed');
  mkdirSync(folder, { mode: 0o500 });
  const cert = join(folder, 'server.pem');
  await t.rejects(renewKeyPair({ cert, hosts, days: 10, now }), { code: 'not-written' });
});

t.test('ensureKeyPair creates a pair once', async (t) => {
  const folder = join(temporaryFolder(t), 'data');
  const first = await ensureKeyPair({ folder, hosts, now });
  t.equal(first.certFile, join(folder, 'server.pem'));
  t.equal(first.validTo.getTime(), now + 365 * day);
  t.strictSame(await ensureKeyPair({ folder, hosts, now: now + day }), first);
});

t.test('ensureKeyPair renews in the last 30 days with the same key', async (t) => {
  const folder = temporaryFolder(t);
  const { cert, pin } = await ensureKeyPair({ folder, hosts, now });
  t.equal((await ensureKeyPair({ folder, hosts, now: now + 335 * day })).cert, cert, 'not with 30 days left');
  const renewed = await ensureKeyPair({ folder, hosts, now: now + 335 * day + 1 });
  t.not(renewed.cert, cert);
  t.equal(renewed.pin, pin);
  const late = await ensureKeyPair({ folder, hosts, now: now + 3000 * day });
  t.match(late, { pin });
  t.equal(late.validTo.getTime(), now + 3365 * day, 'also long after it expired');
});

t.test('ensureKeyPair renews a certificate without the public host with the same key', async (t) => {
  const folder = temporaryFolder(t);
  const { pin } = await ensureKeyPair({ folder, hosts, now });
  for (const publicHost of ['chat.example', '2001:db8::7']) {
    const renewed = await ensureKeyPair({ folder, hosts, publicHost, now });
    t.match(renewed, { pin, hosts: [...hosts, publicHost] });
    t.strictSame(await ensureKeyPair({ folder, hosts, publicHost, now: now + day }), renewed, 'once');
  }
});

t.test('a certificate that is not valid yet is renewed', async (t) => {
  const folder = temporaryFolder(t);
  const { pin } = await ensureKeyPair({ folder, hosts, now: now + 1000 * day });
  const renewed = await ensureKeyPair({ folder, hosts, now });
  t.equal(renewed.pin, pin);
  t.equal(renewed.validTo.getTime(), now + 365 * day);
});

t.test('a lost certificate is recreated for the same key', async (t) => {
  const folder = temporaryFolder(t);
  const { certFile, pin } = await ensureKeyPair({ folder, hosts, now });
  unlinkSync(certFile);
  t.equal((await ensureKeyPair({ folder, hosts, now })).pin, pin);
});

t.test('a lost key is an error, not a new key', async (t) => {
  const folder = temporaryFolder(t);
  const { keyFile } = await ensureKeyPair({ folder, hosts, now });
  unlinkSync(keyFile);
  await t.rejects(ensureKeyPair({ folder, hosts, now }), {
    code: 'missing',
    path: keyFile,
    message: /backup/,
  });
  t.notOk(existsSync(keyFile));
});

t.test('a damaged pair, a wrong key and a readable key are errors', async (t) => {
  const folder = temporaryFolder(t);
  const { certFile, keyFile, key } = await ensureKeyPair({ folder, hosts, now });
  chmodSync(keyFile, 0o640);
  await t.rejects(ensureKeyPair({ folder, hosts, now }), { code: 'key-readable-by-others' });
  chmodSync(keyFile, 0o600);
  const strange = await ensureKeyPair({ folder: join(folder, 'other'), hosts, now });
  writeFileSync(keyFile, strange.key);
  await t.rejects(ensureKeyPair({ folder, hosts, now }), { code: 'mismatch', path: keyFile });
  writeFileSync(keyFile, 'garbage');
  await t.rejects(ensureKeyPair({ folder, hosts, now }), { code: 'malformed', path: keyFile });
  writeFileSync(keyFile, key);
  writeFileSync(certFile, 'garbage');
  await t.rejects(ensureKeyPair({ folder, hosts, now }), {
    code: 'malformed',
    path: certFile,
    message: /[Rr]emove it/,
  });
});

interface Handshake {
  readonly protocol: string | null;
  readonly authorized: boolean;
  readonly pin: string;
}

/** One TLS 1.3 connection to a server with this pair, whose client takes this certificate as its authority. */
function handshake(pair: KeyPair, authority: string | undefined): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const server = createServer({ cert: pair.cert, key: pair.key, minVersion: 'TLSv1.3' });
    server.on('tlsClientError', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const options = { host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false };
      const socket: TLSSocket = connect(authority === undefined ? options : { ...options, ca: authority });
      socket.on('error', reject);
      socket.on('secureConnect', () => {
        const certificate = socket.getPeerX509Certificate();
        resolve({
          protocol: socket.getProtocol(),
          authorized: socket.authorized,
          pin: certificate === undefined ? '' : pinOf(certificate),
        });
        socket.destroy();
        server.close();
      });
    });
  });
}

for (const kind of ['ec', 'rsa'] satisfies KeyKind[]) {
  t.test(`a TLS 1.3 handshake with an ${kind} key has the pin`, async (t) => {
    const cert = join(temporaryFolder(t), 'server.pem');
    const pair = await renewKeyPair({ cert, hosts, days: 10, now: Date.now(), kind });
    const { pin } = pair;
    t.strictSame(await handshake(pair, undefined), { protocol: 'TLSv1.3', authorized: false, pin });
    t.strictSame(await handshake(pair, pair.cert), { protocol: 'TLSv1.3', authorized: true, pin });
    const renewed = await renewKeyPair({ cert, hosts, days: 20, now: Date.now() });
    t.strictSame(await handshake(renewed, renewed.cert), { protocol: 'TLSv1.3', authorized: true, pin });
    const expired = await renewKeyPair({ cert, hosts, days: 1, now: Date.now() - 10 * day });
    t.strictSame(await handshake(expired, expired.cert), { protocol: 'TLSv1.3', authorized: false, pin });
  });
}
