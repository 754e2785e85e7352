/**
 * Blobs in a folder: `uploads/ID` while they arrive, then `ab/REST` of their hash. Knows paths, modes and when bytes
 * are on disk; not what the bytes are.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { syncFolder } from '../../system/shared-file.js';
import { BlobError, type Blobs, type PartialUpload } from '../blobs.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const writeOnly = O_WRONLY | O_NOFOLLOW;
const createNew = writeOnly | O_CREAT | O_EXCL;
const idPattern = /^[a-z0-9]{1,64}$/;
const hashPattern = /^[A-Za-z0-9_-]{43}$/;

/** One write takes what has arrived during the one before, up to this. */
const writeBytes = 512 * 1024;
/** The most that the kernel may hold back: a database on the same disk waits for all of it at each commit. */
const unsyncedBytes = 4 * 1024 * 1024;

/** @param folder created, with mode 0700, where it is missing */
export async function openFolderBlobs(folder: string): Promise<Blobs> {
  const { uploads, uploadOf, shelfOf, fileOf } = pathsIn(folder);
  await attempt(() => mkdir(uploads, { recursive: true, mode: 0o700 }));
  return {
    freeBytes: () =>
      attempt(async () => {
        const { bavail, bsize } = await statfs(folder);
        return bavail * bsize;
      }),
    uploaded: (id) => attempt(() => digestOf(uploadOf(id))),
    append: (id, bytes) => attempt(() => appendTo(uploadOf(id), bytes)),
    finish: (id, hash) =>
      attempt(async () => {
        const file = await open(uploadOf(id), O_RDONLY | O_NOFOLLOW);
        await file.sync().finally(() => file.close());
        await mkdir(shelfOf(hash), { recursive: true, mode: 0o700 });
        await rename(uploadOf(id), fileOf(hash));
        await syncFolder(shelfOf(hash));
        await syncFolder(folder);
      }),
    discard: (id) => attempt(async () => void (await ifFound(() => unlink(uploadOf(id))))),
    discardBefore: (at) =>
      attempt(async () => {
        for (const name of await readdir(uploads)) {
          const about = await ifFound(() => stat(join(uploads, name)));
          if (about !== undefined && about.mtimeMs < at) await ifFound(() => unlink(join(uploads, name)));
        }
      }),
    read: (hash, offset) => attempt(() => readFrom(fileOf(hash), offset)),
    remove: (hash) => attempt(async () => void (await ifFound(() => unlink(fileOf(hash))))),
    list: (before) => listHashes(folder, before),
  };
}

/** In each folder that is in use. */
export const uploadsIn = (folder: string): string => join(folder, 'uploads');

function pathsIn(folder: string) {
  const uploads = uploadsIn(folder);
  // In hex: two base64url hashes may differ only in capitals, which some file systems ignore.
  const nameOf = (hash: string): string =>
    Buffer.from(checked(hash, hashPattern), 'base64url').toString('hex');
  const shelfOf = (hash: string): string => join(folder, nameOf(hash).slice(0, 2));
  return {
    uploads,
    uploadOf: (id: string): string => join(uploads, checked(id, idPattern)),
    shelfOf,
    fileOf: (hash: string): string => join(shelfOf(hash), nameOf(hash).slice(2)),
  };
}

function checked(name: string, pattern: RegExp): string {
  if (pattern.test(name)) return name;
  throw new RangeError('neither the id of an upload nor a SHA-256');
}

async function* listHashes(
  folder: string,
  before = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly string[]> {
  const shelves = await attempt(() => readdir(folder));
  for (const shelf of shelves.filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    const names = await attempt(() => readdir(join(folder, shelf)));
    const old = await attempt(() => olderThan(join(folder, shelf), names, before));
    const hashes = old
      .filter((name) => /^[0-9a-f]{62}$/.test(name))
      .map((name) => Buffer.from(`${shelf}${name}`, 'hex').toString('base64url'));
    if (hashes.length > 0) yield hashes;
  }
}

async function olderThan(folder: string, names: readonly string[], before: number): Promise<string[]> {
  if (before === Number.POSITIVE_INFINITY) return [...names];
  const times = await Promise.all(names.map((name) => ifFound(() => stat(join(folder, name)))));
  return names.filter((_, index) => (times[index]?.mtimeMs ?? before) < before);
}

async function digestOf(path: string): Promise<PartialUpload> {
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const chunk of (await readFrom(path, 0)) ?? []) {
    digest.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, digest };
}

async function readFrom(path: string, start: number): Promise<Readable | undefined> {
  const file = await ifFound(() => open(path, O_RDONLY | O_NOFOLLOW));
  return file?.createReadStream({ start });
}

async function appendTo(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const file = (await ifFound(() => open(path, writeOnly))) ?? (await open(path, createNew, 0o600));
  const sink = createDiskWriter(file, (await file.stat()).size);
  await pipeline(bytes, sink).finally(() => closed(sink));
}

/** Writes from `offset` on. Finishes when everything is on disk; closes the handle, also when it is destroyed. */
function createDiskWriter(handle: FileHandle, offset: number): Writable {
  let position = offset;
  let unsynced = 0;

  async function write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position);
      done += bytesWritten;
      position += bytesWritten;
    }
    unsynced += bytes.length;
    if (unsynced < unsyncedBytes) return;
    unsynced = 0;
    await handle.datasync();
  }

  return new Writable({
    highWaterMark: writeBytes,
    write: (bytes, _encoding, done) => settle(write(bytes), done),
    writev: (pieces, done) => settle(write(Buffer.concat(pieces.map(({ chunk }) => chunk))), done),
    final: (done) => settle(handle.sync(), done),
    // Called after the write under way.
    destroy: (error, done) => settle(handle.close(), (failure) => done(error ?? failure ?? null)),
  });
}

function settle(work: Promise<void>, done: (error?: Error | null) => void): void {
  work.then(() => done(), done);
}

function closed(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (sink.closed) resolve();
    else sink.once('close', resolve);
  });
}

/** Undefined where there is no such file. */
async function ifFound<Value>(look: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await look();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function attempt<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    const code = codeOf(cause);
    // The source of the bytes has errors of its own.
    if (code === '' || cause instanceof BlobError) throw cause;
    const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code);
    const reason = full ? 'Free some space on its disk.' : 'Check its permissions and its disk.';
    throw new BlobError(`Cannot use the files folder (${code}). ${reason}`, { full, cause });
  }
}

function codeOf(error: unknown): string {
  const system = error instanceof Error && 'code' in error && 'syscall' in error;
  return system && typeof error.code === 'string' ? error.code : '';
}
