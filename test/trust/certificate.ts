import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createCertificate } from '../../lib/trust/certificate.js';
import { dayMs, readCertificate } from '../../lib/trust/certificate-facts.js';
import { generateKey, pinOf } from '../../lib/trust/key.js';
import { needsOpenssl, openssl, someDay, temporaryFolder } from '../support/trust.js';

const keys = { ec: await generateKey('ec'), rsa: await generateKey('rsa') };
const hosts = ['chat.example', 'localhost', '127.0.0.1', '::1', '2001:db8::8:800:200c:417a', '1::'];
const request = { key: keys.ec, hosts, days: 365, now: someDay };

for (const kind of ['ec', 'rsa'] as const) {
  t.test(`an ${kind} certificate has the requested fields`, async (t) => {
    const certificate = new X509Certificate(createCertificate({ ...request, key: keys[kind] }));
    t.ok(certificate.checkPrivateKey(keys[kind]));
    t.ok(certificate.verify(certificate.publicKey), 'is self-signed');
    t.notOk(certificate.ca);
    t.equal(certificate.subject, 'CN=chat.example');
    t.equal(certificate.issuer, certificate.subject);
    t.strictSame(readCertificate(certificate), {
      pin: pinOf(keys[kind]),
      validFrom: new Date(someDay - 60 * 60 * 1000),
      validTo: new Date(someDay + 365 * dayMs),
      hosts,
    });
    for (const host of hosts.slice(0, 2)) t.equal(certificate.checkHost(host), host);
    for (const ip of hosts.slice(2)) t.ok(certificate.checkIP(ip), ip);
    t.notOk(certificate.checkHost('other.example'));
    t.notOk(certificate.checkIP('127.0.0.2'));
  });

  t.test(`openssl verifies an ${kind} certificate strictly and for servers only`, needsOpenssl, async (t) => {
    const file = inFile(t, createCertificate({ ...request, key: keys[kind], now: Date.now() }));
    t.match(openssl('verify', '-CAfile', file, file), /: OK/);
    t.match(openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', file, file), /: OK/);
    t.throws(() => openssl('verify', '-purpose', 'sslclient', '-CAfile', file, file));
  });

  t.test(`openssl shows the extensions of an ${kind} certificate`, needsOpenssl, async (t) => {
    const file = inFile(t, createCertificate({ ...request, key: keys[kind] }));
    const text = openssl('x509', '-in', file, '-noout', '-text');
    t.match(text, /Version: 3 \(0x2\)/);
    t.match(text, /Basic Constraints: critical\n\s+CA:FALSE/);
    t.match(text, /Extended Key Usage:\s*\n\s+TLS Web Server Authentication\n/);
    const usage = kind === 'ec' ? 'Digital Signature' : 'Digital Signature, Key Encipherment';
    t.match(text, new RegExp(`Key Usage: critical\\n\\s+${usage}\\n`));
    t.match(text, kind === 'ec' ? /Signature Algorithm: ecdsa-with-SHA256/ : /sha256WithRSAEncryption/);
    t.match(text, kind === 'ec' ? /NIST CURVE: P-256/ : /Public-Key: \(2048 bit\)/);
    t.match(text, /DNS:chat.example, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1/);
    t.match(text, /IP Address:2001:DB8:0:0:8:800:200C:417A, IP Address:1:0:0:0:0:0:0:0/);
    const digits = Buffer.from(pinOf(keys[kind]), 'base64url').toString('hex').toUpperCase();
    t.match(text, `Subject Key Identifier: \n                ${digits.match(/../g)?.join(':')}\n`);
  });
}

t.test('serial numbers are positive, unique and have 128 bits', async (t) => {
  const serials = Array.from(
    { length: 50 },
    () => new X509Certificate(createCertificate(request)).serialNumber,
  );
  t.equal(new Set(serials).size, 50);
  for (const serial of serials) t.match(serial, /^[4-7][0-9A-F]{31}$/);
});

t.test('dates are UTCTime through 2049 and GeneralizedTime from 2050 on', needsOpenssl, async (t) => {
  const now = Date.UTC(2049, 11, 31, 23, 59, 59);
  const pem = createCertificate({ ...request, days: 1, now });
  const facts = readCertificate(new X509Certificate(pem));
  t.equal(facts.validTo.toISOString(), '2050-01-01T23:59:59.000Z');
  const lines = openssl('asn1parse', '-in', inFile(t, pem));
  t.match(lines, /UTCTIME\s+:491231225959Z/);
  t.match(lines, /GENERALIZEDTIME\s+:20500101235959Z/);

  const before = createCertificate({ ...request, days: 1, now: now - dayMs });
  t.notMatch(openssl('asn1parse', '-in', inFile(t, before)), /GENERALIZEDTIME/);
  const after = createCertificate({ ...request, days: 3650, now: Date.UTC(2051, 0, 1) });
  t.notMatch(openssl('asn1parse', '-in', inFile(t, after)), /UTCTIME/);
  t.equal(readCertificate(new X509Certificate(after)).validTo.toISOString(), '2060-12-29T00:00:00.000Z');
});

t.test('a host too long for a common name is only an alternative name', async (t) => {
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`;
  const first = new X509Certificate(createCertificate({ ...request, hosts: [long, 'short'] }));
  t.equal(first.subject, 'CN=short');
  t.equal(first.checkHost(long), long);
  t.equal(new X509Certificate(createCertificate({ ...request, hosts: [long] })).subject, 'CN=secure-chat');
});

t.test('hosts are canonical', async (t) => {
  const certificate = new X509Certificate(
    createCertificate({ ...request, hosts: ['Chat.EXAMPLE.', '[0::1]'] }),
  );
  t.strictSame(readCertificate(certificate).hosts, ['chat.example', '::1']);
  t.equal(certificate.subject, 'CN=chat.example');
});

t.test('P-384 and P-521 keys are supported', async (t) => {
  for (const namedCurve of ['P-384', 'P-521']) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve });
    const certificate = new X509Certificate(createCertificate({ ...request, key: privateKey }));
    t.ok(certificate.verify(certificate.publicKey));
  }
});

t.test('invalid requests throw a RangeError', async (t) => {
  const ed25519: KeyObject = generateKeyPairSync('ed25519').privateKey;
  for (const wrong of [
    { days: 0 },
    { days: 3651 },
    { days: 1.5 },
    { days: Number.NaN },
    { hosts: [] },
    { hosts: ['ok', 'not ok'] },
    { hosts: ['fe80::1%eth0'] },
    { hosts: ['a,DNS:b'] },
    { key: ed25519 },
  ]) {
    t.throws(() => createCertificate({ ...request, ...wrong }), { name: 'RangeError' });
  }
});

t.test('invalid names in foreign certificates are skipped', async (t) => {
  const subjectAltName =
    'DNS:a.example, DNS:"evil, DNS:b.example", URI:http://c.example, DNS:*.d.example, IP Address:0:0:0:0:0:0:0:1';
  const certificate = new X509Certificate(createCertificate(request));
  const forged = new Proxy(certificate, {
    get: (target, name) => (name === 'subjectAltName' ? subjectAltName : Reflect.get(target, name, target)),
  });
  t.strictSame(readCertificate(forged).hosts, ['a.example', '::1']);
});

function inFile(t: Parameters<typeof temporaryFolder>[0], pem: string): string {
  const file = join(temporaryFolder(t), 'certificate.pem');
  writeFileSync(file, pem);
  return file;
}
