import { setImmediate as immediate } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import t from 'tap';
import { createBatchRunner, createCallQueue } from '../../../lib/store/sql/group-commit.js';
import { createSqliteOperations, sqliteDialect } from '../../../lib/store/sqlite/connection.js';
import { closeDatabase, openDatabase } from '../../../lib/store/sqlite/database.js';
import { StoreError } from '../../../lib/store/store.js';
import { scene, temporaryFile } from '../../support/sqlite-store.js';
import { hash, newAccount, newEntry, register } from '../../support/store-subject.js';

t.test('one append costs one transaction', async (t) => {
  const { append, written } = await scene(t);
  t.equal(await written(() => Promise.all(append(1, 'a'))), 1);
});

t.test('calls of one turn share one transaction', async (t) => {
  const { append, written } = await scene(t);
  t.equal(await written(() => Promise.all(append(1_000, 'a'))), 1);
});

t.test('calls that arrive during a commit share the next one', async (t) => {
  const { append, written } = await scene(t);
  const transactions = await written(async () => {
    const all: Promise<unknown>[] = append(1, 'first');
    await immediate();
    // No turn of the event loop passes here, so that the commit cannot have ended.
    for (let turn = 0; turn < 50; turn++) {
      all.push(...append(1, `turn${turn}-`));
      await Promise.resolve();
    }
    await Promise.all(all);
  });
  t.equal(transactions, 2);
});

t.test('a batch is bounded', async (t) => {
  const { append, written } = await scene(t);
  t.equal(await written(() => Promise.all(append(2_001, 'a'))), 3);
});

t.test('calls that change nothing write nothing', async (t) => {
  const { store, append, target, id, written } = await scene(t);
  await Promise.all(append(10, 'a'));
  const reads = () => [
    store.account('ada'),
    store.countAccounts(),
    store.rooms(),
    store.conversations(id),
    store.history({ target, limit: 100, keep: 'newest' }),
  ];
  t.equal(await written(() => Promise.all(reads())), 0);
  t.equal(await written(() => Promise.all(append(10, 'a'))), 0, 'repeated keys');
  t.equal(await written(() => store.markRead(id, target, 0)), 0);
});

t.test('a read sees earlier calls of its batch, and no later ones', async (t) => {
  const { append, keys } = await scene(t);
  const asked = [append(2, 'a'), keys(), append(2, 'b')];
  t.same(await asked[1], ['a0', 'a1']);
  await Promise.all(asked.flat());
  t.same(await keys(), ['a0', 'a1', 'b0', 'b1']);
});

function queueOf() {
  const sent: number[] = [];
  const queue = createCallQueue({
    send: (calls) => sent.push(calls.length),
    explain: (failure) => new StoreError(failure.sentence),
  });
  const answer = (count: number) =>
    queue.settle(Array.from({ length: count }, (_, value) => ({ ok: true, value })));
  return { queue, sent, answer };
}

t.test('long history pages do not share a batch', async (t) => {
  const { queue, sent, answer } = queueOf();
  const page = { target: { room: 1 }, limit: 9_000, keep: 'newest' } as const;
  const all = Promise.all([1, 2, 3].map(() => queue.ask('history', [page])));
  const huge = queue.ask('history', [{ ...page, limit: 1_000_000 }]);
  await immediate();
  answer(2);
  answer(1);
  answer(1);
  await Promise.all([all, huge]);
  t.same(sent, [2, 1, 1]);
});

t.test('the next batch is under way before outcomes are handled', async (t) => {
  const { queue, sent, answer } = queueOf();
  const first = queue.ask('countAccounts', []).then(() => sent.length);
  await immediate();
  const second = queue.ask('countAccounts', []);
  t.same(sent, [1]);
  answer(1);
  t.equal(await first, 2);
  answer(1);
  await second;
});

t.test('a failure rejects pending calls in order, and every later one', async (t) => {
  const { queue } = queueOf();
  const rejected: number[] = [];
  const ask = (name: number) => queue.ask('countAccounts', []).catch(() => rejected.push(name));
  const all = [ask(1), ask(2)];
  await immediate();
  all.push(ask(3));
  const finished = queue.finish();
  const error = new StoreError('gone');
  queue.fail(error);
  await Promise.all(all);
  t.same(rejected, [1, 2, 3]);
  await finished;
  await t.rejects(queue.ask('countAccounts', []), error);
});

