/** Secrets that a server hands out once and keeps only as hashes: session tokens and invite codes. */
import { createHash, randomBytes } from 'node:crypto';

export interface Secret {
  /** What the person gets, base64url. */
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
