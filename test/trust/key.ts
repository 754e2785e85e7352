import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { exportKey, generateKey, kindOf, tlsProblem } from '../../lib/trust/key.js';

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