t.test('a call that fails half-way is undone completely, and alone', async (t) => {
  const { store, append, file, id, keys, written } = await scene(t);
  const bob = await register(store, 'bob');
  // The conversation begins before the table refuses the time.
  const bad = { ...newEntry(id, { direct: [id, bob.id] }, 'bad'), at: 'never' as unknown as number };
  const settled: PromiseSettledResult<unknown>[] = [];
  const transactions = await written(async () => {
    settled.push(...(await Promise.allSettled([...append(1, 'a'), store.append(bad), ...append(1, 'b')])));
  });
  t.equal(transactions, 1);
  t.match(settled, [
    { status: 'fulfilled' },
    { status: 'rejected', reason: { name: 'StoreError', cause: { errcode: Number } } },
    { status: 'fulfilled' },
  ]);
  t.same(await keys(), ['a0', 'b0']);
  const db = new DatabaseSync(file, { readOnly: true });
  t.teardown(() => db.close());
  const count = db.prepare("SELECT count(*) AS count FROM conversations WHERE kind = 'direct'").get();
  t.match(count, { count: 0 });
});

t.test('a failed commit rejects every call of its batch and stores nothing', async (t) => {
  const db = openDatabase({ file: await temporaryFile(t) });
  t.teardown(() => closeDatabase(db));
  const operations = createSqliteOperations(db);
  // A membership without an account, which the database finds out when it commits.
  const removeExpired = () =>
    db.exec('PRAGMA defer_foreign_keys = ON; INSERT INTO members (account, conversation) VALUES (99, 99)');
  const run = createBatchRunner(db, sqliteDialect, { ...operations, removeExpired });
  const account = { method: 'register', args: [newAccount('ada')] } as const;
  const failed = { ok: false, failure: { errcode: 787 } };
  const ran = run([account, { method: 'removeExpired', args: [0] }, { method: 'countAccounts', args: [] }]);
  t.match(ran, [{ outcomes: [failed, failed, failed], broken: undefined }], 'the next one may succeed');
  t.match(run([{ method: 'countAccounts', args: [] }, account]), [
    { outcomes: [{ value: 0 }, { ok: true }] },
  ]);
});

t.test('a transaction that SQLite undid rejects every call of its batch', async (t) => {
  const db = openDatabase({ file: await temporaryFile(t) });
  t.teardown(() => closeDatabase(db));
  const removeExpired = () => {
    db.exec('ROLLBACK');
    throw new Error('undone');
  };
  const run = createBatchRunner(db, sqliteDialect, { ...createSqliteOperations(db), removeExpired });
  const account = { method: 'register', args: [newAccount('ada')] } as const;
  const failed = { ok: false, failure: { detail: 'undone' } };
  t.match(run([account, { method: 'removeExpired', args: [0] }, account]), [
    { outcomes: [failed, failed, failed] },
  ]);
  t.match(run([{ method: 'countAccounts', args: [] }]), [{ outcomes: [{ value: 0 }] }]);
});

t.test(
  'on a full disk acknowledged entries are stored, rejected ones are not, and reads go on',
  async (t) => {
    const { store, append, id, target, keys } = await scene(t, { maxBytes: 1024 * 1024 });
    const acknowledged: string[] = [];
    let failure: unknown;
    for (let count = 0; failure === undefined; count++) {
      const batch = ['x', 'y', 'z'].map((name) => newEntry(id, target, `${name}${count}`));
      const text = 'x'.repeat(4096);
      const settled = await Promise.allSettled(batch.map((entry) => store.append({ ...entry, text })));
      for (const [index, outcome] of settled.entries()) {
        if (outcome.status === 'fulfilled') acknowledged.push(batch[index]?.key ?? '');
        else failure ??= outcome.reason;
      }
    }
    t.match(failure, { name: 'StoreError', cause: { errcode: 13 } });
    t.ok(acknowledged.length > 0);
    t.same(await keys(), acknowledged);
    t.equal((await store.account('ada'))?.id, id);
    t.equal(await store.inviteRole(hash('none'), 0), undefined);
    await Promise.allSettled(append(1, 'small'));
    t.same((await keys()).slice(0, acknowledged.length), acknowledged);
  },
);

t.test('writes reject while another program locks the file, and work again afterwards', async (t) => {
  const { store, append, file } = await scene(t);
  const other = new DatabaseSync(file);
  t.teardown(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  t.equal(await store.countAccounts(), 1, 'reading goes on');
  await t.rejects(Promise.all(append(1, 'a')), { name: 'StoreError', cause: { errcode: 5 } });
  other.exec('ROLLBACK');
  t.match(await Promise.all(append(1, 'a')), [{ repeated: false }]);
});
