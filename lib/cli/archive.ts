/**
 * A server's data in one file: a tar archive (POSIX pax) of the database, the files people sent and the server's own
 * key pair. Knows names and bytes; neither servers nor what is in the database.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { create, extract, list } from 'tar';
import { openSqliteStore } from '../store/sqlite/open.js';
import { databaseFile, filesFolder } from './data-folder.js';
import { Exit, exitCode } from './exit.js';

/** What an archive may hold, and nothing else: links and other paths are refused. */
const database = basename(databaseFile(''));
const keyFiles = ['server.pem', 'server-key.pem'];
const blob = /^files\/[0-9a-f]{2}\/[0-9a-f]{62}$/;

export interface Packed {
  readonly files: number;
}

export interface Packing {
  readonly data: string;
  /** Must not exist. */
  readonly archive: string;
  /** Makes a consistent copy of the database in a new file. */
  readonly copy: (file: string) => Promise<unknown>;
}

/** @throws Exit where the archive exists, cannot be written, or is not whole when it is read again */
export async function pack({ data, archive, copy }: Packing): Promise<Packed> {
  if (await exists(archive)) throw new Exit(exitCode.io, `${archive} exists already: choose another name.`);
  const staging = await mkdtemp(join(data, '.backup-'));
  const part = join(dirname(archive), `.${basename(archive)}.part`);
  try {
    await copy(join(staging, database));
    // After the database: what it names is then there, unless it was removed since.
    await makePrivate(part);
    const names = [join(basename(staging), database), ...(await present(data))];
    await create(
      {
        file: part,
        cwd: data,
        portable: true,
        onWriteEntry(entry) {
          if (entry.path.endsWith(`/${database}`)) entry.path = database;
        },
      },
      names,
    );
    const packed = await verify(part);
    await rename(part, archive);
    return packed;
  } catch (error) {
    await rm(part, { force: true });
    throw failure(error, archive);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Puts the data of an archive into a folder that has none. @throws Exit; the folder is then as it was */
export async function unpack(archive: string, data: string): Promise<Packed> {
  if (await exists(databaseFile(data))) {
    throw new Exit(
      exitCode.configuration,
      `${data} holds a server's data already: choose an empty folder with --data.`,
    );
  }
  await mkdir(dirname(data), { recursive: true, mode: 0o700 });
  const staging = await mkdtemp(join(dirname(data), '.restore-'));
  try {
    const packed = await verify(archive, staging);
    await mkdir(data, { recursive: true, mode: 0o700 });
    // The database last: with it, there is a server's data.
    const names = await readdir(staging);
    for (const name of [...names.filter((each) => each !== database), database]) {
      await rename(join(staging, name), join(data, name));
    }
    return packed;
  } catch (error) {
    throw failure(error, archive);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Reads all of an archive, into a folder that is to be kept or into one that is not. */
async function verify(archive: string, folder?: string): Promise<Packed> {
  const wrong: string[] = [];
  await list({
    file: archive,
    strict: true,
    onReadEntry(entry) {
      const known = entry.path === database || keyFiles.includes(entry.path) || blob.test(entry.path);
      const folders = entry.type === 'Directory' && /^files\/([0-9a-f]{2}\/)?$/.test(entry.path);
      if (!folders && !(known && entry.type === 'File')) wrong.push(entry.path);
      entry.resume();
    },
  });
  if (wrong.length > 0) throw damaged(archive, `it holds ${wrong[0]}, which no backup does`);
  const place = folder ?? (await mkdtemp(join(dirname(archive), '.verify-')));
  try {
    // Folders that are in no entry are made with the modes of the day.
    await mkdir(filesFolder(place), { mode: 0o700 });
    await extract({ file: archive, cwd: place, strict: true, preserveOwner: false });
    return await verifyData(place, archive);
  } finally {
    if (folder === undefined) await rm(place, { recursive: true, force: true });
  }
}

async function verifyData(folder: string, archive: string): Promise<Packed> {
  if (!(await exists(databaseFile(folder)))) throw damaged(archive, 'it holds no database');
  const store = await openSqliteStore({ file: databaseFile(folder), onFailure: () => {} });
  try {
    const [found] = await store.damage();
    if (found !== undefined) throw damaged(archive, `its database is damaged (${found})`);
    const hashes = await store.fileHashes();
    for (const hash of hashes) {
      if ((await hashOf(blobFile(folder, hash))) !== hash)
        throw damaged(archive, `the file ${hash} is missing or damaged`);
    }
    return { files: hashes.length };
  } finally {
    await store.close();
    await rm(`${databaseFile(folder)}-lock`, { force: true });
  }
}

/** Where the bytes of a hash are in a data folder. */
export function blobFile(data: string, hash: string): string {
  const name = Buffer.from(hash, 'base64url').toString('hex');
  return join(filesFolder(data), name.slice(0, 2), name.slice(2));
}

/** SHA-256, base64url; undefined where there is no such file. */
export async function hashOf(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  const digest = createHash('sha256');
  for await (const chunk of file.createReadStream()) digest.update(chunk as Buffer);
  return digest.digest('base64url');
}

/** Names to pack, besides the database. What is still coming is not packed. */
async function present(data: string): Promise<string[]> {
  const shelves = await readdir(filesFolder(data)).catch(() => []);
  const files = shelves.filter((name) => /^[0-9a-f]{2}$/.test(name)).map((name) => join('files', name));
  const keys = await Promise.all(
    keyFiles.map(async (name) => ((await exists(join(data, name))) ? [name] : [])),
  );
  return [...keys.flat(), ...files];
}

async function makePrivate(path: string): Promise<void> {
  await rm(path, { force: true });
  await (await open(path, 'wx', 0o600)).close();
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function damaged(archive: string, why: string): Exit {
  return new Exit(exitCode.data, `${archive} is no good backup: ${why}.`);
}

function failure(error: unknown, archive: string): Exit {
  if (error instanceof Exit) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new Exit(exitCode.io, `${archive}: ${why}`, { cause: error });
}
