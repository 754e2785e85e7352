/** One open SQLite database that runs batches of calls, for writing under the lock or for reading beside it. */
import type { Clock } from '../../system/clock.js';
import type { CopyEnd } from '../sql/copy-tables.js';
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
import { dialect } from './dialect.js';
import { describeFailure } from './failure.js';

import { createSearchIndex } from './search.js';
import { createUpkeep } from './upkeep.js';

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
    { dialect, index: createSearchIndex(db), files: createFileOperations(db) },
    clock,
  );
}

const createRunner = (db: SqliteDatabase) => createBatchRunner(db, dialect, createSqliteOperations(db));

export const sqliteDriver: Driver<SqliteConnectionOptions> = {
  open: openDatabaseConnection,
  describe: describeFailure,
};
