/** A store with somebody in it who writes to the lobby, for tests of what that costs and of what goes wrong. */
import type { Test } from 'tap';
import type { Appended, Target } from '../../lib/store/message-store.js';
import type { Store } from '../../lib/store/store.js';
import { commits, openStore, temporaryFile } from './sqlite-store.js';
import { lobbyOf, newEntry, register } from './store-subject.js';

export interface Scene {
  readonly file: string;
  readonly store: Store;
  readonly id: number;
  readonly target: Target;
  /** Asks for entries with the keys `name0`, `name1`… in one turn. */
  append(count: number, name: string): Promise<Appended>[];
  /** Keys of all entries in the lobby, in order. */
  keys(): Promise<string[]>;
  /** Transactions that a piece of work wrote to disk. */
  written(work: () => Promise<unknown>): Promise<number>;
}

export async function scene(t: Test, options: { readonly maxBytes?: number } = {}): Promise<Scene> {
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
