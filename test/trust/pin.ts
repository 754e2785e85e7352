import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import t from 'tap';
import { createCertificate } from '../../lib/trust/certificate.js';
import { formatPin, isPin, pinOf } from '../../lib/trust/pin.js';
import { someDay } from '../support/trust.js';

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

t.test('a key, its private half, its SPKI and its certificates have one pin', async (t) => {
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

t.test('the form for reading aloud is all of it in hexadecimal groups of four', async (t) => {
  const pin = pinOf(publicKey);
  const [first = '', second = '', ...more] = formatPin(pin).split('\n');
  t.same(more, []);
  t.match(first, /^[0-9a-f]{4}( [0-9a-f]{4}){7}$/);
  const hex = (first + second).replaceAll(' ', '');
  t.equal(Buffer.from(hex, 'hex').toString('base64url'), pin);
  t.throws(() => formatPin('short'), { name: 'RangeError' });
});
