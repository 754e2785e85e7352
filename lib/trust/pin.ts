/** The pin of a server: the SHA-256 of its public key. Knows keys, not where pins are kept. */
import { createHash, createPublicKey, KeyObject, X509Certificate } from 'node:crypto';

/**
 * SHA-256 of the DER-encoded SubjectPublicKeyInfo (RFC 5280 section 4.1), base64url without padding: 43
 * characters. The same for every certificate of one key; a private key has the pin of its public half.
 */
export function pinOf(source: Uint8Array | X509Certificate | KeyObject): string {
  return createHash('sha256').update(spkiOf(source)).digest('base64url');
}

/** DER of the SubjectPublicKeyInfo of a key or a certificate. */
export function spkiOf(source: Uint8Array | X509Certificate | KeyObject): Uint8Array {
  if (source instanceof X509Certificate) return source.publicKey.export({ type: 'spki', format: 'der' });
  if (source instanceof KeyObject) {
    const key = source.type === 'private' ? createPublicKey(source) : source;
    return key.export({ type: 'spki', format: 'der' });
  }
  return source;
}

export function isPin(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

/**
 * A pin to be read aloud and compared: hexadecimal in groups of four, two lines of 39 columns. The digits are
 * those that `openssl x509 -text` shows as Subject Key Identifier of a certificate made here.
 * @throws RangeError for what is not a pin
 */
export function formatPin(pin: string): string {
  if (!isPin(pin)) throw new RangeError('a pin has 43 base64url characters');
  const groups = Buffer.from(pin, 'base64url').toString('hex').match(/.{4}/g) ?? [];
  return `${groups.slice(0, 8).join(' ')}\n${groups.slice(8).join(' ')}`;
}

export interface Evidence {
  /** Pin of the key that the server showed. */
  readonly presented: string;
  /** A certificate authority of this system vouches for it under the host name asked for. */
  readonly authorized: boolean;
  readonly linkPin?: string | undefined;
  readonly knownPin?: string | undefined;
}

export type Verdict =
  | { readonly verdict: 'trusted'; readonly by: 'link' | 'known-hosts' | 'authority' }
  /** Somebody else answers, or the server has a new key: a hard stop. */
  | { readonly verdict: 'changed'; readonly expected: string; readonly by: 'link' | 'known-hosts' }
  /** Nothing speaks for or against it: a person decides. */
  | { readonly verdict: 'unknown' };

/** The strongest evidence at hand decides alone: a pin is never outvoted by an authority. */
export function judge({ presented, authorized, linkPin, knownPin }: Evidence): Verdict {
  if (linkPin !== undefined) return compare(presented, linkPin, 'link');
  if (knownPin !== undefined) return compare(presented, knownPin, 'known-hosts');
  if (authorized) return { verdict: 'trusted', by: 'authority' };
  return { verdict: 'unknown' };
}

function compare(presented: string, expected: string, by: 'link' | 'known-hosts'): Verdict {
  return presented === expected ? { verdict: 'trusted', by } : { verdict: 'changed', expected, by };
}
