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
