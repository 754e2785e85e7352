/**
 * Sees to it that one process only has a database open. Knows the lock's file, not the database.
 *
 * The lock is a write transaction on an empty database of its own, so that the kernel gives it back however
 * the process ends, and so that others can still read the real one (backup). POSIX drops a process's locks on
 * a file as soon as it closes *any* descriptor of it: never open the lock or the database with node:fs while
 * a store is open.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import { Refusal, resultCode, resultCodes } from './failure.js';

export interface Lock {
  release(): void;
}

export function lockFile(file: string): string {
  return `${file}-lock`;
}

/** @throws Refusal with `inUse` where somebody has it */
export function takeLock(file: string): Lock {
  const db = new DatabaseSync(lockFile(file));
  try {
    db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY');
    // Not EXCLUSIVE: that would first wait for others to stop looking, and two that start at once would both fail.
    db.exec('BEGIN IMMEDIATE');
    // Begins to write, never to be committed: of a file that may only be read, SQLite would lock nothing.
    db.exec('PRAGMA user_version = 1');
  } catch (error) {
    db.close();
    if (resultCode(error) !== resultCodes.busy) throw error;
    throw new Refusal(
      'Another server is running on this data. End that one, or choose another data folder.',
      {
        cause: error,
        inUse: true,
      },
    );
  }
  return { release: () => db.close() };
}
