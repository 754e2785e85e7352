import t, { type Test } from 'tap';
import type { SearchQuery } from '../../../lib/store/message-store.js';
import { createSqliteOperations } from '../../../lib/store/sqlite/connection.js';
import {
  closeDatabase,
  openDatabase,
  type SqliteDatabase,
  skipSeqs,
} from '../../../lib/store/sqlite/database.js';
import { createSearchIndex } from '../../../lib/store/sqlite/search.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { scene as sqliteScene, temporaryFile } from '../../support/sqlite-store.js';
import { at, kept, newAccount, newEntry, newRoom, register } from '../../support/store-subject.js';

const blockSize = 8_192;

async function openEmpty(t: Test): Promise<SqliteDatabase> {
  const db = openDatabase({ file: await temporaryFile(t) });
  t.teardown(() => closeDatabase(db));
  return db;
}

/** Blocks of one message each, and a clock that passes `cost` milliseconds whenever it is looked at. */
async function scene(t: Test, { blocks, cost }: { blocks: number; cost: number }) {
  const db = await openEmpty(t);
  const clock = createFakeClock();
  let looks = 0;
  const ticks = () => {
    looks++;
    clock.pass(cost);
    return clock.ticks();
  };
  const { register, append, search } = createSqliteOperations(db, { ticks });
  const registered = register(newAccount('ada'));
  const account = registered.outcome === 'created' ? registered.account.id : 0;
  const seqs: number[] = [];
  for (let block = 0; block < blocks; block++) {
    if (block > 0) skipSeqs(db, block * blockSize - 1);
    const entry = { target: { room: 1 }, account, key: `k${block}`, text: `in ${block}`, action: false };
    const kept = append({ ...entry, at: at + block });
    if (kept.outcome === 'kept') seqs.push(kept.seq);
  }
  return {
    seqs,
    find: (rest: Partial<SearchQuery> = {}) => search({ account, words: 'in', limit: 99, ...rest }),
    looks: () => looks,
  };
}

t.test('a search that takes long ends after its turn, and goes on where it was', async (t) => {
  const { seqs, find } = await scene(t, { blocks: 7, cost: 20 });
  const found: number[] = [];
  let turns = 0;
  for (let before: number | undefined; ; turns++) {
    const { hits, more, reached } = find(before === undefined ? {} : { before });
    found.push(...hits.map(({ seq }) => seq));
    t.equal(more, reached !== undefined);
    if (reached === undefined) break;
    t.ok(hits.length > 0 && hits.length < seqs.length);
    t.ok(reached.seq <= (found.at(-1) ?? 0) && reached.seq < (before ?? Number.POSITIVE_INFINITY));
    t.equal(reached.at, at + seqs.indexOf(found.at(-1) ?? 0), 'the time of the oldest that was searched');
    before = reached.seq;
  }
  t.ok(turns > 1);
  t.same(found, seqs.toReversed(), 'each once, the newest first');
});

t.test('a turn without a match says how far it came', async (t) => {
  const { seqs, find } = await scene(t, { blocks: 7, cost: 50 });
  const { hits, more, reached } = find({ words: '"in in"' });
  t.same(hits, []);
  t.ok(more);
  t.equal(reached?.at, at + 6);
  t.ok((reached?.seq ?? 0) <= (seqs.at(-1) ?? 0));
  t.same(find({ words: '"in in"', before: 1 }), { hits: [], more: false });
});

t.test('what is searched fast is searched in few ranges', async (t) => {
  const { seqs, find, looks } = await scene(t, { blocks: 40, cost: 0 });
  t.equal(find().hits.length, seqs.length);
  t.ok(looks() < 20, `${looks()} looks at the clock`);
});

t.test('the next turn goes on with as much at once', async (t) => {
  const { seqs, find } = await scene(t, { blocks: 40, cost: 9 });
  const one = find({ words: 'none' });
  t.ok((one.blocks ?? 0) > 1);
  const { seq: before = 0 } = one.reached ?? {};
  const [slow, fast] = [find({ before }), find({ before, ...(one.blocks && { blocks: one.blocks }) })];
  t.ok(fast.hits.length > slow.hits.length, `${fast.hits.length} of ${seqs.length}, not ${slow.hits.length}`);
});

t.test('in many conversations only one’s own are searched', async (t) => {
  const { store, id, target } = await sqliteScene(t);
  const other = await register(store, 'bob');
  const seqs: number[] = [];
  for (let n = 0; n < 40; n++) {
    const room = await newRoom(store, n % 2 ? id : other.id, `room${n}`);
    const { seq } = await kept(store, newEntry(other.id, { room: room.id }, `k${n}`));
    if (n % 2) seqs.unshift(seq);
  }
  const { seq } = await kept(store, newEntry(id, target, 'last'));
  const found = async (query: Partial<SearchQuery>) =>
    (await store.search({ account: id, words: '', limit: 99, ...query })).hits.map((hit) => hit.seq);
  t.same(await found({ words: 'text' }), [seq, ...seqs]);
  t.same(await found({}), [seq, ...seqs]);
  t.same(await found({ from: other.id, limit: 3 }), seqs.slice(0, 3));
  t.same(await found({ words: '"no text"' }), []);
});

t.test('times and seqs bound a search inside a block', async (t) => {
  const { seqs, find } = await scene(t, { blocks: 4, cost: 0 });
  const found = (rest: Partial<SearchQuery>) => find(rest).hits.map(({ seq }) => seqs.indexOf(seq));
  t.same(found({ since: at + 1, until: at + 3 }), [2, 1]);
  t.same(found({ before: seqs[2] ?? 0 }), [1, 0]);
  t.same(found({ before: 0 }), []);
  t.same(found({ since: at + 9 }), []);
});

t.test('a range is looked for by the words of its blocks', async (t) => {
  const asked: string[] = [];
  const all = (expression: string) => {
    asked.push(expression);
    return [];
  };
  const db = { prepare: () => ({ all }) };
  const { match } = createSearchIndex(db as unknown as SqliteDatabase);
  const limit = 1;
  const filter = { terms: [], member: 1, author: 3, conversations: [7] };
  match(filter, { after: 0, before: 2, limit });
  match(filter, { after: blockSize - 1, before: blockSize * 2, limit });
  match(filter, { after: blockSize - 2, before: blockSize * 2 + 1, limit });
  t.same(
    asked,
    ['b0', 'b1', 'b0 OR b1 OR b2'].map((blocks) => `place : (${blocks}) AND place : (c7) AND author : a3`),
  );
});
