/** Restores a backup into a data folder that is empty or missing. Knows files and checksums, no server. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openReadOnly } from '../store/sqlite/database.js';
import { diskReason, errorCode } from '../system/disk-errors.js';
import { syncFolder } from '../system/shared-file.js';
import {
  archiveFailure,
  blobPath,
  type Contents,
  database,
  invalidBackup,
  readArchive,
  sums,
} from './archive.js';
import { Exit } from './command.js';
import { giveToOwnerOf } from './folders.js';
import { besideName, lockOf, removeLeftovers, stagingLock } from './leftovers.js';

interface Unpacking {
  readonly archive: string;
  /** Missing or empty. */
  readonly data: string;
  readonly signal: AbortSignal;
}

/** @throws Exit; the folder is then unchanged */
export async function unpack({ archive, data, signal }: Unpacking): Promise<{ files: number }> {
  await removeLeftovers(data);
  const missing = await checkEmpty(data);
  // Beside a missing folder, so that it appears complete; inside an existing one, which may be a disk of its own, or
  // the only place where this user may write.
  const staging = await restoreFolder(data, missing).catch((error: unknown) => {
    throw archiveFailure(error, archive, data);
  });
  const lock = await lockOf(staging);
  try {
    const contents = await readArchive({ archive, signal, into: staging });
    const files = await verify(staging, contents, archive);
    await rm(join(staging, sums));
    // Created now, so that it has the same owner as the rest.
    await mkdir(join(staging, 'files', 'uploads'), { recursive: true, mode: 0o700 });
    signal.throwIfAborted();
    if (missing) await rename(staging, data);
    else await moveInto(staging, data);
    await rm(join(missing ? data : staging, stagingLock));
    await syncFolder(missing ? dirname(data) : data);
    return { files };
  } catch (error) {
    throw archiveFailure(error, archive, data);
  } finally {
    lock.release();
    await rm(staging, { recursive: true, force: true });
  }
}

async function restoreFolder(data: string, missing: boolean): Promise<string> {
  if (!missing) return mkdtemp(join(data, '.restore-'));
  await mkdir(dirname(data), { recursive: true, mode: 0o700 });
  return mkdtemp(join(dirname(data), besideName(data)));
}

/** @returns whether the folder is missing. @throws Exit where it is not empty */
async function checkEmpty(data: string): Promise<boolean> {
  try {
    const names = await readdir(data);
    const [found] = names;
    if (found === undefined) return false;
    if (names.includes(database)) {
      const message = `${data} already contains a server's data. Choose a new folder with --data.`;
      throw new Exit('configuration', message);
    }
    const message = `${data} is not empty (${found}). Choose a new folder with --data, or empty this one.`;
    throw new Exit('configuration', message);
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return true;
    if (cause instanceof Exit) throw cause;
    throw new Exit('io', `${data}: ${diskReason(errorCode(cause))}.`, { cause });
  }
}

/** @returns the number of files */
async function verify(folder: string, contents: Contents, archive: string): Promise<number> {
  const lines = (await readFile(join(folder, sums), 'utf8')).trimEnd().split('\n');
  const listed = new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
  for (const [path, sum] of contents) {
    if (path === sums || path.startsWith('files/')) continue;
    if (listed.get(path) !== sum) throw invalidBackup(archive, `${path} is damaged`);
  }
  for (const path of listed.keys()) {
    if (!contents.has(path)) throw invalidBackup(archive, `${path} is missing`);
  }
  const restored = openReadOnly(join(folder, database));
  try {
    const [found] = restored.damage();
    if (found !== undefined) throw invalidBackup(archive, `its database is damaged (${found})`);
    const hashes = restored.fileHashes();
    const lost = hashes.map(blobPath).find((path) => !contents.has(path));
    if (lost !== undefined) throw invalidBackup(archive, `${lost} is missing`);
    return hashes.length;
  } finally {
    restored.close();
  }
}

/** The database last: with it, the folder counts as a server's data. */
async function moveInto(staging: string, data: string): Promise<void> {
  const names = (await readdir(staging)).filter((name) => name !== database && name !== stagingLock);
  const inside = await readdir(staging, { recursive: true });
  await giveToOwnerOf(
    data,
    inside.map((path) => join(staging, path)),
  );
  for (const name of [...names, database]) await rename(join(staging, name), join(data, name));
}
