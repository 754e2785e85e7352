/**
 * The format of a backup: a tar archive of the database, the server's own key pair, all sent files and their
 * checksums. Reads one without trusting it; knows neither servers nor what is in the database.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Parser, type ReadEntry } from 'tar';
import { diskReason, errorCode } from '../system/disk-errors.js';
import { keyFileOf } from '../trust/key-pair.js';
import { ownCertificate } from '../trust/renewal.js';
import { Exit } from './command.js';
import { databaseFile } from './folders.js';

export const database = basename(databaseFile(''));
export const keyPair = [ownCertificate(''), keyFileOf(ownCertificate(''))];
/** In the format of sha256sum, of everything but the files, whose names are their hashes. Comes last. */
export const sums = 'SHA256SUMS';

const file = /^files\/([0-9a-f]{2})\/([0-9a-f]{62})$/;
const folder = /^files\/([0-9a-f]{2}\/)?$/;

/** Paths in an archive, each with its SHA-256 in hexadecimal digits. */
export type Contents = ReadonlyMap<string, string>;

/** Path of the file with this hash (base64url), in a data folder and in an archive. */
export function blobPath(hash: string): string {
  const name = Buffer.from(hash, 'base64url').toString('hex');
  return `files/${name.slice(0, 2)}/${name.slice(2)}`;
}

export async function sumOf(path: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  return digest.digest('hex');
}

export interface Reading {
  readonly archive: string;
  readonly signal: AbortSignal;
  /** An existing folder to extract into, for its owner alone, whatever modes the archive has. */
  readonly into?: string;
}

/**
 * Reads a whole archive, and checks each file against its hash.
 * @throws Exit 74 for anything but a backup: links, other paths, duplicates, a damaged file, a truncated archive
 */
export async function readArchive({ archive, signal, into }: Reading): Promise<Contents> {
  const contents = new Map<string, string>();

  async function take(entry: ReadEntry): Promise<void> {
    const { path } = entry;
    if (entry.type === 'Directory' && folder.test(path)) return void entry.resume();
    const known = path === database || path === sums || keyPair.includes(path) || file.test(path);
    if (entry.type !== 'File' || !known)
      throw invalidBackup(archive, `it contains ${path}, which is not part of a backup`);
    if (contents.has(path)) throw invalidBackup(archive, `it contains ${path} twice`);
    contents.set(path, '');
    const sum = await sumOfEntry(entry, into === undefined ? undefined : join(into, path));
    const [, shelf, rest] = file.exec(path) ?? [];
    if (shelf !== undefined && `${shelf}${rest}` !== sum) throw invalidBackup(archive, `${path} is damaged`);
    contents.set(path, sum);
  }

  await eachEntry({ archive, signal, take });
  if (!contents.has(sums))
    throw invalidBackup(archive, `it has no ${sums}; it is truncated, or not a backup`);
  if (!contents.has(database)) throw invalidBackup(archive, 'it has no database');
  return contents;
}

interface Visit {
  readonly archive: string;
  readonly signal: AbortSignal;
  readonly take: (entry: ReadEntry) => Promise<void>;
}

/** One entry after the other, as the bytes arrive. Settles when no entry is being taken any longer. */
function eachEntry({ archive, signal, take }: Visit): Promise<void> {
  return new Promise((resolve, reject) => {
    const bytes = createReadStream(archive, { signal });
    const taken: Promise<void>[] = [];
    const taking = new Set<ReadEntry>();
    let failed = false;
    const fail = (error: unknown): void => {
      if (failed) return;
      failed = true;
      bytes.destroy();
      const failure = errorCode(error).startsWith('TAR_')
        ? invalidBackup(archive, 'it is damaged', error)
        : error;
      // The rest of an entry will never come.
      for (const entry of taking) entry.destroy(new Error('the archive ended'));
      // What is still being written would be left behind.
      void Promise.all(taken).then(() => reject(failure));
    };
    const takeNext = (entry: ReadEntry): void => {
      if (failed) return void entry.resume();
      entry.on('error', () => {
        // Its reader gets the error, too.
      });
      taking.add(entry);
      taken.push(
        take(entry)
          .catch(fail)
          .finally(() => taking.delete(entry)),
      );
    };
    const parser = new Parser({ strict: true, onReadEntry: takeNext });
    parser.on('error', fail);
    parser.on('ignoredEntry', ({ path }: ReadEntry) => {
      fail(invalidBackup(archive, `it contains ${path}, which is not part of a backup`));
    });
    parser.on('end', () => void Promise.all(taken).then(() => failed || resolve()));
    parser.on('drain', () => bytes.resume());
    let first = true;
    bytes.on('data', (chunk) => {
      // The parser would unpack a compressed one, whatever its size.
      if (first && !isTar(chunk as Buffer)) return fail(invalidBackup(archive, 'it is not a tar archive'));
      first = false;
      if (!parser.write(chunk as Buffer)) bytes.pause();
    });
    bytes.on('end', () => parser.end());
    bytes.on('error', fail);
  });
}

/** By the mark in the first header (POSIX ustar), which backups have. */
function isTar(start: Buffer): boolean {
  return start.toString('latin1', 257, 262) === 'ustar';
}

async function sumOfEntry(entry: ReadEntry, to: string | undefined): Promise<string> {
  const digest = createHash('sha256');
  if (to === undefined) {
    for await (const chunk of entry) digest.update(chunk);
    return digest.digest('hex');
  }
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const handle = await open(to, 'wx', 0o600);
  try {
    // From a destroyed one, no end would ever come.
    if (entry.destroyed) throw new Error('the archive ended');
    for await (const chunk of entry) {
      digest.update(chunk);
      await handle.writeFile(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return digest.digest('hex');
}

export function invalidBackup(archive: string, why: string, cause?: unknown): Exit {
  return new Exit('io', `${archive} is not a valid backup: ${why}.`, { cause });
}

/**
 * The exit for an error while creating or reading an archive, with the file or folder it is about.
 * @param written what was being written
 */
export function archiveFailure(error: unknown, archive: string, written = archive): unknown {
  if (error instanceof Exit) return error;
  if (!(error instanceof Error)) return error;
  if (!isOfSystem(error)) return new Exit('io', `${archive}: ${error.message}`, { cause: error });
  return new Exit(
    'io',
    `${placeOf(error) ?? (error.syscall === 'read' ? archive : written)}: ${diskReason(errorCode(error))}.`,
    {
      cause: error,
    },
  );
}

/** The file or folder that the system's error names, if any. */
function placeOf({ syscall, path, dest }: NodeJS.ErrnoException & { dest?: string }): string | undefined {
  return syscall === 'mkdtemp' && path !== undefined ? dirname(path) : (dest ?? path);
}

function isOfSystem(error: Error): error is NodeJS.ErrnoException {
  return 'syscall' in error;
}
