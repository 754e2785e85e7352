/**
 * A database file read as it is, beside whoever may have it open: nothing is brought up to date, nothing of what is
 * in it changes. For copies, checks and backups, where an older program may have to go on with it.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import { checkVersion } from './database.js';
import { describeFailure, storeError } from './failure.js';
import { migrations } from './migrations.js';
import { createUpkeep } from './upkeep.js';

/** Its methods take as long as they take: not for a process that serves people. All throw StoreError. */
export interface StillDatabase {
  /** An older program wrote it; the store brings it up to date when it is opened. */
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
export function openStill(file: string): StillDatabase {
  const said = <Value>(work: () => Value): Value => {
    try {
      return work();
    } catch (error) {
      throw storeError(file, describeFailure(error));
    }
  };
  const db = said(() => new DatabaseSync(file, { readOnly: true }));
  try {
    const version = said(() => {
      db.exec('PRAGMA busy_timeout = 1000; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY');
      return checkVersion(db);
    });
    const upkeep = createUpkeep(db);
    return {
      outdated: version < migrations.length,
      damage: () => said(() => upkeep.damage()),
      copy: (to) => said(() => upkeep.copy(to)),
      fileHashes: () =>
        said(() => {
          // The first tables had no files.
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
