/**
 * A file being downloaded: under a temporary name until it is complete, then under its own, never replacing
 * anything. Knows bytes and folders, not where the bytes come from.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../system/disk-errors.js';
import { diskFailure, TransferFailed } from './transfer.js';

export interface PartialFile {
  /** Bytes so far. */
  readonly have: number;
  /** @throws TransferFailed where they cannot be written */
  append(chunks: readonly Buffer[]): Promise<void>;
  /** SHA-256 of its bytes, base64url. Nothing can be appended after this. */
  hash(): string;
  /** Gives it this name, or the next free one, as `name (2).txt`. @returns the full path @throws TransferFailed */
  place(name: string): Promise<string>;
  /** Deletes it, unless it was placed. */
  discard(): Promise<void>;
}

const mostOfOneName = 1_000;
// Syncing a GiB at once blocks every other sync: a server on the same disk answered after 130 ms (p99) instead
// of 30.
const syncBytes = 16 * 1024 * 1024;
// How file systems without hard links refuse one.
const linkless: ReadonlySet<string> = new Set([
  'EACCES',
  'EMLINK',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EPERM',
  'EXDEV',
]);

/** Creates one, with mode 0600, never through a link. @throws TransferFailed */
export async function createPartialFile(folder: string): Promise<PartialFile> {
  const path = join(folder, `.secure-chat-${randomBytes(9).toString('base64url')}.part`);
  const failure = (error: unknown) => diskFailure(error, folder);
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  const file = await open(path, O_CREAT | O_EXCL | O_WRONLY | (constants.O_NOFOLLOW ?? 0), 0o600).catch(
    (error) => {
      throw failure(error);
    },
  );
  const sum = createHash('sha256');
  let have = 0;
  let placed = false;
  let synced = 0;
  let closing: Promise<void> | undefined;

  function close(): Promise<void> {
    closing ??= file.close();
    return closing;
  }
  async function place(name: string): Promise<string> {
    await file.sync();
    await close();
    for (let number = 1; number <= mostOfOneName; number += 1) {
      const target = join(folder, numbered(name, number));
      placed = await move(path, target);
      if (placed) return target;
    }
    throw new TransferFailed(`${mostOfOneName} files of that name already exist; choose another name`);
  }

  return {
    get have() {
      return have;
    },
    async append(chunks) {
      try {
        for (let rest = chunks; rest.length > 0; ) {
          const { bytesWritten } = await file.writev(rest, have);
          have += bytesWritten;
          rest = without(rest, bytesWritten);
        }
        if (have - synced >= syncBytes) {
          await file.datasync();
          synced = have;
        }
      } catch (error) {
        throw failure(error);
      }
      for (const chunk of chunks) sum.update(chunk);
    },
    hash: () => sum.digest('base64url'),
    place: (name) =>
      place(name).catch((error) => {
        throw failure(error);
      }),
    async discard() {
      await close().catch(() => {});
      if (!placed) await unlink(path).catch(() => {});
    },
  };
}

/** The chunks after their first `bytes`. */
function without(chunks: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  return chunks.flatMap((chunk) => {
    const left = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - left.length;
    return left.length === 0 ? [] : [left];
  });
}

/** `notes.tar.gz` as `notes (2).tar.gz`. */
function numbered(name: string, number: number): string {
  if (number === 1) return name;
  const ending = /(?<!^)(\.tar)?\.[A-Za-z0-9]{1,16}$/.exec(name)?.[0] ?? '';
  return `${name.slice(0, name.length - ending.length)} (${number})${ending}`;
}

/** Renames, but never over anything, not even a link; false where the name is taken. */
async function move(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    if (!linkless.has(errorCode(error))) throw error;
    return moveWithoutLinks(from, to);
  }
  await unlink(from);
  return true;
}

/** Claims the name with a new, empty file, and replaces that. */
async function moveWithoutLinks(from: string, to: string): Promise<boolean> {
  try {
    await (await open(to, 'wx', 0o600)).close();
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
  await rename(from, to).catch(async (error) => {
    await unlink(to).catch(() => {});
    throw error;
  });
  return true;
}
