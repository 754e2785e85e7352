/** A temporary key and certificate for a test server, created by openssl. */
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** SHA-256 of the SPKI, base64url. */
  readonly pin: string;
}

/** @param san the subjectAltName, as openssl writes it */
export async function makeCertificate(san = 'DNS:localhost,IP:127.0.0.1,IP:::1'): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-certificate-'));
  try {
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const about = ['-subj', '/CN=secure-chat test', '-addext', `subjectAltName=${san}`];
    await promisify(execFile)('openssl', [
      ...['req', '-x509', ...kind, ...about],
      ...['-keyout', keyFile, '-out', certFile],
    ]);
    const [key, cert] = await Promise.all([readFile(keyFile, 'utf8'), readFile(certFile, 'utf8')]);
    const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
    return { key, cert, pin: createHash('sha256').update(spki).digest('base64url') };
  } finally {
    await rm(folder, { recursive: true });
  }
}
