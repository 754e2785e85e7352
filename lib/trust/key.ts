/** Private keys of a server: which kinds there are and which of them TLS 1.3 takes. Knows no files. */
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** P-256, which halves the work of a handshake, or RSA-2048 for clients and tools that know nothing else. */
export type KeyKind = 'ec' | 'rsa';

const generate = promisify(generateKeyPair);
const rsaBits = 2048;
// The curves that TLS 1.3 has signatures for (RFC 8446 section 4.2.3).
const curves = ['prime256v1', 'secp384r1', 'secp521r1'];

export async function generateKey(kind: KeyKind): Promise<KeyObject> {
  const pair =
    kind === 'ec'
      ? await generate('ec', { namedCurve: 'P-256' })
      : await generate('rsa', { modulusLength: rsaBits });
  return pair.privateKey;
}

/** PEM, PKCS #8. A secret. */
export function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The kind of a key for which certificates can be made here; undefined for any other. */
export function kindOf(key: KeyObject): KeyKind | undefined {
  if (key.asymmetricKeyType === 'ec') return 'ec';
  return key.asymmetricKeyType === 'rsa' ? 'rsa' : undefined;
}

/** Why a TLS 1.3 server cannot use this key; undefined for one that it can. */
export function unsuitable(key: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ed25519':
    case 'ed448':
      return undefined;
    case 'ec':
      return curves.includes(namedCurve) ? undefined : `TLS 1.3 does not know the curve ${namedCurve}`;
    case 'rsa':
    case 'rsa-pss':
      return modulusLength >= rsaBits
        ? undefined
        : `RSA needs at least ${rsaBits} bits, not ${modulusLength}`;
    default:
      return `TLS 1.3 has no use for a key of type ${key.asymmetricKeyType ?? key.type}`;
  }
}
