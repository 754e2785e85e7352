/** Loads a certificate and its key from files and checks that a server can use them. Writes nothing. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { errorCode } from '../system/disk-errors.js';
import { othersCanRead } from '../system/file-modes.js';
import { shellWord } from '../system/shell-words.js';
import { type CertificateFacts, readCertificate } from './certificate-facts.js';
import { tlsProblem } from './key.js';

export interface KeyPair extends CertificateFacts {
  /** PEM: the server's own certificate, then the rest of its chain. */
  readonly cert: string;
  /** PEM. Secret: never log this object. */
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

interface KeyPairFiles {
  readonly cert: string;
  /** Defaults to the `-key.pem` beside the certificate, then to a key in the certificate's file. */
  readonly key?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface KeyFile {
  readonly key: KeyObject;
  readonly pem: string;
  readonly path: string;
}

/** What is wrong with a certificate or a key. */
export type CertificateFault =
  /** No such file, or no key for the certificate. */
  | 'missing'
  | 'unreadable'
  | 'not-written'
  | 'key-readable-by-others'
  /** Not PEM, or PEM of the wrong kind. */
  | 'malformed'
  | 'encrypted-key'
  /** A key that TLS 1.3 does not support, or a certificate that OpenSSL refuses. */
  | 'unsuitable'
  /** The existing key is not of the requested kind. */
  | 'other-kind'
  /** The key does not belong to the certificate. */
  | 'mismatch'
  | 'expired'
  | 'not-yet-valid';

/** The message says what, why and what to do next. Never contains key material. */
export class CertificateError extends Error {
  readonly code: CertificateFault;
  readonly path: string;

  constructor(code: CertificateFault, path: string, why: string, cause?: unknown) {
    super(`${path}: ${why}`, cause === undefined ? undefined : { cause });
    this.name = 'CertificateError';
    this.code = code;
    this.path = path;
  }
}

// Far more than any chain with its key.
const fileBytes = 256 * 1024;

/** `certs/server.pem` -> `certs/server-key.pem`. */
export function keyFileOf(cert: string): string {
  return `${cert.replace(/\.(?:pem|crt|cer)$/i, '')}-key.pem`;
}

/**
 * Loads a pair and checks that a TLS 1.3 server can use it at `now`. Rejects with a CertificateError that says
 * what to do.
 */
export async function loadKeyPair({ cert, key, now }: KeyPairFiles): Promise<KeyPair> {
  const pair = await readKeyPair(cert, key);
  const { validFrom, validTo } = pair;
  if (validTo.getTime() <= now) {
    throw fault('expired', cert, `the certificate expired on ${day(validTo)}. ${renewalAdvice}`);
  }
  if (validFrom.getTime() > now) {
    const advice = `Check this machine's clock, or make a new certificate.`;
    throw fault('not-yet-valid', cert, `the certificate is not valid before ${day(validFrom)}. ${advice}`);
  }
  return pair;
}

/** Like loadKeyPair, but accepts an expired certificate. */
export async function readKeyPair(cert: string, key?: string): Promise<KeyPair> {
  const file = await readOwnFile(cert);
  const chain = blocks(file.text, /^CERTIFICATE$/);
  const [leaf] = chain;
  if (leaf === undefined) {
    throw fault('malformed', cert, `no PEM certificate found. ${pemAdvice}`);
  }
  const certificate = parseCertificate(cert, leaf);
  const found = key === undefined ? await findKey(cert) : await readKey(key);
  if (found === undefined) {
    const tried = keyFileOf(cert);
    throw fault('missing', tried, 'no key for the certificate. Pass its file with --key, or put it there.');
  }
  if (!certificate.checkPrivateKey(found.key)) throw mismatch(cert, found, chain.slice(1));
  const pair = { cert: chain.join('\n'), key: found.pem };
  checkServable(cert, pair);
  return { ...readCertificate(certificate), ...pair, certFile: cert, keyFile: found.path };
}

/** The default key of a certificate: in the file beside it, else in its own file; undefined if neither has one. */
export async function findKey(cert: string): Promise<KeyFile | undefined> {
  try {
    return await readKey(keyFileOf(cert));
  } catch (error) {
    if (!isMissing(error, keyFileOf(cert))) throw error;
  }
  try {
    const { text } = await readOwnFile(cert);
    return holdsKey(text) ? parseKey(cert, text) : undefined;
  } catch (error) {
    if (isMissing(error, cert)) return undefined;
    throw error;
  }
}

/** Loads a private key. Rejects with a CertificateError if others can read it or TLS 1.3 cannot use it. */
async function readKey(path: string): Promise<KeyFile> {
  const { text } = await readOwnFile(path);
  return parseKey(path, text);
}

export function isMissing(error: unknown, path: string): boolean {
  return error instanceof CertificateError && error.code === 'missing' && error.path === path;
}

// Checks the mode of the opened file, not of whatever the path names a moment later.
async function readOwnFile(path: string): Promise<{ readonly text: string }> {
  try {
    // Non-blocking, so that a FIFO is refused instead of waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = await file.stat();
      if (!status.isFile()) throw fault('unreadable', path, 'not a regular file. Pass a PEM file.');
      if (status.size > fileBytes) throw fault('malformed', path, `too large for a PEM file. ${pemAdvice}`);
      const text = await file.readFile('utf8');
      if (holdsKey(text)) checkMode(path, status);
      return { text };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw fault('missing', path, 'no such file. Create one with: npm run gen-certs', error);
    }
    throw fault(
      'unreadable',
      path,
      `can't be read (${code || 'unknown error'}). Check its owner and mode.`,
      error,
    );
  }
}

