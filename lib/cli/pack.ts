/**
 * Creates a backup of a data folder, even while a server uses it, and restores one into an empty folder. Knows files and
 * checksums, no server; its caller copies the database.
 */
import { createWriteStream } from 'node:fs';
import {
  access,
  chmod,
  chown,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';
import { openReadOnly } from '../store/sqlite/database.js';
import { diskReason, errorCode } from '../system/disk-errors.js';
import { syncFolder } from '../system/shared-file.js';
import { unlessAborted } from '../system/unless-aborted.js';
import {
  archiveFailure,
  blobPath,
  type Contents,
  database,
  invalidBackup,
  keyPair,
  readArchive,
  sumOf,
  sums,
} from './archive.js';
import { Exit } from './command.js';
import { besideName, lockOf, removeLeftovers, stagingLock } from './leftovers.js';

interface Packing {
  readonly data: string;
  /** Must not exist. */
  readonly archive: string;
  /** Makes a consistent copy of the database in a new file of a folder inside `data`. */
  readonly copy: (file: string) => Promise<unknown>;
  readonly signal: AbortSignal;
}

/** A file can be deleted between the copy of the database and the moment it is linked. */
const attempts = 5;

/**
 * Gathers everything in a folder inside `data` (files as hard links, so that none can disappear meanwhile), writes
 * it into ARCHIVE.part, reads that back, and renames it.
 * @throws Exit where the archive exists or cannot be written, or the data is damaged
 */
export async function pack({ data, archive, copy, signal }: Packing): Promise<{ files: number }> {
  await refuseExisting(archive);
  const part = `${archive}.part`;
  const staging = await backupFolder(data).catch((error: unknown) => {
    throw archiveFailure(error, archive);
  });
  const lock = await lockOf(staging);
  try {
    await giveToOwnerOf(data, [staging]);
    const contents = await gather({ data, staging, copy, archive, signal });
    await rm(part, { force: true });
    const names = [...keyPair.filter((name) => contents.has(name)), database, 'files', sums];
    const bytes = create({ cwd: staging, portable: true, strict: true }, names);
    await pipeline(bytes, createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }), { signal });
    compare(contents, await readArchive({ archive: part, signal }), part);
    await renameNew(part, archive);
    return { files: [...contents.keys()].filter((path) => path.startsWith('files/')).length };
  } catch (error) {
    await rm(part, { force: true });
    throw archiveFailure(error, archive);
  } finally {
    lock.release();
    await rm(staging, { recursive: true, force: true });
  }
}

async function backupFolder(data: string): Promise<string> {
  await removeLeftovers(data);
  return mkdtemp(join(data, '.backup-'));
}

/** A server must be able to use what root creates in its folder. */
export async function giveToOwnerOf(folder: string, paths: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  for (const path of paths) await chown(path, uid, gid);
}

interface Gathering extends Packing {
  readonly staging: string;
}

/** Everything for the archive, in a folder of its own. */
async function gather({ data, staging, copy, archive, signal }: Gathering): Promise<Contents> {
  const contents = new Map<string, string>();
  const keep = async (name: string): Promise<void> => {
    contents.set(name, await sumOf(join(staging, name)));
  };
  for (const name of keyPair) {
    const found = await copyFile(join(data, name), join(staging, name)).then(() => true, unlessMissing);
    if (found) await keep(name);
  }
  for (let left = attempts; ; left--) {
    signal.throwIfAborted();
    await rm(join(staging, database), { force: true });
    await unlessAborted(copy(join(staging, database)), signal);
    const hashes = soundHashes(join(staging, database), archive);
    await rm(join(staging, 'files'), { recursive: true, force: true });
    await mkdir(join(staging, 'files'));
    const missing = await linkFiles({ data, staging, hashes, signal });
    if (missing === undefined) {
      for (const path of hashes.map(blobPath)) contents.set(path, path.replaceAll(/files|\//g, ''));
      break;
    }
    // Missing this often in a row: it was not deleted just now.
    if (left <= 1) throw missingFile(archive, missing);
  }
  await chmod(join(staging, database), 0o600);
  await keep(database);
  const lines = [...contents].filter(([path]) => !path.startsWith('files/'));
  const text = lines.map(([path, sum]) => `${sum}  ${path}\n`).join('');
  await writeFile(join(staging, sums), text, { mode: 0o600 });
  await keep(sums);
  return contents;
}

/** @throws Exit where the copy is damaged */
function soundHashes(file: string, archive: string): readonly string[] {
  const copied = openReadOnly(file);
  try {
    const [found] = copied.damage();
    if (found === undefined) return copied.fileHashes();
    throw new Exit('io', `Cannot create ${archive}: the database is damaged (${found}). Restore a backup.`);
  } finally {
    copied.close();
  }
}

interface Linking {
  readonly data: string;
  readonly staging: string;
  readonly hashes: readonly string[];
  readonly signal: AbortSignal;
}

/** Hard links to all files, or copies where links are impossible. @returns the first one that is missing */
async function linkFiles({ data, staging, hashes, signal }: Linking): Promise<string | undefined> {
  for (const path of hashes.map(blobPath)) {
    signal.throwIfAborted();
    const [from, to] = [join(data, path), join(staging, path)];
    await mkdir(dirname(to), { recursive: true });
    const linked = await link(from, to)
      .then(() => true, unlessMissing)
      .catch(() => undefined);
    const found = linked ?? (await copyFile(from, to).then(() => true, unlessMissing));
    if (!found) return path;
  }
  return undefined;
}

function unlessMissing(error: unknown): false {
  if (errorCode(error) === 'ENOENT') return false;
  throw error;
}

/** Compares what was read back with what was written. */
function compare(wanted: Contents, found: Contents, part: string): void {
  for (const [path, sum] of wanted) {
    if (found.get(path) !== sum) throw invalidBackup(part, `${path} was not written correctly`);
  }
}

/** Gives it its name, without overwriting anything, even a file created meanwhile. */
async function renameNew(part: string, archive: string): Promise<void> {
  try {
    await link(part, archive);
    await rm(part);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw existing(archive);
    // A disk without hard links, such as a memory stick.
    await refuseExisting(archive);
    await rename(part, archive);
  }
  await syncFolder(dirname(archive));
}

async function refuseExisting(archive: string): Promise<void> {
  const found = await access(archive).then(() => true, unlessMissing);
  if (found) throw existing(archive);
}

function existing(archive: string): Exit {
  return new Exit('io', `${archive} already exists. Choose another name.`);
}

function missingFile(archive: string, path: string): Exit {
  const message = `Cannot create ${archive}: ${path}, which a message refers to, is missing in the data folder.`;
  return new Exit(
    'io',
    `${message} Put it back from an older backup; secure-chat check counts missing files.`,
  );
}

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
