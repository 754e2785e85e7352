/**
 * A file that is coming, under a name of its own until it is whole; then in its place, where it never replaces
 * anything. Knows bytes and folders, not where the bytes come from.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../system/atomic-file.js';
import { diskTrouble, Refusal } from './trouble.js';

export interface Part {
  /** Bytes that are in it. */
  readonly have: number;
  /** @throws Refusal where the disk does not take them */
  append(chunks: readonly Buffer[]): Promise<void>;
  /** SHA-256 of what is in it, base64url. Nothing can be appended any more. */
  hash(): string;
  /** Gives it its name, or the next one that is free, as `name (2).txt`. @returns the full path @throws Refusal */
  place(name: string): Promise<string>;
  /** Takes it away, where it has not found its place. */
  discard(): Promise<void>;
}

const mostOfOneName = 1_000;
// A GiB that is synced at once keeps all others that sync waiting: a server on the same disk answered after
// 130 ms (p99) instead of 30.
const syncBytes = 16 * 1024 * 1024;
// A file system without hard links says it in many ways.
const linkless: ReadonlySet<string> = new Set([
  'EACCES',
  'EMLINK',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EPERM',
  'EXDEV',
]);

/** Begins one, for this person alone, not executable, and through no link. @throws Refusal */
export async function createPart(folder: string): Promise<Part> {
  const path = join(folder, `.secure-chat-${randomBytes(9).toString('base64url')}.part`);
  const trouble = (error: unknown) => diskTrouble(folder, error);
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  const file = await open(path, O_CREAT | O_EXCL | O_WRONLY | (constants.O_NOFOLLOW ?? 0), 0o600).catch(
    (error) => {
      throw trouble(error);
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
    throw new Refusal(`there are ${mostOfOneName} files named ${name} already; say another name`);
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
        throw trouble(error);
      }
      for (const chunk of chunks) sum.update(chunk);
    },
    hash: () => sum.digest('base64url'),
    place: (name) =>
      place(name).catch((error) => {
        throw trouble(error);
      }),
    async discard() {
      await close().catch(() => {});
      if (!placed) await unlink(path).catch(() => {});
    },
  };
}

/** What is left of the chunks after their first `bytes`. */
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

/** Renames where nothing has the new name, not even a link; false where something has. */
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

/** Takes the name by a new, empty file first, which is then replaced. */
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