function checkMode(path: string, status: Stats): void {
  if (!othersCanRead(status)) return;
  const bits = (status.mode & 0o777).toString(8).padStart(4, '0');
  throw fault(
    'key-readable-by-others',
    path,
    `other users can read this private key (mode ${bits}). Run: chmod 600 ${shellWord(resolve(path))}`,
  );
}

function parseKey(path: string, text: string): KeyFile {
  const [pem] = blocks(text, /PRIVATE KEY$/);
  if (pem === undefined) throw fault('malformed', path, `no PEM private key found. ${pemAdvice}`);
  if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    const command = `openssl pkey -in ${shellWord(path)} -out NEW-FILE`;
    throw fault(
      'encrypted-key',
      path,
      `the key has a passphrase, which a server can't ask for. Run: ${command}`,
    );
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    // The cause has OpenSSL's reason and no key material.
    throw fault('malformed', path, 'the private key is damaged. Restore it, or make a new one.', error);
  }
  const problem = tlsProblem(key);
  if (problem !== undefined) throw fault('unsuitable', path, `${problem}. ${newKeyAdvice}`);
  return { key, pem, path };
}

function parseCertificate(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw fault('malformed', path, `the certificate is damaged. ${renewalAdvice}`, error);
  }
}

function mismatch(cert: string, found: KeyFile, chain: readonly string[]): CertificateError {
  if (chain.some((pem) => parseCertificate(cert, pem).checkPrivateKey(found.key))) {
    return fault('mismatch', cert, `the server's own certificate must come first. Reorder the file.`);
  }
  const advice = 'Pass the right key with --key, or make a certificate for this key.';
  return fault('mismatch', found.path, `not the key of the certificate in ${cert}. ${advice}`);
}

// Finds what OpenSSL refuses (a SHA-1 signature, a damaged chain) at start and not at the first client.
function checkServable(path: string, pair: { readonly cert: string; readonly key: string }): void {
  try {
    createSecureContext({ ...pair, minVersion: 'TLSv1.3' });
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : 'unknown reason';
    throw fault('unsuitable', path, `OpenSSL refuses it (${reason}). ${renewalAdvice}`, error);
  }
}

function holdsKey(text: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);
}

function blocks(text: string, label: RegExp): string[] {
  const found = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g);
  return [...found].filter(([, name = '']) => label.test(name)).map(([block]) => `${block}\n`);
}

function fault(...args: ConstructorParameters<typeof CertificateError>): CertificateError {
  return new CertificateError(...args);
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

const pemAdvice = 'A PEM file has lines such as -----BEGIN CERTIFICATE-----.';
const renewalAdvice = 'Renew it, for example with: npm run gen-certs';
const newKeyAdvice = 'Make a new key, for example with: npm run gen-certs -- --new-key';
