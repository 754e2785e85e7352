/** Opens a server's store: a file in its data folder, or a PostgreSQL database, which nothing else loads. */
import { stat } from 'node:fs/promises';
import type { DatabaseAddress } from '../store/postgres/address.js';
import { lossesOf } from '../store/sqlite/last-entry.js';
import type { SqliteOptions } from '../store/sqlite/open.js';
import type { Store, StoreError } from '../store/store.js';
import { Exit } from './command.js';
import { databaseFile, refuseLost } from './folders.js';

interface ServerStore {
  readonly store: Store;
  /** For people, where it is not a file in the data folder. */
  readonly place?: string;
  /** What is known to be lost, as sentences for admins. */
  readonly notices: readonly string[];
  /** All of it can be examined at each start. */
  readonly small: boolean;
}

/** Takes a second or two, in which searches wait. */
const smallBytes = 256 * 1024 * 1024;

/** @throws StoreError, StoreInUse (of a file), Exit where the data in the folder is lost */
export async function openServerStore(
  { data, database }: { readonly data: string; readonly database?: string },
  openFile: (options: SqliteOptions) => Promise<Store>,
  onFailure: (error: StoreError) => void,
): Promise<ServerStore> {
  if (database !== undefined) {
    const address = await readAddress(database);
    const { addressText } = await import('../store/postgres/address.js');
    const { openPostgresStore } = await import('../store/postgres/open.js');
    const store = await openPostgresStore({ address, onFailure });
    return { store, place: addressText(address), notices: [], small: false };
  }
  const file = databaseFile(data);
  const before = await stat(file).catch(() => undefined);
  // Before anything new is made beside what is left.
  if (before === undefined || before.size === 0) await refuseLost(data);
  const store = await openFile({ file, onFailure });
  try {
    if ((await store.countAccounts()) === 0) await refuseLost(data);
    return { store, notices: lossesOf(file), small: (await stat(file)).size <= smallBytes };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** For a command. @throws StoreError, Exit where the address can't be read */
export async function openDatabaseAt(database: string): Promise<Store> {
  const { openPostgresStore } = await import('../store/postgres/open.js');
  return openPostgresStore({ address: await readAddress(database), onFailure: () => {} });
}

/** @throws Exit */
export async function readAddress(database: string): Promise<DatabaseAddress> {
  const { parseDatabaseAddress } = await import('../store/postgres/address.js');
  try {
    return parseDatabaseAddress(database);
  } catch (error) {
    if (error instanceof RangeError) throw new Exit('configuration', error.message, { cause: error });
    throw error;
  }
}
