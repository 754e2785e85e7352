/** A certificate or key that cannot be used, and what to do about it. */

export type CertificateFault =
  /** No such file, or no key for a certificate. */
  | 'missing'
  | 'unreadable'
  | 'not-written'
  | 'key-readable-by-others'
  /** Not PEM, or PEM of something else. */
  | 'malformed'
  | 'encrypted-key'
  /** A key that TLS 1.3 does not take, or a certificate that OpenSSL refuses. */
  | 'unsuitable'
  /** An RSA key was asked for and another kind is there, or the other way round. */
  | 'other-kind'
  /** The key is not the certificate's. */
  | 'mismatch'
  | 'expired'
  | 'not-yet-valid';

/** Message: what, why, and what to do next. Never holds anything of a key. */
export class CertificateError extends Error {
  readonly code: CertificateFault;
  readonly path: string;

  constructor(code: CertificateFault, path: string, options: { message: string; cause?: unknown }) {
    super(options.message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'CertificateError';
    this.code = code;
    this.path = path;
  }
}
