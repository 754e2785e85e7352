/** Measures how fast the SQLite store appends messages, alone and in batches. `node dist/scripts/bench/store.js` */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { NewEntry } from '../../lib/store/message-store.js';
import { openSqliteStore } from '../../lib/store/sqlite/open.js';
import type { Store } from '../../lib/store/store.js';

const text = 'A message of the usual length, about eighty characters, as people send them.';

/** Messages per second, when `together` are appended at once and then awaited. */
async function rate(store: Store, entry: NewEntry, together: number, rounds: number): Promise<number> {
  const begin = performance.now();
  for (let round = 0; round < rounds; round++) {
    const batch = Array.from({ length: together }, (_, index) =>
      store.append({ ...entry, key: `${together}-${round}-${index}` }),
    );
    await Promise.all(batch);
  }
  return (together * rounds * 1000) / (performance.now() - begin);
}

const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
try {
  const store = await openSqliteStore({
    file: join(folder, 'chat.db'),
    onFailure(error) {
      throw error;
    },
  });
  const at = Date.now();
  const registered = await store.register({ name: 'ada', skeleton: 'ada', password: '', at });
  const [lobby] = await store.rooms();
  if (registered.outcome !== 'created' || lobby === undefined)
    throw new Error('the store is not as expected');
  const entry = {
    target: { room: lobby.id },
    account: registered.account.id,
    key: '',
    text,
    action: false,
    at,
  };

  await rate(store, { ...entry, at: 0 }, 3, 200);
  const alone = await rate(store, entry, 1, 2_000);
  process.stdout.write(
    `alone            ${Math.round(alone)} messages/s, ${Math.round(1e6 / alone)} us each\n`,
  );
  for (const [together, rounds] of [
    [10, 500],
    [100, 200],
    [1_000, 30],
  ] as const) {
    const many = await rate(store, entry, together, rounds);
    const ratio = (many / alone).toFixed(1);
    process.stdout.write(
      `${String(together).padStart(5)} together   ${Math.round(many)} messages/s, ${ratio} x\n`,
    );
  }
  await store.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
