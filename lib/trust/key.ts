/**
 * Server keys: made, exported, judged for TLS 1.3, and known to clients by their pin, the SHA-256 of the public key. Does not
 * know where keys or pins are stored.
 */
import { createHash, createPublicKey, generateKeyPair, KeyObject, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';

/** P-256, which halves the work of a handshake, or RSA-2048 for old tools. */
export type KeyKind = 'ec' | 'rsa';

const generate = promisify(generateKeyPair);
const rsaBits = 2048;
// The curves with TLS 1.3 signature schemes (RFC 8446 section 4.2.3).
const curves = ['prime256v1', 'secp384r1', 'secp521r1'];

export async function generateKey(kind: KeyKind): Promise<KeyObject> {
  const pair =
    kind === 'ec'
      ? await generate('ec', { namedCurve: 'P-256' })
      : await generate('rsa', { modulusLength: rsaBits });
  return pair.privateKey;
}

/** PEM, PKCS #8. Secret. */
export function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Undefined for a key that `createCertificate` does not support. */
export function kindOf(key: KeyObject): KeyKind | undefined {
  if (key.asymmetricKeyType === 'ec') return 'ec';
  return key.asymmetricKeyType === 'rsa' ? 'rsa' : undefined;
}

/** Why a TLS 1.3 server cannot use this key; undefined if it can. */
export function tlsProblem(key: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ed25519':
    case 'ed448':
      return undefined;
    case 'ec':
      return curves.includes(namedCurve) ? undefined : `TLS 1.3 does not support the curve ${namedCurve}`;
    case 'rsa':
    case 'rsa-pss':
      return modulusLength >= rsaBits
        ? undefined
        : `RSA needs at least ${rsaBits} bits, not ${modulusLength}`;
    default:
      return `TLS 1.3 does not support ${key.asymmetricKeyType ?? key.type} keys`;
  }
}

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
 * A pin for people to read aloud and compare: hexadecimal in groups of four, two lines of 39 columns. The same
 * digits as in the Subject Key Identifier that `openssl x509 -text` shows for our certificates.
 * @throws RangeError for an invalid pin
 */
export function formatPin(pin: string): string {
  if (!isPin(pin)) throw new RangeError('a pin has 43 base64url characters');
  const groups = Buffer.from(pin, 'base64url').toString('hex').match(/.{4}/g) ?? [];
  return `${groups.slice(0, 8).join(' ')}\n${groups.slice(8).join(' ')}`;
}

interface KeyEvidence {
  /** The pin of the server's key. */
  readonly presented: string;
  /** Signed for this host by a certificate authority that the system trusts. */
  readonly authorized: boolean;
  readonly linkPin?: string | undefined;
  readonly knownPin?: string | undefined;
}

type KeyVerdict =
  | { readonly verdict: 'trusted'; readonly by: 'link' | 'known-hosts' | 'authority' }
  /** Another machine answers, or the server has a new key: a hard stop. */
  | { readonly verdict: 'changed'; readonly expected: string; readonly by: 'link' | 'known-hosts' }
  /** The link's key answers, but another one is known: the link may be forged. The user decides. */
  | { readonly verdict: 'replaced'; readonly known: string }
  /** No evidence either way: the user decides. */
  | { readonly verdict: 'unknown' };

/** The strongest evidence decides: a certificate authority never overrules a pin, nor a link a known one. */
export function judgeKey({ presented, authorized, linkPin, knownPin }: KeyEvidence): KeyVerdict {
  if (linkPin !== undefined) {
    const replaces = presented === linkPin && knownPin !== undefined && knownPin !== linkPin;
    return replaces ? { verdict: 'replaced', known: knownPin } : compare(presented, linkPin, 'link');
  }
  if (knownPin !== undefined) return compare(presented, knownPin, 'known-hosts');
  if (authorized) return { verdict: 'trusted', by: 'authority' };
  return { verdict: 'unknown' };
}

function compare(presented: string, expected: string, by: 'link' | 'known-hosts'): KeyVerdict {
  return presented === expected ? { verdict: 'trusted', by } : { verdict: 'changed', expected, by };
}
