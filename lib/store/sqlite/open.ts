/** Opens a Store in one SQLite file. Knows its folder, no SQL. */
import { closeSync, fchownSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { storeError } from '../sql/failure.js';
import { openStore, type StartConnection, type StoreOptions } from '../sql/open-store.js';
import type { LoadingThread } from '../sql/thread.js';
import { type Store, StoreError } from '../store.js';
import type { SqliteConnectionOptions } from './connection.js';
import type { DatabaseOptions } from './database.js';
import { describeFailure } from './failure.js';
import { lockFile, noteFile, refuseRemains } from './last-entry.js';
import { loadSqliteThread } from './thread.js';

export interface SqliteOptions extends DatabaseOptions, Pick<StoreOptions, 'onFailure'> {}

/**
 * Opens the store, creating the file (mode 0600) in a folder that exists. Beside it are FILE-wal and FILE-shm while
 * it is open, FILE-lock, which must never be removed meanwhile, FILE-last and, after a loss, FILE-loss (last-entry.ts).
 *
 * @param writer the thread that is to write, if it was started before; the caller closes it where this fails
 * @throws StoreInUse where the file is open already, in this process or another
 * @throws StoreError where it cannot be opened, with what to do
 */
export function openSqliteStore(options: SqliteOptions, writer?: LoadingThread): Promise<Store> {
  let loaded = writer;
  return openSqliteStoreOn((thread) => {
    // The first that is started writes.
    const loading = loaded ?? loadSqliteThread();
    loaded = undefined;
    return loading.open(thread);
  }, options);
}

/** As openSqliteStore, on what `start` starts. */
export async function openSqliteStoreOn(
  start: StartConnection,
  { file, onFailure, ...settings }: SqliteOptions,
): Promise<Store> {
  const path = resolve(file);
  try {
    refuseRemains(path);
  } catch (error) {
    throw storeError(path, describeFailure(error));
  }
  // Here and not in the thread.
  makeFilesPrivate(path);
  const database: SqliteConnectionOptions = { ...settings, file: path };
  const readers: SqliteConnectionOptions = { ...database, reader: true };
  const store = await openStore({
    ...{ name: path, start, onFailure },
    database: { writer: database, reader: readers },
  });
  return {
    ...store,
    async copy(copied) {
      makePrivate(copied);
      await store.copy(copied);
    },
  };
}

/**
 * Creates the files of a database for their owner alone, without a pause between open and close: see takeLock.
 * @throws StoreError
 */
export function makeFilesPrivate(file: string): void {
  for (const each of [file, lockFile(file), noteFile(file)]) makePrivate(each);
}

/** Creates an empty file for its owner alone; an existing one stays as it is. */
function makePrivate(file: string): void {
  try {
    const made = openSync(file, 'wx', 0o600);
    // What root creates in another user's folder, that user's server has to be able to open.
    const { uid, gid } = statSync(dirname(file));
    if (process.getuid?.() === 0) fchownSync(made, uid, gid);
    closeSync(made);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && !statSync(file, { throwIfNoEntry: false })?.isDirectory()) return;
    throw new StoreError(`${file}: ${advice(code, dirname(file))}`, { cause: error });
  }
}

function advice(code: unknown, folder: string): string {
  if (code === 'EEXIST') return 'This is a folder. Move it away, or choose another data folder.';
  if (code === 'ENOENT') return `The folder ${folder} does not exist. Create it first.`;
  return `Cannot create a file in ${folder}. Check the folder's permissions and its disk.`;
}
