/**
 * A data folder into a new archive, also while a server works on it. Knows files; whoever calls it knows how the
 * database is copied.
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
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create } from 'tar';
import { openReadOnly } from '../store/sqlite/read-only.js';
import { errorCode, syncFolder } from '../system/atomic-file.js';
import { unlessAborted } from '../system/unless-aborted.js';
import {
  archiveFailure,
  blobPath,
  type Contents,
  database,
  keyPair,
  noBackup,
  readArchive,
  sumOf,
  sums,
} from './archive.js';
import { Exit, exitCode } from './exit.js';

export interface Packing {
  readonly data: string;
  /** Must not exist. */
  readonly archive: string;
  /** Makes a consistent copy of the database in a new file of a folder inside `data`. */
  readonly copy: (file: string) => Promise<unknown>;
  readonly signal: AbortSignal;
}

const leftBehind = /^\.(?:backup|restore)-/;
/** No backup takes that long. */
const staleMs = 24 * 60 * 60_000;
/** A file can be taken away between the copy of the database and the moment it is held on to. */
const attempts = 5;

/**
 * Gathers everything in a folder inside `data` (files as second names of the same bytes, so that none can go
 * meanwhile), writes it into ARCHIVE.part, reads that again, and gives it its name.
 * @throws Exit where the archive exists, cannot be written, or what is there is damaged
 */
export async function pack({ data, archive, copy, signal }: Packing): Promise<{ files: number }> {
  await refuseExisting(archive);
  const part = `${archive}.part`;
  const staging = await newStaging(data).catch((error: unknown) => {
    throw archiveFailure(error, archive);
  });
  try {
    await giveToOwnerOf(data, [staging]);
    const contents = await gather({ data, staging, copy, archive, signal });
    await rm(part, { force: true });
    const names = [...keyPair.filter((name) => contents.has(name)), database, 'files', sums];
    const bytes = create({ cwd: staging, portable: true, strict: true }, names);
    await pipeline(bytes, createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }), { signal });
    compare(contents, await readArchive({ archive: part, signal }), part);
    await named(part, archive);
    return { files: [...contents.keys()].filter((path) => path.startsWith('files/')).length };
  } catch (error) {
    await rm(part, { force: true });
    throw archiveFailure(error, archive);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function newStaging(data: string): Promise<string> {
  for (const name of await leftovers(data, staleMs)) await rm(join(data, name), { recursive: true });
  return mkdtemp(join(data, '.backup-'));
}

/** Folders of backups and restores that did not come to their end, and are older than this. */
export async function leftovers(data: string, ms: number): Promise<string[]> {
  const names = (await readdir(data)).filter((name) => leftBehind.test(name));
  const old = names.map(async (name) => {
    const about = await stat(join(data, name)).catch(() => undefined);
    return about !== undefined && Date.now() - about.mtimeMs > ms ? [name] : [];
  });
  return (await Promise.all(old)).flat();
}

/** What root makes in the folder of another user's server, that server has to be able to use. */
export async function giveToOwnerOf(folder: string, paths: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  for (const path of paths) await chown(path, uid, gid);
}

interface Gathering extends Packing {
  readonly staging: string;
}

/** All that an archive is to hold, in a folder of its own. */
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
    const missing = await holdOn({ data, staging, hashes, signal });
    if (missing === undefined) {
      for (const path of hashes.map(blobPath)) contents.set(path, path.replaceAll(/files|\//g, ''));
      break;
    }
    // So many times in a row: it was not taken back just now.
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
  const still = openReadOnly(file);
  try {
    const [found] = still.damage();
    if (found === undefined) return still.fileHashes();
    throw new Exit(
      exitCode.io,
      `${archive} is not made: the database is damaged (${found}). Restore a backup.`,
    );
  } finally {
    still.close();
  }
}

interface Holding {
  readonly data: string;
  readonly staging: string;
  readonly hashes: readonly string[];
  readonly signal: AbortSignal;
}

/** Second names for all files, or copies where there can be none. @returns the first one that is not there */
async function holdOn({ data, staging, hashes, signal }: Holding): Promise<string | undefined> {
  for (const path of hashes.map(blobPath)) {
    signal.throwIfAborted();
    const [from, to] = [join(data, path), join(staging, path)];
    await mkdir(dirname(to), { recursive: true });
    const linked = await link(from, to)
      .then(() => true, unlessMissing)
      .catch(() => undefined);
    const held = linked ?? (await copyFile(from, to).then(() => true, unlessMissing));
    if (!held) return path;
  }
  return undefined;
}

function unlessMissing(error: unknown): false {
  if (errorCode(error) === 'ENOENT') return false;
  throw error;
}

/** What was read again against what was to be written. */
function compare(wanted: Contents, found: Contents, part: string): void {
  for (const [path, sum] of wanted) {
    if (found.get(path) !== sum) throw noBackup(part, `${path} was not written as it is`);
  }
}

/** Its name, which nothing else has: not even what came to be meanwhile is overwritten. */
async function named(part: string, archive: string): Promise<void> {
  try {
    await link(part, archive);
    await rm(part);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw existing(archive);
    // A disk without second names, such as a memory stick.
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
  return new Exit(exitCode.io, `${archive} exists already: choose another name than ${basename(archive)}.`);
}

function missingFile(archive: string, path: string): Exit {
  const message = `${archive} is not made: ${path} is missing in the data folder, where a message names it.`;
  return new Exit(exitCode.io, `${message} Put it back from an older backup; secure-chat check counts them.`);
}
