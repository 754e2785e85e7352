/** Copying and checking the whole file. Knows no tables. */
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';

/** More lines than anybody reads. */
const mostLines = 20;

export function createUpkeep(db: Database): OperationsOf<'copy' | 'damage'> {
  return {
    /** Into a file that is empty, or not there. Not inside a transaction. */
    copy(file) {
      db.prepare('VACUUM INTO ?').run(file);
    },
    damage() {
      const found: { integrity_check: string }[] = db.prepare(`PRAGMA integrity_check(${mostLines})`).all();
      const lines = found.map((row) => row.integrity_check).filter((line) => line !== 'ok');
      const orphans: { table: string }[] = db.prepare('PRAGMA foreign_key_check').all();
      return [
        ...lines,
        ...orphans.slice(0, mostLines).map(({ table }) => `a row of ${table} refers to nothing`),
      ];
    },
  };
}
