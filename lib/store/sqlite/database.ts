/** Opens the database file and brings it up to date. Knows settings and versions, not what is in the tables. */
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { Refusal } from './failure.js';
import { applicationId, migrations } from './migrations.js';
import { spaced } from './tokenizer.js';

export type Database = DatabaseSyncInstance;

export interface DatabaseOptions {
  readonly file: string;
  /** The file's greatest size in bytes, rounded down to pages; as good as a full disk beyond it. */
  readonly maxBytes?: number;
}

/**
 * The database, current and ready for statements. The caller holds the lock.
 * @throws Refusal for a file of another program or of a newer version, which is left as it was
 */
export function openDatabase(options: DatabaseOptions): Database {
  const db = new DatabaseSync(options.file);
  try {
    const version = checkVersion(db);
    configure(db);
    migrate(db, version);
    db.exec('PRAGMA foreign_keys = ON');
    if (options.maxBytes !== undefined) limitSize(db, options.maxBytes);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The same file for reading alone, beside the one that writes, which has brought it up to date. */
export function openReader({ file }: DatabaseOptions): Database {
  const db = new DatabaseSync(file, { readOnly: true });
  db.exec(`
    PRAGMA busy_timeout = 1000;
    PRAGMA trusted_schema = OFF;
    PRAGMA cache_size = -32768; -- 32 MiB
    PRAGMA temp_store = MEMORY;
  `);
  return db;
}

/** Moves the write-ahead log into the file, so that the one file is all there is, and closes. */
export function closeDatabase(db: Database): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A full or failing disk. What is not moved stays in the log, where the next start finds it.
  } finally {
    db.close();
  }
}

/** @throws Refusal for a file of another program or of a newer version */
export function checkVersion(db: Database): number {
  const version = pragma(db, 'user_version');
  const owner = pragma(db, 'application_id');
  const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get();
  const fresh = version === 0 && owner === 0 && tables === 0;
  if (!fresh && owner !== applicationId) {
    throw new Refusal('This database belongs to another program. Choose another data folder.');
  }
  if (version > migrations.length) {
    throw new Refusal(
      `This database was written by a newer secure-chat (its version is ${version}, this program knows up to ` +
        `${migrations.length}). Update secure-chat, or restore a backup from before the update.`,
    );
  }
  return version;
}

function configure(db: Database): void {
  db.exec(`
    PRAGMA busy_timeout = 1000; -- everybody waits meanwhile
    PRAGMA trusted_schema = OFF;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 16777216; -- the log shrinks back to 16 MiB after a rush
    PRAGMA cache_size = -32768; -- 32 MiB
    PRAGMA secure_delete = ON; -- what people take back is gone from the file
    PRAGMA temp_store = MEMORY; -- nothing of it in other folders
    PRAGMA foreign_keys = OFF; -- for migrations, which may rebuild tables
  `);
  // SQLite opens a file that it may not write for reading alone, and says so at the first write only (at
  // BEGIN IMMEDIATE not yet).
  db.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${pragma(db, 'user_version')}; ROLLBACK`);
  const { journal_mode: mode } = db.prepare('PRAGMA journal_mode').get();
  if (mode !== 'wal') {
    throw new Refusal(
      'The disk of the data folder cannot share memory (WAL). Choose a folder on a local disk.',
    );
  }
}

function migrate(db: Database, from: number): void {
  db.function('spaced', { deterministic: true }, spaced);
  migrations.slice(from).forEach((sql, step) => {
    db.exec('BEGIN IMMEDIATE');
    db.exec(sql);
    const orphans = db.prepare('PRAGMA foreign_key_check').all();
    if (orphans.length > 0) throw new Refusal('The database contradicts itself. Restore it from a backup.');
    db.exec(`PRAGMA user_version = ${from + step + 1}`);
    db.exec('COMMIT');
  });
}

function limitSize(db: Database, bytes: number): void {
  db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytes / pragma(db, 'page_size')))}`);
}

function pragma(db: Database, name: 'user_version' | 'application_id' | 'page_size'): number {
  const row: Record<string, number> = db.prepare(`PRAGMA ${name}`).get();
  return row[name] ?? 0;
}
