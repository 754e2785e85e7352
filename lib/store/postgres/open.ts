/** Opens a Store in a PostgreSQL database. Knows no SQL. */
import { openStore, type StartConnection, type StoreOptions } from '../sql/open-store.js';
import { loadThread } from '../sql/thread.js';
import type { Store } from '../store.js';
import { addressText, type DatabaseAddress } from './address.js';
import type { PostgresConnectionOptions } from './connection.js';

export interface PostgresOptions
  extends Pick<StoreOptions, 'onFailure'>,
    Partial<Pick<StoreOptions, 'start'>> {
  readonly address: DatabaseAddress;
}

const startThread: StartConnection = (options) =>
  loadThread({ module: new URL('./connection.js', import.meta.url).href, name: 'postgresDriver' }).open(
    options,
  );

/**
 * Opens the store, creating its tables in an empty database.
 * @param options.start in place of threads of its own
 * @throws StoreInUse where another program has it open
 * @throws StoreError where it cannot be opened, with what to do
 */
export function openPostgresStore({
  address,
  onFailure,
  start = startThread,
}: PostgresOptions): Promise<Store> {
  const database: PostgresConnectionOptions = { address };
  const readers: PostgresConnectionOptions = { address, reader: true };
  return openStore({
    ...{ name: addressText(address), start, onFailure },
    database: { writer: database, reader: readers },
  });
}
