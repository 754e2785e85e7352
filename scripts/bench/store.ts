/**
 * How fast the SQLite store appends messages, each on disk before it counts, alone and in batches. Build, then run:
 *
 *     node dist/scripts/bench/store.js [rounds, default 3]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { NewEntry } from '../../lib/store/message-store.js';
import { openSqliteStore } from '../../lib/store/sqlite/open.js';
import type { Store } from '../../lib/store/store.js';
import { median, numbersOf, report, type Table } from './report.js';

const text = 'A message of the usual length, about eighty characters, as people send them.';

let serial = 0;

/** Messages per second, when `together` are appended at once and then awaited. */
async function rate(store: Store, entry: NewEntry, together: number, times: number): Promise<number> {
  const begin = performance.now();
  for (let time = 0; time < times; time++) {
    const batch = Array.from({ length: together }, () => store.append({ ...entry, key: `${++serial}` }));
    await Promise.all(batch);
  }
  return (together * times * 1000) / (performance.now() - begin);
}

const batches = [
  [1, 2_000],
  [10, 500],
  [100, 200],
  [1_000, 30],
] as const;

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

  await rate(store, entry, 3, 200);
  const [rounds = 3] = numbersOf(process.argv);
  const rates = batches.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [together, times]] of batches.entries())
      rates[index]?.push(await rate(store, entry, together, times));
  }
  const alone = median(rates[0] ?? []);
  const rows = batches.map(([together], index): Table['rows'][number] => {
    const all = rates[index] ?? [];
    const middle = median(all);
    return [
      together === 1 ? 'alone' : `${together.toLocaleString('en-US')} together`,
      middle,
      Math.min(...all),
      Math.max(...all),
      1e6 / middle,
      middle / alone,
    ];
  });
  const columns = ['messages at once', 'messages/s', 'least', 'most', 'us each', 'ratio to alone'];
  report({
    name: 'store',
    tables: [{ title: `messages appended to the store, ${rounds} rounds`, columns, rows }],
    goals: [],
  });
  await store.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
