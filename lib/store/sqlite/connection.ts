/** One open SQLite database that runs batches of calls, for writing under the lock or for reading beside it. */
import type { Clock } from '../../system/clock.js';
import type { CopyEnd } from '../sql/copy-tables.js';
import type { Dialect } from '../sql/database.js';
import { createBatchRunner } from '../sql/group-commit.js';
import { methods, type Operations } from '../sql/methods.js';
import { createOperations } from '../sql/operations.js';
import type { DatabaseConnection, Driver } from '../sql/worker.js';
import {
  closeDatabase,
  createFileOperations,
  type DatabaseOptions,
  lastEntry,
  openDatabase,
  openReader,
  type SqliteDatabase,
  skipSeqs,
  takeLock,
} from './database.js';
import { describeFailure, resultCode, resultCodes } from './failure.js';
import { createSearchIndex } from './search.js';
import { createUpkeep } from './upkeep.js';

/** What SQLite says in its own way. */
export const sqliteDialect: Dialect = {
  begin: { write: 'BEGIN IMMEDIATE', read: 'BEGIN' },
  // Which AUTOINCREMENT counts there.
  takeSeq: "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'log' RETURNING seq",
  numbersOf: '(SELECT value FROM json_each(?))',
  savepoints: true,
  describe: describeFailure,
  // After a failed fsync the kernel may have dropped what it could not write: a later one that succeeds proves nothing.
  isFatal: (error) => resultCode(error) === resultCodes.ioError,
};

export interface SqliteConnectionOptions extends DatabaseOptions {
  /** Reads only, beside a connection that writes and holds the lock. */
  readonly reader?: boolean;
}

/** @throws DatabaseRefusal for a locked, foreign or newer file, or SQLite's own error */
export function openDatabaseConnection({
  reader = false,
  ...options
}: SqliteConnectionOptions): DatabaseConnection {
  if (reader) {
    const db = openReader(options);
    return { run: createRunner(db), close: () => db.close() };
  }
  const lock = takeLock(options.file);
  try {
    const db = openDatabase(options);
    const runBatch = createRunner(db);
    const upkeep = createUpkeep(db, options.file);
    return {
      run(calls) {
        const result = runBatch(calls);
        if (calls.some(({ method }) => methods[method].transaction === 'write')) upkeep.wrote();
        return result;
      },
      close() {
        upkeep.close();
        closeDatabase(db);
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** An end of a copy. @param db in a transaction */
export function sqliteCopyEnd(db: SqliteDatabase): CopyEnd {
  return {
    db,
    index: createSearchIndex(db),
    lastSeq: () => lastEntry(db).seq,
    // Ids count on by themselves.
    countOn: (seq) => skipSeqs(db, seq),
  };
}

/** @param clock times searches */
export function createSqliteOperations(db: SqliteDatabase, clock?: Pick<Clock, 'ticks'>): Operations {
  return createOperations(
    db,
    { dialect: sqliteDialect, index: createSearchIndex(db), files: createFileOperations(db) },
    clock,
  );
}

const createRunner = (db: SqliteDatabase) => createBatchRunner(db, sqliteDialect, createSqliteOperations(db));

export const sqliteDriver: Driver<SqliteConnectionOptions> = {
  open: openDatabaseConnection,
  describe: describeFailure,
};
