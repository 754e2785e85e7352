/**
 * Blobs in a folder: `uploads/ID` while they come, `ab/REST` of their hash once they are whole. Knows paths
 * and modes; what the bytes are it does not.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BlobError, type Blobs } from '../blobs.js';
import { closed, createDiskWriter } from './disk-writer.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const writeOnly = O_WRONLY | O_NOFOLLOW;
const makeNew = writeOnly | O_CREAT | O_EXCL;
const idPattern = /^[a-z0-9]{1,64}$/;
const hashPattern = /^[A-Za-z0-9_-]{43}$/;

/** @param folder made, with mode 0700, where it is missing */
export async function openFolderBlobs(folder: string): Promise<Blobs> {
  const uploads = join(folder, 'uploads');
  await attempt(() => mkdir(uploads, { recursive: true, mode: 0o700 }));
  const uploadOf = (id: string): string => join(uploads, checked(id, idPattern));
  // Folders and files in them: a base64url name may differ from another only in its capitals, and some file
  // systems take those for the same.
  const nameOf = (hash: string): string =>
    Buffer.from(checked(hash, hashPattern), 'base64url').toString('hex');
  const shelfOf = (hash: string): string => join(folder, nameOf(hash).slice(0, 2));
  const fileOf = (hash: string): string => join(shelfOf(hash), nameOf(hash).slice(2));

  return {
    room: () =>
      attempt(async () => {
        const { bavail, bsize } = await statfs(folder);
        return bavail * bsize;
      }),

    uploaded: (id) =>
      attempt(async () => {
        const digest = createHash('sha256');
        let bytes = 0;
        for await (const chunk of (await contentAt(uploadOf(id), 0)) ?? []) {
          digest.update(chunk);
          bytes += chunk.length;
        }
        return { bytes, digest };
      }),

    append: (id, bytes) =>
      attempt(async () => {
        const path = uploadOf(id);
        const file = (await found(() => open(path, writeOnly))) ?? (await open(path, makeNew, 0o600));
        const sink = createDiskWriter(file, (await file.stat()).size);
        await pipeline(bytes, sink).finally(() => closed(sink));
      }),

    keep: (id, hash) =>
      attempt(async () => {
        const file = await open(uploadOf(id), O_RDONLY | O_NOFOLLOW);
        await file.sync().finally(() => file.close());
        await mkdir(shelfOf(hash), { recursive: true, mode: 0o700 });
        await rename(uploadOf(id), fileOf(hash));
        await syncFolder(shelfOf(hash));
        await syncFolder(folder);
      }),

    discard: (id) => attempt(async () => void (await found(() => unlink(uploadOf(id))))),

    discardBefore: (at) =>
      attempt(async () => {
        for (const name of await readdir(uploads)) {
          const about = await found(() => stat(join(uploads, name)));
          if (about !== undefined && about.mtimeMs < at) await found(() => unlink(join(uploads, name)));
        }
      }),

    read: (hash, offset) => attempt(() => contentAt(fileOf(hash), offset)),

    remove: (hash) => attempt(async () => void (await found(() => unlink(fileOf(hash))))),

    async *list() {
      const shelves = await attempt(() => readdir(folder));
      for (const shelf of shelves.filter((name) => /^[0-9a-f]{2}$/.test(name))) {
        const names = await attempt(() => readdir(join(folder, shelf)));
        const hashes = names
          .filter((name) => /^[0-9a-f]{62}$/.test(name))
          .map((name) => Buffer.from(`${shelf}${name}`, 'hex').toString('base64url'));
        if (hashes.length > 0) yield hashes;
      }
    },
  };
}

function checked(name: string, pattern: RegExp): string {
  if (pattern.test(name)) return name;
  throw new RangeError('This is no id of an upload, or no SHA-256.');
}

async function contentAt(path: string, start: number): Promise<Readable | undefined> {
  const file = await found(() => open(path, O_RDONLY | O_NOFOLLOW));
  return file?.createReadStream({ start });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, O_RDONLY);
  await folder.sync().finally(() => folder.close());
}

/** Undefined where there is no such file. */
async function found<Value>(look: () => Promise<Value>): Promise<Value | undefined> {
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
    // Whatever the bytes came from has its own errors.
    if (code === '' || cause instanceof BlobError) throw cause;
    const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code);
    throw new BlobError(`The folder of files failed (${code}).`, { full, cause });
  }
}

function codeOf(error: unknown): string {
  const system = error instanceof Error && 'code' in error && 'syscall' in error;
  return system && typeof error.code === 'string' ? error.code : '';
}
