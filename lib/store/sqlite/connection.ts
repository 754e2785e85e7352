/** One open database that runs batches of calls, for writing under the lock or for reading beside it. Blocks meanwhile. */
import { closeDatabase, type DatabaseOptions, openDatabase, openReader, takeLock } from './database.js';
import { type BatchResult, createBatchRunner } from './group-commit.js';
import type { MethodCall } from './methods.js';
import { createOperations } from './operations.js';

export interface ConnectionOptions extends DatabaseOptions {
  /** Reads only, beside a connection that writes and holds the lock. */
  readonly reader?: boolean;
}

export interface DatabaseConnection {
  run(calls: readonly MethodCall[]): BatchResult;
  close(): void;
}

/** @throws DatabaseRefusal for a locked, foreign or newer file, or SQLite's own error */
export function openConnection({ reader = false, ...options }: ConnectionOptions): DatabaseConnection {
  if (reader) {
    const db = openReader(options);
    return { run: createBatchRunner(db, createOperations(db)), close: () => db.close() };
  }
  const lock = takeLock(options.file);
  try {
    const db = openDatabase(options);
    const close = () => {
      closeDatabase(db);
      lock.release();
    };
    return { run: createBatchRunner(db, createOperations(db)), close };
  } catch (error) {
    lock.release();
    throw error;
  }
}
