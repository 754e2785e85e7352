/** Opens a Store in a PostgreSQL database. Knows no SQL. */
import { randomUUID } from 'node:crypto';
import type { Change } from '../peer-store.js';
import { openStore, type StartConnection, type StoreOptions } from '../sql/open-store.js';
import { loadThread } from '../sql/thread.js';
import type { Store } from '../store.js';
import { addressText, type DatabaseAddress } from './address.js';
import type { PostgresConnectionOptions } from './connection.js';
import { type HintListener, listenForHints } from './listener.js';

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
 * @throws StoreError where it cannot be opened, with what to do
 */
export async function openPostgresStore({
  address,
  onFailure,
  start = startThread,
}: PostgresOptions): Promise<Store & Required<Pick<Store, 'peering'>>> {
  const server = randomUUID();
  const database: PostgresConnectionOptions = { address, server };
  const readers: PostgresConnectionOptions = { address };
  /** Before it is attended: a server that loads what the others change would miss what they do meanwhile. */
  let early: readonly Change[] = [];
  let onChanges = (changes: readonly Change[]): void => {
    early = [...early, ...changes];
  };
  let listener: HintListener | undefined;
  const { look, beat, now, bury, enter, tell, setAway, stored, signedIn, ...store } = await openStore({
    ...{ name: addressText(address), start, onFailure },
    onChanges: (changes) => onChanges(changes),
    database: { writer: database, reader: readers },
  });
  return {
    ...store,
    peering: {
      ...{ server, look, beat, now, bury, enter, tell, setAway, stored, signedIn },
      attend(attendant) {
        onChanges = attendant.onChanges;
        onChanges(early);
        early = [];
        listener ??= listenForHints(address, attendant.onHint);
      },
    },
    close() {
      listener?.close();
      return store.close();
    },
  };
}
