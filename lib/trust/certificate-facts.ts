/** Reads what clients and operators need to know of a certificate. Knows no files. */
import type { X509Certificate } from 'node:crypto';
import { canonicalHost } from './endpoint.js';
import { pinOf } from './key.js';

export interface CertificateFacts {
  /** The pin of its key. */
  readonly pin: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** DNS names and addresses of the subjectAltName, canonical, without wildcards. */
  readonly hosts: readonly string[];
}

export const dayMs = 24 * 60 * 60 * 1000;

/** The facts in a certificate. Of its text fields only the hosts are used: others could drive a terminal. */
export function readCertificate(certificate: X509Certificate): CertificateFacts {
  return {
    pin: pinOf(certificate),
    validFrom: new Date(certificate.validFrom),
    validTo: new Date(certificate.validTo),
    hosts: namedHosts(certificate.subjectAltName ?? ''),
  };
}

// node:crypto quotes ambiguous names (those with a comma), and a quoted name is skipped.
function namedHosts(subjectAltName: string): string[] {
  const names = subjectAltName.matchAll(/(?:^|, )([\w ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g);
  return [...names].flatMap(([, kind, name = '']) =>
    kind === 'DNS' || kind === 'IP Address' ? (canonicalHost(name) ?? []) : [],
  );
}
