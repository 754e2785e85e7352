/**
 * One PostgreSQL connection that runs batches of calls, to write or only to read. A copy of the database, for backups, is a
 * SQLite file.
 */
import { isDeepStrictEqual } from 'node:util';
import { type CopyEnd, copyTables, countedTables } from '../sql/copy-tables.js';
import type { Database, Dialect } from '../sql/database.js';
import { DatabaseRefusal } from '../sql/failure.js';
import { createBatchRunner } from '../sql/group-commit.js';
import type { Operations } from '../sql/methods.js';
import { createOperations, type OwnParts } from '../sql/operations.js';
import type { DatabaseConnection, Driver } from '../sql/worker.js';
import { sqliteCopyEnd } from '../sqlite/connection.js';
import { closeDatabase, openDatabase } from '../sqlite/database.js';
import type { DatabaseAddress } from './address.js';
import { openBlocking, type PostgresDatabase } from './blocking.js';
import { describePostgresFailure } from './failure.js';
import { postgresMigrations } from './migrations.js';
import { createFollower, createPeerOperations } from './peers.js';
import { createVectorIndex } from './search.js';
import { beginWrite, locks } from './transactions.js';

/** What PostgreSQL says in its own way. */
export const postgresDialect: Dialect = {
  begin: {
    write: beginWrite,
    read: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
  },
  takeSeq: "SELECT nextval('log_seq') AS seq",
  numbersOf: '(SELECT CAST(json_array_elements_text(CAST(? AS json)) AS BIGINT))',
  savepoints: false,
  describe: describePostgresFailure,
  // The next transaction connects again.
  isFatal: () => false,
};

export interface PostgresConnectionOptions {
  readonly address: DatabaseAddress;
  /** The UUID of this program among those that write; undefined for one that only reads, beside one that writes. */
  readonly server?: string;
}

/** @throws DatabaseRefusal for a database of another program or of a newer version, or PostgreSQL's own error */
export function openPostgresConnection({ address, server }: PostgresConnectionOptions): DatabaseConnection {
  const db = server === undefined ? openBlocking(address) : openCurrent(address, server);
  try {
    const peers = server === undefined ? undefined : createDatabasePeers(db, server);
    const operations = createPostgresOperations(db, address, peers?.operations);
    return {
      run: createBatchRunner(db, postgresDialect, operations, peers?.follower),
      close() {
        peers?.withdraw();
        db.close();
      },
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

export const postgresDriver: Driver<PostgresConnectionOptions> = {
  open: openPostgresConnection,
  describe: describePostgresFailure,
};

export function createDatabasePeers(db: PostgresDatabase, server: string) {
  const follower = createFollower(db, server);
  return {
    follower,
    operations: createPeerOperations(db, { server, follower }),
    /** Where the database does not answer, the others bury it. */
    withdraw() {
      try {
        db.exec(`DELETE FROM servers WHERE id = '${server}'`);
      } catch {}
    },
  };
}

/** The database with today's tables. @throws as openPostgresConnection, also where servers of an older version use it */
export function openCurrent(
  address: DatabaseAddress,
  server?: string,
  steps = postgresMigrations,
): PostgresDatabase {
  const db = openBlocking(address, server);
  try {
    const version = versionOf(db, steps);
    if (version > 0 && version < steps.length && isInUse(db)) {
      throw new DatabaseRefusal(
        'Servers of an older version use this database, whose tables have to change. Stop all of them first.',
        { inUse: true },
      );
    }
    migrate(db, steps);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Longer than a server takes from one beat to the next. */
const standstillMs = 7_000;

/** The database with today's tables, which no server uses. @throws as openPostgresConnection, and DatabaseRefusal */
export function openUnused(address: DatabaseAddress): PostgresDatabase {
  const db = openCurrent(address);
  if (!isInUse(db)) return db;
  db.close();
  throw new DatabaseRefusal('A server is using this database. Stop it, or choose another one.', {
    inUse: true,
  });
}

/** Whether servers work on it. Blocks for a while where some are listed, which may have been killed. */
function isInUse(db: PostgresDatabase): boolean {
  const beats = db.prepare('SELECT id, beat FROM servers WHERE registered ORDER BY id');
  const before: unknown[] = beats.all();
  if (before.length === 0) return false;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, standstillMs);
  return !isDeepStrictEqual(beats.all(), before);
}

export function createPostgresOperations(
  db: PostgresDatabase,
  address: DatabaseAddress,
  peers: OwnParts['peers'],
): Operations {
  const files = {
    copy: (file: string) => copyToFile(address, file),
    // PostgreSQL checks pages as it reads them.
    damage: () => [],
  };
  const index = createVectorIndex(db);
  return createOperations(db, { dialect: postgresDialect, index, files, ...(peers && { peers }) });
}

/** All of the database, as it is at one moment, in a new SQLite file. */
function copyToFile(address: DatabaseAddress, file: string): void {
  const from = openBlocking(address);
  const to = openDatabase({ file });
  try {
    from.exec(postgresDialect.begin.read);
    to.exec('BEGIN');
    copyTables(postgresCopyEnd(from), sqliteCopyEnd(to));
    to.exec('COMMIT');
  } finally {
    from.close();
    closeDatabase(to);
  }
}

/** An end of a copy. @param db in a transaction */
export function postgresCopyEnd(db: Database): CopyEnd {
  return {
    db,
    index: createVectorIndex(db),
    lastSeq() {
      const row: { seq: number } = db
        .prepare('SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS seq FROM log_seq')
        .get();
      return row.seq;
    },
    countOn(seq) {
      for (const name of countedTables) {
        const sequence = `pg_get_serial_sequence('${name}', 'id')`;
        db.exec(`SELECT setval(${sequence}, max(id)) FROM ${name} HAVING count(*) > 0`);
      }
      if (seq > 0) db.prepare("SELECT setval('log_seq', ?)").get(seq);
    },
  };
}

/** Brings the tables up to date, one server at a time. */
function migrate(db: PostgresDatabase, steps: readonly string[]): void {
  db.exec(`BEGIN; SELECT pg_advisory_xact_lock(${locks.migration})`);
  try {
    const from = versionOf(db, steps);
    for (const step of steps.slice(from)) db.exec(step);
    if (from === 0) {
      db.exec('CREATE TABLE secure_chat (version INTEGER NOT NULL); INSERT INTO secure_chat VALUES (0)');
    }
    if (from < steps.length) db.exec(`UPDATE secure_chat SET version = ${steps.length}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** 0 for a database without tables. */
function versionOf(db: PostgresDatabase, { length: newest }: readonly string[]): number {
  const { tables, own }: { tables: number; own: number } = db
    .prepare(
      `SELECT count(*) AS tables, count(*) FILTER (WHERE relname = 'secure_chat') AS own FROM pg_class
       WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`,
    )
    .get();
  if (own === 0 && tables > 0) {
    throw new DatabaseRefusal(
      'This database belongs to another program. Create one of its own with createdb.',
    );
  }
  if (own === 0) return 0;
  const { version }: { version: number } = db.prepare('SELECT version FROM secure_chat').get();
  if (version <= newest) return version;
  throw new DatabaseRefusal(
    `This database was written by a newer secure-chat (version ${version}; this program supports up to ` +
      `${newest}). Update secure-chat.`,
  );
}
