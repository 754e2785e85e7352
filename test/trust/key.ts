import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import t from 'tap';
import { createCertificate } from '../../lib/trust/certificate.js';
import {
  exportKey,
  formatPin,
  generateKey,
  isPin,
  judgeKey,
  kindOf,
  pinOf,
  tlsProblem,
} from '../../lib/trust/key.js';
import { someDay } from '../support/trust.js';

t.test('generated keys are P-256 or RSA-2048', async (t) => {
  const ec = await generateKey('ec');
  t.equal(ec.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  t.equal(kindOf(ec), 'ec');
  const rsa = await generateKey('rsa');
  t.equal(rsa.asymmetricKeyDetails?.modulusLength, 2048);
  t.equal(kindOf(rsa), 'rsa');
  for (const key of [ec, rsa]) {
    t.equal(tlsProblem(key), undefined);
    t.ok(createPrivateKey(exportKey(key)).equals(key));
  }
});

t.test('other keys that TLS 1.3 supports are accepted', async (t) => {
  for (const key of [
    generateKeyPairSync('ed25519').privateKey,
    generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
    generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  ]) {
    t.equal(tlsProblem(key), undefined);
  }
  t.equal(kindOf(generateKeyPairSync('ed25519').privateKey), undefined);
});

t.test('keys that TLS 1.3 does not support have a problem', async (t) => {
  for (const key of [
    generateKeyPairSync('x25519').privateKey,
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
    generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
    generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey,
  ]) {
    t.type(tlsProblem(key), 'string');
  }
});

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

t.test('a pin is the SHA-256 of the SPKI in base64url', async (t) => {
  // `openssl pkey -pubin -outform der | openssl dgst -sha256` of the key of RFC 8032 section 7.1, test 1.
  const spki = Buffer.from(
    '302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    'hex',
  );
  t.equal(pinOf(spki), pinOf(createPublicKey({ key: spki, format: 'der', type: 'spki' })));
  t.equal(pinOf(spki), 'BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k');
});

t.test('a public key, its private key, its SPKI and its certificates have the same pin', async (t) => {
  const pem = createCertificate({ key: privateKey, hosts: ['localhost'], days: 1, now: someDay });
  const pin = pinOf(publicKey);
  t.equal(pinOf(privateKey), pin);
  t.equal(pinOf(publicKey.export({ type: 'spki', format: 'der' })), pin);
  t.equal(pinOf(new X509Certificate(pem)), pin);
  t.ok(isPin(pin));
});

t.test('another key has another pin', async (t) => {
  t.not(pinOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey), pinOf(publicKey));
});

t.test('a pin has exactly 43 base64url characters', async (t) => {
  t.ok(isPin(`${'aZ9-_'.repeat(8)}abc`));
  for (const text of ['', 'a'.repeat(42), 'a'.repeat(44), `${'a'.repeat(42)}=`, `${'a'.repeat(42)}+`]) {
    t.notOk(isPin(text), text);
  }
  t.notOk(isPin(`${'a'.repeat(43)}\n`));
});

t.test('formatPin writes the whole pin in hexadecimal groups of four', async (t) => {
  const pin = pinOf(publicKey);
  const [first = '', second = '', ...more] = formatPin(pin).split('\n');
  t.same(more, []);
  t.match(first, /^[0-9a-f]{4}( [0-9a-f]{4}){7}$/);
  const hex = (first + second).replaceAll(' ', '');
  t.equal(Buffer.from(hex, 'hex').toString('base64url'), pin);
  t.throws(() => formatPin('short'), { name: 'RangeError' });
});

const right = 'R'.repeat(43);
const wrong = 'W'.repeat(43);

// Every combination of a link's pin, a known pin and a certificate authority; the server has the pin `right`.
const rows = [
  [right, undefined, false, 'trusted by link'],
  [right, undefined, true, 'trusted by link'],
  [right, right, false, 'trusted by link'],
  [right, wrong, false, 'replaced'],
  [right, wrong, true, 'replaced'],
  [right, right, true, 'trusted by link'],
  [wrong, undefined, false, 'changed by link'],
  [wrong, undefined, true, 'changed by link'],
  [wrong, right, false, 'changed by link'],
  [wrong, right, true, 'changed by link'],
  [wrong, wrong, false, 'changed by link'],
  [wrong, wrong, true, 'changed by link'],
  [undefined, right, false, 'trusted by known-hosts'],
  [undefined, right, true, 'trusted by known-hosts'],
  [undefined, wrong, false, 'changed by known-hosts'],
  [undefined, wrong, true, 'changed by known-hosts'],
  [undefined, undefined, true, 'trusted by authority'],
  [undefined, undefined, false, 'unknown'],
] as const;

for (const [linkPin, knownPin, authorized, expected] of rows) {
  const name = (pin?: string) => (pin === undefined ? 'none' : pin === right ? 'right' : 'wrong');
  const evidence = `link ${name(linkPin)}, known ${name(knownPin)}, authority ${authorized}`;
  t.test(`${evidence}: ${expected}`, async (t) => {
    const verdict = judgeKey({ presented: right, authorized, linkPin, knownPin });
    t.equal('by' in verdict ? `${verdict.verdict} by ${verdict.by}` : verdict.verdict, expected);
    if (verdict.verdict === 'replaced') t.equal(verdict.known, wrong);
    if (verdict.verdict === 'changed') t.equal(verdict.expected, wrong);
  });
}

t.test('an empty pin counts as a pin and matches nothing', async (t) => {
  t.match(judgeKey({ presented: right, authorized: true, linkPin: '' }), { verdict: 'changed', by: 'link' });
  t.match(judgeKey({ presented: right, authorized: true, knownPin: '' }), { verdict: 'changed' });
});
