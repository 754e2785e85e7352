/**
 * Creates a backup of a data folder, even while a server uses it. Knows files and checksums, no server; its caller copies the
 * database.
 */
import { createWriteStream } from 'node:fs';
import { access, chmod, copyFile, link, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';
import { openReadOnly } from '../store/sqlite/database.js';
import { errorCode } from '../system/disk-errors.js';
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
import { giveToOwnerOf } from './folders.js';
import { lockOf, removeLeftovers } from './leftovers.js';

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
