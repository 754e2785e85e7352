/** Secrets that a server hands out once and keeps only as hashes: tokens and codes. */
import { createHash, randomBytes, randomInt } from 'node:crypto';

export interface Secret {
  /** What the person gets. */
  readonly text: string;
  /** SHA-256 of it, which is all that is kept. 256 or 128 random bits need no slow hash. */
  readonly hash: Uint8Array;
}

export function hashSecret(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

function newSecret(bytes: number): Secret {
  const text = randomBytes(bytes).toString('base64url');
  return { text, hash: hashSecret(text) };
}

/** Continues a session: 32 random bytes, 43 characters. */
export const newToken = (): Secret => newSecret(32);

/** Part of a join link: 16 random bytes, 22 characters. */
export const newInviteCode = (): Secret => newSecret(16);

/** Part of a reset link, 24 characters: two more than any invite, which can begin like it. */
export function newResetCode(): Secret {
  const text = `r-${randomBytes(16).toString('base64url')}`;
  return { text, hash: hashSecret(text) };
}

// Crockford's base 32: nothing in it is read as something else.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Written down by a person: five groups of five of 32 characters, 125 random bits. */
export function newRecoveryCode(): Secret {
  const group = () => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  const text = Array.from({ length: 5 }, group).join('-');
  return { text, hash: hashRecovery(text) };
}

/** Of a recovery code as it was typed, or of a reset code as it came in a link. */
export function hashRecovery(typed: string): Uint8Array {
  if (typed.startsWith('r-')) return hashSecret(typed);
  const plain = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return hashSecret(plain);
}
