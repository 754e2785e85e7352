/** One PostgreSQL connection that runs batches of calls, to write or only to read. The driver of a database thread. */
import type { Clock } from '../../system/clock.js';
import { DatabaseRefusal } from '../sql/failure.js';
import { createBatchRunner } from '../sql/group-commit.js';
import type { Operations } from '../sql/methods.js';
import { createOperations } from '../sql/operations.js';
import type { DatabaseConnection, Driver } from '../sql/worker.js';
import type { DatabaseAddress } from './address.js';
import { openBlocking, type PostgresDatabase } from './blocking.js';
import { locks, postgresDialect } from './dialect.js';
import { describePostgresFailure } from './failure.js';
import { postgresMigrations } from './migrations.js';
import { createVectorIndex } from './search.js';

export interface PostgresConnectionOptions {
  readonly address: DatabaseAddress;
  /** Reads only, beside a connection that has brought the tables up to date. */
  readonly reader?: boolean;
}

/** @throws DatabaseRefusal for a database of another program or of a newer version, or PostgreSQL's own error */
export function openPostgresConnection({
  address,
  reader = false,
}: PostgresConnectionOptions): DatabaseConnection {
  const db = openBlocking(address);
  try {
    if (!reader) migrate(db);
    return {
      run: createBatchRunner(db, postgresDialect, createPostgresOperations(db)),
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** @param clock times searches */
export function createPostgresOperations(db: PostgresDatabase, clock?: Pick<Clock, 'ticks'>): Operations {
  const files = {
    copy: () => {
      throw new DatabaseRefusal('Copy a PostgreSQL database with pg_dump.');
    },
    // PostgreSQL checks pages as it reads them.
    damage: () => [],
  };
  return createOperations(db, { dialect: postgresDialect, index: createVectorIndex(db), files }, clock);
}

/** Brings the tables up to date, one server at a time. */
function migrate(db: PostgresDatabase): void {
  db.exec(`BEGIN; SELECT pg_advisory_xact_lock(${locks.migration})`);
  try {
    const from = versionOf(db);
    for (const step of postgresMigrations.slice(from)) db.exec(step);
    if (from === 0)
      db.exec('CREATE TABLE secure_chat (version INTEGER NOT NULL); INSERT INTO secure_chat VALUES (0)');
    if (from < postgresMigrations.length)
      db.exec(`UPDATE secure_chat SET version = ${postgresMigrations.length}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** 0 for a database without tables. */
function versionOf(db: PostgresDatabase): number {
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
  if (version <= postgresMigrations.length) return version;
  throw new DatabaseRefusal(
    `This database was written by a newer secure-chat (version ${version}; this program supports up to ` +
      `${postgresMigrations.length}). Update secure-chat.`,
  );
}

export const postgresDriver: Driver<PostgresConnectionOptions> = {
  open: openPostgresConnection,
  describe: describePostgresFailure,
};
