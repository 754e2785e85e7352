import { createHash } from 'node:crypto';
import t from 'tap';
import { hashToken, newInviteCode, newToken } from '../../../lib/server/auth/tokens.js';

t.test('a token is 32 random bytes and an invite code 16, both base64url', async (t) => {
  t.match(newToken().text, /^[\w-]{43}$/);
  t.match(newInviteCode().text, /^[\w-]{22}$/);
  t.equal(Buffer.from(newToken().text, 'base64url').length, 32);
  t.equal(Buffer.from(newInviteCode().text, 'base64url').length, 16);
});

t.test('the hash is the SHA-256 of the text', async (t) => {
  for (const { text, hash } of [newToken(), newInviteCode()]) {
    t.same(Buffer.from(hash), createHash('sha256').update(text, 'utf8').digest());
    t.same(hashToken(text), hash);
  }
});

t.test('codes are unique', async (t) => {
  const texts = new Set(Array.from({ length: 1000 }, () => newInviteCode().text));
  t.equal(texts.size, 1000);
});
