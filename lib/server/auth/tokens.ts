/** Random tokens and codes. The server shows each one once and stores only its hash. */
import { createHash, randomBytes, randomInt } from 'node:crypto';

interface Token {
  /** For the user. */
  readonly text: string;
  /** SHA-256 of the text, for the store. 125 random bits or more need no slow hash. */
  readonly hash: Uint8Array;
}

export function hashToken(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

function newRandomToken(bytes: number, prefix = ''): Token {
  const text = prefix + randomBytes(bytes).toString('base64url');
  return { text, hash: hashToken(text) };
}

/** Resumes a session or opens a file connection: 32 random bytes, 43 characters. */
export const newToken = (): Token => newRandomToken(32);

const resetPrefix = 'r-';

/** Part of a reset link: 24 characters, two more than an invite code, which can begin like it. */
export const newResetCode = (): Token => newRandomToken(16, resetPrefix);

/** Part of a join link: 16 random bytes, 22 characters. */
export const newInviteCode = (): Token => newRandomToken(16);

// Crockford's base 32: no characters that look alike.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** For people to write down: five groups of five of 32 characters, 125 random bits. */
export function newRecoveryCode(): Token {
  const group = () => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  const text = Array.from({ length: 5 }, group).join('-');
  return { text, hash: hashRecoveryCode(text) };
}

/** Hashes a recovery code as typed, or the code of a reset link. */
export function hashRecoveryCode(typed: string): Uint8Array {
  if (typed.startsWith(resetPrefix)) return hashToken(typed);
  const normalized = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return hashToken(normalized);
}
