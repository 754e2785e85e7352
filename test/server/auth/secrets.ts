import { createHash } from 'node:crypto';
import t from 'tap';
import { hashSecret, newInviteCode, newToken } from '../../../lib/server/auth/secrets.js';

t.test('a token is 32 random bytes and an invite code 16, both base64url', async (t) => {
  t.match(newToken().text, /^[\w-]{43}$/);
  t.match(newInviteCode().text, /^[\w-]{22}$/);
  t.equal(Buffer.from(newToken().text, 'base64url').length, 32);
  t.equal(Buffer.from(newInviteCode().text, 'base64url').length, 16);
});

t.test('what is kept is the SHA-256 of what the person types', async (t) => {
  for (const { text, hash } of [newToken(), newInviteCode()]) {
    t.same(Buffer.from(hash), createHash('sha256').update(text, 'utf8').digest());
    t.same(hashSecret(text), hash);
  }
});

t.test('no two are the same', async (t) => {
  const texts = new Set(Array.from({ length: 1000 }, () => newInviteCode().text));
  t.equal(texts.size, 1000);
});
