/** Stores in temporary folders for tests, and what can be seen of them from outside. Knows the file format's log. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { openSqliteStore, type SqliteOptions } from '../../lib/store/sqlite/open.js';
import type { Store } from '../../lib/store/store.js';

/** A path in a folder of its own, removed at the end of the test. */
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

/**
 * Transactions in the write-ahead log since it last began anew: frames that end a commit
 * (https://sqlite.org/fileformat2.html#walformat). Counts what is on disk, whatever the store says. Reads
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
