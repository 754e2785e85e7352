/** Creates and renews certificates on disk. Keeps the key, since clients recognize a server by its pin. */
import { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { errorCode } from '../system/disk-errors.js';
import { writeAtomically } from '../system/shared-file.js';
import { dayMs } from './certificate-facts.js';
import { exportKey, generateKey, type KeyKind, kindOf } from './key.js';
import {
  CertificateError,
  findKey,
  isMissing,
  type KeyFile,
  type KeyPair,
  keyFileOf,
  loadKeyPair,
  readKeyPair,
} from './key-pair.js';

interface Renewal {
  /** The certificate's file; its key goes to the `-key.pem` beside it. */
  readonly cert: string;
  readonly hosts: readonly string[];
  /** 1 to 3650. */
  readonly days: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The kind of a new key, P-256 by default. If given, an existing key must be of this kind. */
  readonly kind?: KeyKind | undefined;
  /** Replaces the key: every client that pinned the old one will refuse the server. */
  readonly newKey?: boolean | undefined;
}

export interface Renewed extends KeyPair {
  readonly isNewKey: boolean;
}

interface OwnKeyPair {
  readonly folder: string;
  readonly hosts: readonly string[];
  /** Where others reach it; a certificate without this host is renewed. */
  readonly publicHost?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export const defaultDays = 365;
// Renewal happens at start, so the margin must outlast long uptimes.
const renewBeforeMs = 30 * dayMs;

/**
 * Writes a new certificate for the existing key, or for a new one. The key is written first, with mode 0600
 * from its first byte. Rejects with a CertificateError, or a RangeError for invalid hosts or days.
 */
export async function renewKeyPair(renewal: Renewal): Promise<Renewed> {
  const { cert, hosts, days, now, kind = 'ec' } = renewal;
  const existing = renewal.newKey === true ? undefined : await findKey(cert);
  if (existing !== undefined) checkKind(existing, renewal.kind);
  const key = existing?.key ?? (await generateKey(kind));
  // Seldom needed, and takes longer to load than everything else here.
  const { createCertificate } = await import('./certificate.js');
  const pem = createCertificate({ key, hosts, days, now });
  const keyFile = keyFileOf(cert);
  // A key inside the certificate's file moves to its own file before that file is replaced.
  if (existing?.path !== keyFile) await write(keyFile, exportKey(key), 0o600);
  await write(cert, pem, 0o644);
  return { ...(await loadKeyPair({ cert, now })), isNewKey: existing === undefined };
}

/** The certificate of a server that was started without --cert. */
export const ownCertificate = (folder: string): string => join(folder, 'server.pem');

/**
 * The pair of a server that was started without --cert, in `folder` (server.pem, server-key.pem): created the
 * first time, renewed with the same key when less than 30 days remain or it does not have the public host. A lost
 * or damaged key is an error and not replaced, because clients would refuse a new one.
 */
export async function ensureKeyPair({ folder, publicHost, now, ...own }: OwnKeyPair): Promise<KeyPair> {
  const cert = ownCertificate(folder);
  const hosts = [...new Set([...own.hosts, ...(publicHost === undefined ? [] : [publicHost])])];
  try {
    const pair = await readKeyPair(cert);
    const due = pair.validTo.getTime() - now < renewBeforeMs || pair.validFrom.getTime() > now;
    if (!due && (publicHost === undefined || covers(pair, publicHost))) return pair;
  } catch (error) {
    if (!isMissing(error, cert)) throw withAdvice(error, cert);
  }
  await renewKeyPair({ cert, hosts, days: defaultDays, now });
  return await loadKeyPair({ cert, now });
}

/** Chat clients check the pin alone; those of webhooks check the name. */
function covers({ cert }: KeyPair, host: string): boolean {
  const certificate = new X509Certificate(cert);
  return (isIP(host) > 0 ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;
}

// Without --cert, the usual advice would name options that were not given.
function withAdvice(error: unknown, cert: string): unknown {
  if (!(error instanceof CertificateError)) return error;
  const advice = adviceFor(error, cert);
  return advice === undefined ? error : new CertificateError(error.code, error.path, advice, error);
}

function adviceFor({ code, path }: CertificateError, cert: string): string | undefined {
  if (code === 'missing') {
    return (
      `the server's key is missing. Restore it from a backup; or remove ${cert} to get a new key: ` +
      'then everyone needs a new join link.'
    );
  }
  if (code === 'mismatch') {
    return (
      `not the key of ${cert}. Restore the pair from a backup; or remove ${cert} ` +
      'to get a new certificate for this key.'
    );
  }
  if (code === 'malformed' && path === cert) {
    return 'damaged. Remove it to get a new certificate for the same key.';
  }
  return undefined;
}

function checkKind(existing: KeyFile, wanted: KeyKind | undefined): void {
  const kind = kindOf(existing.key);
  if (kind === undefined) {
    const why = 'only EC and RSA keys are supported. Pass --new-key to replace it.';
    throw new CertificateError('unsuitable', existing.path, why);
  }
  if (wanted === undefined || wanted === kind) return;
  const named = { ec: 'an EC key', rsa: 'an RSA key' };
  const why =
    `this is ${named[kind]}, not ${named[wanted]}. Pass --new-key to replace it; ` +
    'clients that know the old key will then refuse the server.';
  throw new CertificateError('other-kind', existing.path, why);
}

async function write(path: string, text: string, mode: number): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeAtomically(path, text, mode);
  } catch (error) {
    const why = `can't be written (${errorCode(error) || 'unknown error'}). Check the folder's owner, mode and free space.`;
    throw new CertificateError('not-written', path, why, error);
  }
}
