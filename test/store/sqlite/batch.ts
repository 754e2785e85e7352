import { DatabaseSync } from '@photostructure/sqlite';
import t from 'tap';
import { createRunner } from '../../../lib/store/sqlite/batch.js';
import { closeDatabase, openDatabase } from '../../../lib/store/sqlite/database.js';
import { createOperations } from '../../../lib/store/sqlite/operations.js';
import { scene } from '../../support/sqlite-scene.js';
import { temporaryFile } from '../../support/sqlite-store.js';
import { hash, newAccount, newEntry, register } from '../../support/store-subject.js';

t.test('a call that fails half-way is undone whole, and alone', async (t) => {
  const { store, append, file, id, keys, written } = await scene(t);
  const bob = await register(store, 'bob');
  // Its conversation is begun before the table refuses the time.
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

t.test('a commit that fails rejects every call of its batch, and nothing of it is kept', async (t) => {
  const db = openDatabase({ file: await temporaryFile(t) });
  t.teardown(() => closeDatabase(db));
  const operations = createOperations(db);
  // A member of nothing, which the database finds out when it commits.
  const sweep = () =>
    db.exec('PRAGMA defer_foreign_keys = ON; INSERT INTO members (account, conversation) VALUES (99, 99)');
  const run = createRunner(db, { ...operations, sweep });
  const account = { method: 'register', args: [newAccount('ada')] } as const;
  const failed = { ok: false, failure: { errcode: 787 } };
  const ran = run([account, { method: 'sweep', args: [0] }, { method: 'accounts', args: [] }]);
  t.match(ran, { outcomes: [failed, failed, failed] });
  t.equal(ran.broken, undefined, 'the next one may succeed');
  t.match(run([{ method: 'accounts', args: [] }, account]), { outcomes: [{ value: 0 }, { ok: true }] });
});

t.test('a transaction that SQLite gave up rejects every call of its batch', async (t) => {
  const db = openDatabase({ file: await temporaryFile(t) });
  t.teardown(() => closeDatabase(db));
  const sweep = () => {
    db.exec('ROLLBACK');
    throw new Error('given up');
  };
  const run = createRunner(db, { ...createOperations(db), sweep });
  const account = { method: 'register', args: [newAccount('ada')] } as const;
  const failed = { ok: false, failure: { detail: 'given up' } };
  t.match(run([account, { method: 'sweep', args: [0] }, account]), { outcomes: [failed, failed, failed] });
  t.match(run([{ method: 'accounts', args: [] }]), { outcomes: [{ value: 0 }] });
});

t.test('without room left, what was acknowledged is kept, the rest is not, and it goes on', async (t) => {
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
  t.equal(await store.invite(hash('none'), 0), undefined);
  await Promise.allSettled(append(1, 'small'));
  t.same((await keys()).slice(0, acknowledged.length), acknowledged);
});

t.test('while another program locks the file, writing rejects, and works again after', async (t) => {
  const { store, append, file } = await scene(t);
  const other = new DatabaseSync(file);
  t.teardown(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  t.equal(await store.accounts(), 1, 'reading goes on');
  await t.rejects(Promise.all(append(1, 'a')), { name: 'StoreError', cause: { errcode: 5 } });
  other.exec('ROLLBACK');
  t.match(await Promise.all(append(1, 'a')), [{ repeated: false }]);
});
