/** Server keys: generates and exports them, and says which ones TLS 1.3 supports. Knows no files. */
import { generateKeyPair, type KeyObject } from 'node:crypto';
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
