import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createCertificate } from '../../lib/trust/certificate.js';
import { dayMs } from '../../lib/trust/certificate-facts.js';
import { exportKey, generateKey, pinOf } from '../../lib/trust/key.js';
import { keyFileOf, loadKeyPair } from '../../lib/trust/key-pair.js';
import { needsOpenssl, openssl, someDay, temporaryFolder } from '../support/trust.js';

const key = await generateKey('ec');
const other = await generateKey('ec');
const now = someDay;

function certificateFor(of: KeyObject, days = 365): string {
  return createCertificate({ key: of, hosts: ['localhost', '::1'], days, now });
}

const pem = certificateFor(key);
const keyPem = exportKey(key);

interface Written {
  readonly folder: string;
  readonly cert: string;
  readonly keyFile: string;
}

/** A folder with the two texts in server.pem and server-key.pem (0600). */
function files(t: Test, cert: string, key?: string | Buffer): Written {
  const folder = temporaryFolder(t);
  const written = { folder, cert: join(folder, 'server.pem'), keyFile: join(folder, 'server-key.pem') };
  writeFileSync(written.cert, cert, { mode: 0o644 });
  if (key !== undefined) writeFileSync(written.keyFile, key, { mode: 0o600 });
  return written;
}

t.test('the key is found beside the certificate', async (t) => {
  const { cert, keyFile } = files(t, pem, keyPem);
  t.strictSame(await loadKeyPair({ cert, now }), {
    cert: pem,
    key: keyPem,
    pin: pinOf(key),
    validFrom: new Date(now - 60 * 60 * 1000),
    validTo: new Date(now + 365 * dayMs),
    hosts: ['localhost', '::1'],
    certFile: cert,
    keyFile,
  });
});

t.test("keyFileOf derives the key's file from the certificate's", async (t) => {
  t.equal(keyFileOf('certs/server.pem'), 'certs/server-key.pem');
  t.equal(keyFileOf('a.crt'), 'a-key.pem');
  t.equal(keyFileOf('a.pem.CER'), 'a.pem-key.pem');
  t.equal(keyFileOf('/x.d/fullchain'), '/x.d/fullchain-key.pem');
});

t.test('the key can be in a named file', async (t) => {
  const { cert, folder } = files(t, pem, exportKey(other));
  const elsewhere = join(folder, 'privkey.pem');
  writeFileSync(elsewhere, keyPem, { mode: 0o400 });
  t.match(await loadKeyPair({ cert, key: elsewhere, now }), { key: keyPem, keyFile: elsewhere });
});

t.test("the key can be inside the certificate's file", async (t) => {
  for (const text of [pem + keyPem, keyPem + pem]) {
    const { cert } = files(t, text);
    chmodSync(cert, 0o600);
    t.match(await loadKeyPair({ cert, now }), { cert: pem, key: keyPem, keyFile: cert });
    t.match(await loadKeyPair({ cert, key: cert, now }), { key: keyPem });
  }
});

t.test('a symbolic link to the key is followed', async (t) => {
  const { cert, folder, keyFile } = files(t, pem);
  writeFileSync(join(folder, 'real'), keyPem, { mode: 0o600 });
  symlinkSync('real', keyFile);
  t.match(await loadKeyPair({ cert, now }), { key: keyPem });
});

t.test('text around the PEM blocks and Windows line ends are ignored', async (t) => {
  const windows = (text: string) => `subject=/CN=x\n${text}trailing`.replaceAll('\n', '\r\n');
  const { cert } = files(t, windows(pem), windows(keyPem));
  t.equal((await loadKeyPair({ cert, now })).pin, pinOf(key));
});

t.test("a chain is kept, the server's own certificate first", async (t) => {
  const chain = pem + certificateFor(other);
  t.equal((await loadKeyPair({ cert: files(t, chain, keyPem).cert, now })).cert.match(/BEGIN/g)?.length, 2);
  const wrongOrder = files(t, certificateFor(other) + pem, keyPem);
  await t.rejects(loadKeyPair({ cert: wrongOrder.cert, now }), {
    name: 'CertificateError',
    code: 'mismatch',
    path: wrongOrder.cert,
  });
});

t.test('legacy PEM key formats are read', needsOpenssl, async (t) => {
  const parameters = openssl('ecparam', '-name', 'prime256v1');
  const sec1 = createPrivateKey(keyPem).export({ type: 'sec1', format: 'pem' });
  t.equal((await loadKeyPair({ cert: files(t, pem, parameters + sec1).cert, now })).pin, pinOf(key));
  const rsa = await generateKey('rsa');
  const pkcs1 = rsa.export({ type: 'pkcs1', format: 'pem' });
  t.equal((await loadKeyPair({ cert: files(t, certificateFor(rsa), pkcs1).cert, now })).pin, pinOf(rsa));
});

const asRoot = process.getuid?.() === 0 ? {} : { skip: 'only root can make such a file' };

t.test("a key that is a credential of systemd is read, another one of mode 0440 isn't", asRoot, async (t) => {
  const { cert, keyFile } = files(t, pem, keyPem);
  chmodSync(keyFile, 0o440);
  await loadKeyPair({ cert, now });
  chownSync(keyFile, 0, 1);
  await t.rejects(loadKeyPair({ cert, now }), { code: 'key-readable-by-others' });
});

for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o660]) {
  const name = mode.toString(8);
  t.test(`a key of mode ${name} is refused in either file`, async (t) => {
    const beside = files(t, pem, keyPem);
    chmodSync(beside.keyFile, mode);
    const refused = { name: 'CertificateError', code: 'key-readable-by-others' };
    await t.rejects(loadKeyPair({ cert: beside.cert, now }), {
      ...refused,
      path: beside.keyFile,
      message: `chmod 600 ${beside.keyFile}`,
    });
    await t.rejects(loadKeyPair({ cert: beside.cert, key: beside.keyFile, now }), refused);
    const inside = files(t, pem + keyPem);
    chmodSync(inside.cert, mode);
    await t.rejects(loadKeyPair({ cert: inside.cert, now }), { ...refused, path: inside.cert });
  });
}

