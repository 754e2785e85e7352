/** Runs an operator command on a data folder without a running server. */
import { ProtocolError } from '../protocol/errors.js';
import type { RawFrame } from '../protocol/frame.js';
import { openApp } from '../server/app.js';
import { createHasher } from '../server/auth/hasher.js';
import { silentLog } from '../server/log.js';
import { createConnectionLimits } from '../server/net/connection-limits.js';
import { ControlError } from '../server/operator/control-socket.js';
import { operatorCommands } from '../server/operator/operator-commands.js';
import { openFolderBlobs } from '../store/folder/blobs.js';
import { openReadOnly, type ReadOnlyDatabase } from '../store/sqlite/database.js';
import { openSqliteStore } from '../store/sqlite/open.js';
import { backgroundClock } from '../system/clock.js';
import { defaultPort } from '../trust/endpoint.js';
import { loadKeyPair, readKeyPair } from '../trust/key-pair.js';
import { ownCertificate } from '../trust/renewal.js';
import { Exit } from './command.js';
import { databaseFile, filesFolder, requireData } from './folders.js';
import { liveSettings } from './live-settings.js';
import type { OperatorContext } from './operator-context.js';
import { joinLinks } from './server-links.js';
import { environmentSettings } from './server-options.js';
import { openDatabaseAt } from './server-store.js';
import { startFailure } from './start-failure.js';

/** Commands that only read the database leave it as it is, even its version. */
const reads: Readonly<Record<string, (database: ReadOnlyDatabase, args: RawFrame) => RawFrame>> = {
  copy(database, { file }) {
    database.copy(String(file));
    return {};
  },
  damage(database) {
    const { outdated } = database;
    const missing = database.missing();
    const accounts = database.accounts();
    return { damage: database.damage(), outdated, accounts, ...(missing !== undefined && { missing }) };
  },
  'file-hashes': (database) => ({ hashes: database.fileHashes() }),
};

const linking: ReadonlySet<string> = new Set(['invite', 'user-reset']);

/** @throws Exit */
export async function operateOffline(
  where: OperatorContext,
  command: string,
  args: RawFrame,
): Promise<RawFrame> {
  const { data, database } = where;
  await requireData(where);
  const file = databaseFile(data);
  const read = reads[command];
  if (read !== undefined && database === undefined) {
    return runReadOnly(file, data, (readOnly) => read(readOnly, args));
  }
  // First: a code without its link would be useless.
  const links = linking.has(command) ? await offlineLinks(where) : () => [];
  const opened =
    database === undefined ? openSqliteStore({ file, onFailure: () => {} }) : openDatabaseAt(database);
  const store = await opened.catch((error: unknown) => {
    throw startFailure(error, where);
  });
  const hasher = createHasher();
  try {
    const { app, cleanup } = await openApp(
      {
        name: 'secure-chat',
        live: liveSettings({}),
        links,
      },
      {
        ...{
          store,
          hasher,
          clock: backgroundClock,
          log: silentLog,
          connectionLimits: createConnectionLimits({ clock: backgroundClock }),
        },
        blobs: await openFolderBlobs(filesFolder(data)),
      },
    );
    const answer = await operatorCommands(app).get(command)?.(args);
    await cleanup.close();
    await app.peers.close();
    return { ...answer };
  } catch (error) {
    if (error instanceof ControlError || error instanceof ProtocolError) {
      throw new Exit('refused', error.message, { cause: error });
    }
    throw startFailure(error, where);
  } finally {
    hasher.close();
    await store.close();
  }
}

function runReadOnly(file: string, data: string, read: (database: ReadOnlyDatabase) => RawFrame): RawFrame {
  let database: ReadOnlyDatabase | undefined;
  try {
    database = openReadOnly(file);
    return read(database);
  } catch (error) {
    throw startFailure(error, { data });
  } finally {
    database?.close();
  }
}

/** Join links for where a server with the same environment and `--config` file would listen. */
async function offlineLinks({ data, settings, io }: OperatorContext): Promise<(code: string) => string[]> {
  const environment = environmentSettings(io.env);
  const values = { ...settings, ...environment.values };
  const { cert, key, port = defaultPort } = values;
  const [fault] = environment.faults;
  if (fault !== undefined) throw noLink(`${fault.variable}: ${fault.message}`);
  if (port === 0) throw noLink('with port 0, the port is chosen at start. Start the server first.');
  // A server renews its own certificate at start, however old; the key, and so the pin, stays.
  const pair =
    cert === undefined
      ? readKeyPair(ownCertificate(data))
      : loadKeyPair({ cert, key, now: backgroundClock.now() });
  const { pin } = await pair.catch((error: Error) => {
    throw noLink(error.message, error);
  });
  return (code) => joinLinks(values, { pin, port, code });
}

function noLink(why: string, cause?: unknown): Exit {
  return new Exit('configuration', `Cannot create a join link: ${why}`, { cause });
}
