/**
 * The database file as a whole: locked for one process, opened, brought up to date, copied, checked, closed, or read as
 * it is. Knows settings and versions, not what is in the tables.
 */
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { DatabaseRefusal, storeError } from '../sql/failure.js';
import type { Operations } from '../sql/methods.js';
import { spaced } from '../sql/search-query.js';
import { describeFailure, resultCode, resultCodes } from './failure.js';
import {
  afterLoss,
  type LastEntry,
  lockFile,
  missingSince,
  noteFile,
  readLastEntry,
  refuseRemains,
} from './last-entry.js';
import { applicationId, migrations } from './migrations.js';

export type SqliteDatabase = DatabaseSyncInstance;

export interface DatabaseOptions {
  readonly file: string;
  /** The file's greatest size in bytes, rounded down to pages; beyond it the disk counts as full. */
  readonly maxBytes?: number;
}

/** Of each check: more than an operator reads. */
const mostDamage = 20;

/**
 * Locks the database for this process.
 *
 * The lock is a write transaction on an empty database of its own, so that the kernel releases it however the
 * process ends, and so that others can still read the real one (backup). POSIX drops a process's locks on a file
 * as soon as it closes *any* descriptor of it: never open the lock or the database with node:fs while a store is
 * open.
 *
 * @throws DatabaseRefusal with `inUse` where it is locked already
 */
export function takeLock(file: string): { release(): void } {
  const db = new DatabaseSync(lockFile(file));
  try {
    db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY');
    // Not EXCLUSIVE, which first waits for readers: two that start at once would both fail.
    db.exec('BEGIN IMMEDIATE');
    // A write that is never committed: SQLite would not lock a read-only file otherwise.
    db.exec('PRAGMA user_version = 1');
  } catch (error) {
    db.close();
    if (resultCode(error) !== resultCodes.busy) throw error;
    const message = 'Another server is running on this data. Stop it, or choose another data folder.';
    throw new DatabaseRefusal(message, { cause: error, inUse: true });
  }
  return { release: () => db.close() };
}

/**
 * The database, current and ready for statements. The caller holds the lock.
 * @throws DatabaseRefusal for a file of another program, of a newer version or one that lost everything, which is left
 *   as it was
 */
export function openDatabase(options: DatabaseOptions): SqliteDatabase {
  refuseRemains(options.file);
  const db = new DatabaseSync(options.file);
  try {
    const version = checkVersion(db);
    refuseEmptied(db, options.file);
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

/** @throws DatabaseRefusal where there were accounts once, and are none */
function refuseEmptied(db: SqliteDatabase, file: string): void {
  if ((readLastEntry(file)?.account ?? 0) === 0 || lastEntry(db).account > 0) return;
  throw new DatabaseRefusal(`The database has lost all accounts that ${noteFile(file)} counts. ${afterLoss}`);
}

/** Also of a file without tables. */
export function lastEntry(db: SqliteDatabase): LastEntry {
  const there = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'log'").get();
  if (there === undefined) return { seq: 0, account: 0 };
  return db
    .prepare(
      `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'log'), 0) AS seq,
         coalesce((SELECT max(id) FROM accounts), 0) AS account`,
    )
    .get();
}

/** Seqs that clients may have seen are not given again: they would take what is new for what they have. */
export function skipSeqs(db: SqliteDatabase, upTo: number): void {
  db.prepare("DELETE FROM sqlite_sequence WHERE name = 'log'").run();
  db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('log', ?)").run(upTo);
}

/** Moves what the write-ahead log has into the file, as far as no reader needs it there. */
export function checkpoint(db: SqliteDatabase): void {
  db.exec('PRAGMA wal_checkpoint(PASSIVE)');
}

/** The same file for reading only, beside the connection that writes and has brought it up to date. */
export function openReader({ file }: DatabaseOptions): SqliteDatabase {
  const db = new DatabaseSync(file, { readOnly: true });
  db.exec(`
    PRAGMA busy_timeout = 1000;
    PRAGMA trusted_schema = OFF;
    PRAGMA cache_size = -4096; -- 4 MiB
    PRAGMA temp_store = MEMORY;
  `);
  return db;
}

/** Moves the write-ahead log into the file, so that the one file is complete, and closes it. */
export function closeDatabase(db: SqliteDatabase): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A full or failing disk. What is not moved stays in the log, where the next start finds it.
  } finally {
    db.close();
  }
}

