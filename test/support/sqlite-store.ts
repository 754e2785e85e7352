/** SQLite stores in temporary folders for tests, and what is seen of them from outside. Knows the format of the log. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { AppendResult, ConversationKey } from '../../lib/store/message-store.js';
import { openSqliteStore, type SqliteOptions } from '../../lib/store/sqlite/open.js';
import type { Store } from '../../lib/store/store.js';
import { lobbyOf, type MakeSubject, newEntry, register, subjectOn } from './store-subject.js';

/** A path in a folder of its own, which the test's end removes. */
export async function temporaryFile(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-store-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'chat.db');
}

/** Opens a store that the test's end closes; its failure fails the test. */
export async function openStore(t: Test, file: string, options: Partial<SqliteOptions> = {}): Promise<Store> {
  const store = await openSqliteStore({ file, onFailure: (error) => t.error(error), ...options });
  t.teardown(() => store.close());
  return store;
}

/** What the store contract is tried on. @param open with threads or without */
export function sqliteSubject(open: (options: SqliteOptions) => Promise<Store>): MakeSubject {
  return async (t) => {
    const file = await temporaryFile(t);
    return subjectOn(t, () => open({ file, onFailure: (error) => t.error(error) }));
  };
}

/**
 * Transactions in the write-ahead log since it last began anew: frames that end a commit
 * (https://sqlite.org/fileformat2.html#walformat). Counts what is on disk, independent of the store. Reads
 * FILE-wal only, on which SQLite holds no locks.
 */
export function commits(file: string): number {
  if (!existsSync(`${file}-wal`)) return 0;
  const wal = readFileSync(`${file}-wal`);
  if (wal.length < 32) return 0;
  const pageSize = wal.readUInt32BE(8);
  const salts = wal.subarray(16, 24);
  let count = 0;
  for (let frame = 32; frame + 24 <= wal.length; frame += 24 + pageSize) {
    if (!wal.subarray(frame + 8, frame + 16).equals(salts)) break;
    if (wal.readUInt32BE(frame + 4) > 0) count++;
  }
  return count;
}

export interface SqliteScene {
  readonly file: string;
  readonly store: Store;
  readonly id: number;
  readonly target: ConversationKey;
  /** Appends entries with the keys `name0`, `name1`… in one turn. */
  append(count: number, name: string): Promise<AppendResult>[];
  /** Keys of all entries in the lobby, in order. */
  keys(): Promise<string[]>;
  /** How many transactions the work wrote to disk. */
  written(work: () => Promise<unknown>): Promise<number>;
}

/** A store with an account that posts in the lobby, for tests of what that costs and of what goes wrong. */
export async function scene(t: Test, options: { readonly maxBytes?: number } = {}): Promise<SqliteScene> {
  const file = await temporaryFile(t);
  const store = await openStore(t, file, options);
  const { id } = await register(store, 'ada');
  const target = await lobbyOf(store);
  return {
    file,
    store,
    id,
    target,
    append: (count, name) =>
      Array.from({ length: count }, (_, index) => store.append(newEntry(id, target, `${name}${index}`))),
    async keys() {
      const entries = await store.history({ target, limit: 100_000, keep: 'oldest' });
      return entries.map(({ key }) => key);
    },
    async written(work) {
      const before = commits(file);
      await work();
      return commits(file) - before;
    },
  };
}
