/**
 * A process that opens a store and prints what happens, one line each, for tests that need a second process or one to
 * kill. `store-process.js FILE` appends to the lobby until it ends; `store-process.js FILE hold` only holds the file
 * open. Knows nothing of the test.
 */
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../lib/store/sqlite/open.js';
import { type Store, StoreError } from '../../lib/store/store.js';
import { lobbyOf, newEntry, register } from './store-subject.js';

const never = new Int32Array(new SharedArrayBuffer(4));

/** Writes synchronously, because this process may be killed; waits while the pipe is full. */
function print(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(never, 0, 0, 1);
    }
  }
}

/** Sixteen writers at once, as on a busy server, each printing the keys that were acknowledged. */
async function appendForever(store: Store, run: string): Promise<void> {
  const { id } = (await store.account('ada')) ?? (await register(store, 'ada'));
  const target = await lobbyOf(store);
  const writer = async (name: number): Promise<void> => {
    for (let count = 0; ; count++) {
      const key = `${run}-${name}-${count}`;
      await store.append(newEntry(id, target, key));
      print(`kept ${key}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, name) => writer(name)));
}

async function main([file = '', what = 'append', run = '']: readonly string[]): Promise<void> {
  const store = await openSqliteStore({ file, onFailure: () => print('failed') });
  print('open');
  if (what === 'append') await appendForever(store, run);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  print(error.name);
}