/** @throws DatabaseRefusal for a file of another program or of a newer version */
function checkVersion(db: SqliteDatabase): number {
  const version = pragma(db, 'user_version');
  const owner = pragma(db, 'application_id');
  const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get();
  const fresh = version === 0 && owner === 0 && tables === 0;
  if (!fresh && owner !== applicationId) {
    throw new DatabaseRefusal('This database belongs to another program. Choose another data folder.');
  }
  if (version > migrations.length) {
    throw new DatabaseRefusal(
      `This database was written by a newer secure-chat (version ${version}; this program supports up to ` +
        `${migrations.length}). Update secure-chat, or restore a backup from before the update.`,
    );
  }
  return version;
}

/** Copies and checks the whole file. */
export function createFileOperations(db: SqliteDatabase) {
  return {
    /** Not inside a transaction. */
    copy(file) {
      db.prepare('VACUUM INTO ?').run(file);
    },
    damage() {
      // A connection of its own: an older one still knows how the search index was before its parts were merged, and
      // reports every part that is gone since as damage.
      const fresh = new DatabaseSync(db.location() ?? undefined, { readOnly: true });
      try {
        fresh.exec('PRAGMA busy_timeout = 1000; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY');
        fresh.exec('BEGIN');
        const damaged = damagedPages(fresh);
        return damaged.length > 0 ? damaged : danglingRows(fresh);
      } finally {
        // Closed, it lives on until its statements are collected, and would hold up checkpoints until then.
        if (fresh.isTransaction) fresh.exec('ROLLBACK');
        fresh.close();
      }
    },
  } satisfies Partial<Operations>;
}

function damagedPages(db: SqliteDatabase): string[] {
  const all = integrity(db);
  // Damage can be such that SQLite cannot look for it everywhere at once.
  const lines = all === undefined ? tablesOf(db).flatMap((table) => damageIn(db, table)) : all;
  const named = db.prepare('SELECT tbl_name AS name FROM sqlite_schema WHERE rootpage = ?');
  return lines.slice(0, mostDamage).map((line) =>
    line.replace(/^Tree (\d+)/, (tree, page) => {
      const table: { name: string } | undefined = named.get(Number(page));
      return table === undefined ? tree : `table ${table.name}:`;
    }),
  );
}

/** What is wrong in one table or in all; undefined where that cannot be found out. */
function integrity(db: SqliteDatabase, table?: string): string[] | undefined {
  const which = table === undefined ? mostDamage : `"${table}"`;
  try {
    const found: { integrity_check: string }[] = db.prepare(`PRAGMA integrity_check(${which})`).all();
    const lines = found.flatMap((row) => row.integrity_check.split('\n'));
    return lines.filter((line) => line !== 'ok' && !line.startsWith('*** in database'));
  } catch (error) {
    if (resultCode(error) === resultCodes.corrupt) return undefined;
    throw error;
  }
}

function damageIn(db: SqliteDatabase, table: string): string[] {
  return integrity(db, table) ?? [`table ${table} cannot be read`];
}

function tablesOf(db: SqliteDatabase): string[] {
  const rows: { name: string }[] = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return rows.map(({ name }) => name);
}

function danglingRows(db: SqliteDatabase): string[] {
  const orphans: { table: string; parent: string }[] = db.prepare('PRAGMA foreign_key_check').all();
  return orphans
    .slice(0, mostDamage)
    .map(({ table, parent }) => `a row of ${table} refers to a missing row of ${parent}`);
}