t.test("a readable key in the certificate's file is refused even if another one is used", async (t) => {
  const { cert } = files(t, pem + keyPem, keyPem);
  await t.rejects(loadKeyPair({ cert, now }), { code: 'key-readable-by-others', path: cert });
});

t.test('a missing file is named', async (t) => {
  const { cert, keyFile, folder } = files(t, pem, keyPem);
  const none = join(folder, 'none.pem');
  await t.rejects(loadKeyPair({ cert: none, now }), { code: 'missing', path: none });
  await t.rejects(loadKeyPair({ cert: join(cert, 'x.pem'), now }), { code: 'missing' });
  await t.rejects(loadKeyPair({ cert, key: none, now }), { code: 'missing', path: none });
  unlinkSync(keyFile);
  await t.rejects(loadKeyPair({ cert, now }), { code: 'missing', path: keyFile });
});

t.test('anything but a regular file is unreadable', async (t) => {
  const { cert, folder } = files(t, pem);
  await t.rejects(loadKeyPair({ cert: folder, now }), { code: 'unreadable', path: folder });
  mkdirSync(keyFileOf(cert));
  await t.rejects(loadKeyPair({ cert, now }), { code: 'unreadable', path: keyFileOf(cert) });
});

t.test('a certificate is valid between its dates only', async (t) => {
  const { cert } = files(t, certificateFor(key, 10), keyPem);
  const end = now + 10 * dayMs;
  t.ok(await loadKeyPair({ cert, now: end - 1 }));
  await t.rejects(loadKeyPair({ cert, now: end }), { code: 'expired', path: cert });
  const start = now - 60 * 60 * 1000;
  t.ok(await loadKeyPair({ cert, now: start }));
  await t.rejects(loadKeyPair({ cert, now: start - 1 }), { code: 'not-yet-valid', path: cert });
});

t.test('a mismatched pair is refused', async (t) => {
  const { cert, keyFile } = files(t, pem, exportKey(other));
  await t.rejects(loadKeyPair({ cert, now }), { code: 'mismatch', path: keyFile });
});

t.test('a key with a passphrase is refused', async (t) => {
  const cipher = { cipher: 'aes-256-cbc', passphrase: 'hidden', format: 'pem' } as const;
  for (const type of ['pkcs8', 'sec1'] as const) {
    const { cert, keyFile } = files(t, pem, key.export({ type, ...cipher }));
    await t.rejects(loadKeyPair({ cert, now }), { code: 'encrypted-key', path: keyFile });
  }
});

t.test('damaged files are malformed', async (t) => {
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  const rows = [
    ['', keyPem, 'cert'],
    ['garbage', keyPem, 'cert'],
    [publicPem, keyPem, 'cert'],
    [pem.replace('-----END', '-----FIN'), keyPem, 'cert'],
    [pem.replace(/\n.{30}/, '\n'), keyPem, 'cert'],
    [`${pem}${' '.repeat(300_000)}`, keyPem, 'cert'],
    [pem, '', 'key'],
    [pem, 'garbage', 'key'],
    [pem, pem, 'key'],
    [pem, publicPem, 'key'],
    [pem, keyPem.replace(/\n.{30}/, '\n'), 'key'],
    [pem, Buffer.from(keyPem, 'utf16le'), 'key'],
  ] as const;
  for (const [certText, keyText, which] of rows) {
    const { cert, keyFile } = files(t, certText, keyText);
    await t.rejects(loadKeyPair({ cert, now }), {
      code: 'malformed',
      path: which === 'cert' ? cert : keyFile,
    });
  }
});

t.test('a damaged certificate anywhere in the chain is found at start', async (t) => {
  const { cert } = files(t, pem + certificateFor(other).replace(/\n.{30}/, '\n'), keyPem);
  await t.rejects(loadKeyPair({ cert, now }), { code: 'unsuitable', path: cert });
});

t.test('keys that TLS 1.3 does not support are unsuitable', async (t) => {
  for (const weak of [
    generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
  ]) {
    const { cert, keyFile } = files(t, certificateFor(weak), exportKey(weak));
    await t.rejects(loadKeyPair({ cert, now }), { code: 'unsuitable', path: keyFile });
  }
});

t.test('an Ed25519 pair is accepted', needsOpenssl, async (t) => {
  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  const { cert, keyFile } = files(t, '', exportKey(ed25519));
  openssl(
    'req',
    '-x509',
    '-key',
    keyFile,
    '-subj',
    '/CN=x',
    '-addext',
    'subjectAltName=DNS:x.example',
    '-out',
    cert,
  );
  const pair = await loadKeyPair({ cert, now: Date.now() + 1000 });
  t.equal(pair.pin, pinOf(ed25519));
  t.strictSame(pair.hosts, ['x.example']);
});

t.test('an error contains no key material', async (t) => {
  const secret = keyPem.split('\n')[1] ?? '';
  t.ok(secret.length > 40);
  for (const damaged of [keyPem.replace(/.{8}\n-----END/, '\n-----END'), keyPem.replace('BEGIN', 'BEGUN')]) {
    const { cert } = files(t, pem, damaged);
    const error = await loadKeyPair({ cert, now }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.type(error, Error);
    const { cause } = error as Error;
    const told = `${String(error)} ${String(cause)} ${JSON.stringify(cause ?? null)}`;
    t.notMatch(told, secret.slice(0, 20));
  }
});
