/** A new key and certificate for a test server. */
import { createHash, X509Certificate } from 'node:crypto';
import { createCertificate } from '../../lib/trust/certificate.js';
import { exportKey, generateKey } from '../../lib/trust/key.js';

export interface Certificate {
  /** PEM, like the certificate. */
  readonly key: string;
  readonly cert: string;
  /** SHA-256 of the SPKI, base64url. */
  readonly pin: string;
}

export async function makeCertificate(
  hosts: readonly string[] = ['localhost', '127.0.0.1', '::1'],
): Promise<Certificate> {
  const key = await generateKey('ec');
  const cert = createCertificate({ key, hosts, days: 2, now: Date.now() });
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return { key: exportKey(key), cert, pin: createHash('sha256').update(spki).digest('base64url') };
}
