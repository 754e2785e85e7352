/**
 * A database file read as it is, even while a server has it open: not brought up to date, nothing in it changed. For
 * copies, checks and backups, after which an older program may have to go on with it.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import { checkVersion, createFileOperations } from './database.js';
import { describeFailure, storeError } from './failure.js';
import { migrations } from './migrations.js';

/** All methods block, so not for a process that serves people. All throw StoreError. */
export interface ReadOnlyDatabase {
  /** Written by an older program; the store brings it up to date when it opens it. */
  readonly outdated: boolean;
  /** What is damaged, one line each. */
  damage(): readonly string[];
  /** Hashes of all files that it names, each once. */
  fileHashes(): readonly string[];
  /** Into a file that is empty, or not there. */
  copy(file: string): void;
  close(): void;
}

/** @throws StoreError where it cannot be read, belongs to another program or to a newer one */
export function openReadOnly(file: string): ReadOnlyDatabase {
  const explained = <Value>(work: () => Value): Value => {
    try {
      return work();
    } catch (error) {
      throw storeError(file, describeFailure(error));
    }
  };
  const db = explained(() => new DatabaseSync(file, { readOnly: true }));
  try {
    const version = explained(() => {
      db.exec('PRAGMA busy_timeout = 1000; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY');
      return checkVersion(db);
    });
    const { damage, copy } = createFileOperations(db);
    return {
      outdated: version < migrations.length,
      damage: () => explained(damage),
      copy: (to) => explained(() => copy(to)),
      fileHashes: () =>
        explained(() => {
          // Version 1 has no table of files.
          if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'files'").get() === undefined) return [];
          const rows: { hash: string }[] = db.prepare('SELECT DISTINCT hash FROM files').all();
          return rows.map(({ hash }) => hash);
        }),
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}