function configure(db: SqliteDatabase): void {
  db.exec(`
    PRAGMA busy_timeout = 1000; -- all calls wait meanwhile
    PRAGMA trusted_schema = OFF;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 16777216; -- the log shrinks back to 16 MiB after a rush
    PRAGMA cache_size = -4096; -- 4 MiB
    PRAGMA secure_delete = ON; -- what is removed is gone from the file
    PRAGMA temp_store = MEMORY; -- nothing in other folders
    PRAGMA foreign_keys = OFF; -- for migrations, which may rebuild tables
  `);
  // SQLite opens a file that it may not write for reading only, and reports that at the first write (at
  // BEGIN IMMEDIATE not yet).
  db.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${pragma(db, 'user_version')}; ROLLBACK`);
  const { journal_mode: mode } = db.prepare('PRAGMA journal_mode').get();
  if (mode !== 'wal') {
    throw new DatabaseRefusal(
      'The data folder is on a file system without shared memory (WAL). Choose a folder on a local disk.',
    );
  }
}

function migrate(db: SqliteDatabase, from: number): void {
  db.function('spaced', { deterministic: true }, spaced);
  const steps = migrations.slice(from).map((sql, step) => ({ sql, version: from + step + 1 }));
  // A new database waits for the disk once and not for each step.
  for (const together of from === 0 ? [steps] : steps.map((step) => [step])) {
    db.exec('BEGIN IMMEDIATE');
    for (const { sql, version } of together) {
      db.exec(sql);
      const orphans = db.prepare('PRAGMA foreign_key_check').all();
      if (orphans.length > 0)
        throw new DatabaseRefusal('The database is inconsistent. Restore it from a backup.');
      db.exec(`PRAGMA user_version = ${version}`);
    }
    db.exec('COMMIT');
  }
  // Otherwise all of a young database is in its write-ahead log, which is easily taken for something to throw away.
  if (from < migrations.length) checkpoint(db);
}

function limitSize(db: SqliteDatabase, bytes: number): void {
  db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytes / pragma(db, 'page_size')))}`);
}

function pragma(db: SqliteDatabase, name: 'user_version' | 'application_id' | 'page_size'): number {
  const row: Record<string, number> = db.prepare(`PRAGMA ${name}`).get();
  return row[name] ?? 0;
}

/**
 * A file read as it is, even while a server has it open: not brought up to date, nothing in it changed. For copies,
 * checks and backups, after which an older program may have to go on with it. All methods block, so not for a process
 * that serves people. All throw StoreError.
 */
export interface ReadOnlyDatabase {
  /** Written by an older program; the store brings it up to date when it opens it. */
  readonly outdated: boolean;
  /** How many accounts it has had at most. */
  accounts(): number;
  /** What is damaged, one line each. */
  damage(): readonly string[];
  /** What it lacks of what it has stored before, as a sentence; undefined if nothing. */
  missing(): string | undefined;
  /** Hashes of all files that it names, each once. */
  fileHashes(): readonly string[];
  /** Into a file that is empty, or not there. */
  copy(file: string): void;
  close(): void;
}

/** @throws StoreError where it cannot be read, is empty, belongs to another program or to a newer one */
export function openReadOnly(file: string): ReadOnlyDatabase {
  const attempt = <Value>(work: () => Value): Value => {
    try {
      return work();
    } catch (error) {
      throw storeError(file, describeFailure(error));
    }
  };
  const db = attempt(() => {
    refuseRemains(file);
    return new DatabaseSync(file, { readOnly: true });
  });
  try {
    const version = attempt(() => {
      db.exec('PRAGMA busy_timeout = 1000; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY');
      const found = checkVersion(db);
      if (found === 0)
        throw new DatabaseRefusal('The database is empty: the server never started on it, or it was lost.');
      return found;
    });
    const { damage, copy } = createFileOperations(db);
    return {
      outdated: version < migrations.length,
      damage: () => attempt(damage),
      accounts: () => attempt(() => lastEntry(db).account),
      missing: () => attempt(() => missingSince(readLastEntry(file), lastEntry(db))),
      copy: (to) => attempt(() => copy(to)),
      fileHashes: () =>
        attempt(() => {
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
