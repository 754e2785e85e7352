/** Files that several processes use: replaced atomically, or locked meanwhile. Does not know what is in them. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, lstat, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './disk-errors.js';

/**
 * Writes `text` to a temporary file, created with `mode` (minus the umask), syncs it and renames it into place: readers
 * see the old text or the new one, even after a crash. A symbolic link is followed. Rejects with the system's error and
 * leaves the old file untouched.
 */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  await replace(await followLink(path), text, (temporary) => open(temporary, 'wx', mode));
}

/**
 * The same for a file that only this program puts there: an existing one keeps its mode, as far as `widest` allows,
 * and a symbolic link is refused with ELOOP, since it may lead anywhere.
 */
export async function rewriteAtomically(
  path: string,
  text: string,
  { mode, widest = 0o777 }: { mode: number; widest?: number },
): Promise<void> {
  const there = await lstat(path).catch((error) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (there?.isSymbolicLink()) {
    throw Object.assign(new Error(`${path} is a symbolic link, which is not followed`), { code: 'ELOOP' });
  }
  await replace(path, text, async (temporary) => {
    const file = await open(temporary, 'wx', mode);
    if (there !== undefined) await file.chmod(there.mode & widest);
    return file;
  });
}

async function replace(
  target: string,
  text: string,
  create: (temporary: string) => Promise<FileHandle>,
): Promise<void> {
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  const file = await create(temporary);
  try {
    await writeSynced(file, text);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

async function writeSynced(file: FileHandle, text: string): Promise<void> {
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function followLink(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return path;
    throw error;
  }
}

// Some file systems cannot sync a folder; the file itself is synced by then.
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EISDIR', 'EACCES', 'ENOTSUP'].includes(errorCode(error))) throw error;
  }
}

export interface LockTiming {
  /** Milliseconds since the epoch, on the clock of the file system. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<unknown>;
}

/** The lock was not released in time. */
export class LockError extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path}: locked by another program`);
    this.name = 'LockError';
    this.path = path;
  }
}

export const systemTiming: LockTiming = { now: Date.now, wait: (ms) => delay(ms) };

// It is held for milliseconds: after this long, its holder has crashed.
const staleMs = 10_000;
// Longer than staleMs, so that a stale lock never causes a timeout.
const timeoutMs = 15_000;
const pauseMs = 15;

/**
 * Runs `action` while the lock at `path` is held. Waits up to 15 s for it, then rejects with LockError; a
 * lock older than 10 s is taken over.
 */
export async function withLock<T>(
  path: string,
  action: () => Promise<T>,
  timing: LockTiming = systemTiming,
): Promise<T> {
  const deadline = timing.now() + timeoutMs;
  while (!(await acquire(path))) {
    if (await isStale(path, timing.now())) await breakLock(path, timing.now());
    else if (timing.now() >= deadline) throw new LockError(path);
    else await timing.wait(pauseMs * (1 + Math.random()));
  }
  try {
    return await action();
  } finally {
    await unlink(path).catch(ignoreMissing);
  }
}

async function acquire(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.close();
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(path: string, now: number): Promise<boolean> {
  try {
    return now - (await stat(path)).mtimeMs > staleMs;
  } catch (error) {
    ignoreMissing(error);
    return false;
  }
}

// Two processes may find the same stale lock, and the slower one would remove the new lock of the faster one.
// So it is moved aside first, and put back if it turns out to be fresh.
async function breakLock(path: string, now: number): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
    if (!(await isStale(aside, now))) await link(aside, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') ignoreMissing(error);
  } finally {
    await unlink(aside).catch(ignoreMissing);
  }
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}
