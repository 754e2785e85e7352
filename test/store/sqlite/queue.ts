import t from 'tap';
import { createQueue } from '../../../lib/store/sqlite/queue.js';
import { StoreError } from '../../../lib/store/store.js';
import { scene } from '../../support/sqlite-scene.js';

t.test('one append costs one transaction', async (t) => {
  const { append, written } = await scene(t);
  t.equal(await written(() => Promise.all(append(1, 'a'))), 1);
});

t.test('what is asked in one turn shares one transaction', async (t) => {
  const { append, written } = await scene(t);
  t.equal(await written(() => Promise.all(append(1_000, 'a'))), 1);
});

t.test('what comes while a commit is under way shares the next one', async (t) => {
  const { append, written } = await scene(t);
  const transactions = await written(async () => {
    const all: Promise<unknown>[] = [];
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

t.test('what changes nothing writes nothing', async (t) => {
  const { store, append, target, id, written } = await scene(t);
  await Promise.all(append(10, 'a'));
  const reads = () => [
    store.account('ada'),
    store.accounts(),
    store.rooms(),
    store.standings(id),
    store.history({ target, limit: 100, keep: 'newest' }),
  ];
  t.equal(await written(() => Promise.all(reads())), 0);
  t.equal(await written(() => Promise.all(append(10, 'a'))), 0, 'repeated keys');
  t.equal(await written(() => store.markRead(id, target, 0)), 0);
});

t.test('a read sees what was asked before it in the same batch, and nothing later', async (t) => {
  const { append, keys } = await scene(t);
  const asked = [append(2, 'a'), keys(), append(2, 'b')];
  t.same(await asked[1], ['a0', 'a1']);
  await Promise.all(asked.flat());
  t.same(await keys(), ['a0', 'a1', 'b0', 'b1']);
});

function queueOf() {
  const sent: number[] = [];
  const queue = createQueue({
    send: (calls) => sent.push(calls.length),
    explain: (failure) => new StoreError(failure.sentence),
  });
  const answer = (count: number) =>
    queue.settle(Array.from({ length: count }, (_, value) => ({ ok: true, value })));
  return { queue, sent, answer };
}

t.test('pages that may be long do not share a batch', async (t) => {
  const { queue, sent, answer } = queueOf();
  const page = { target: { room: 1 }, limit: 9_000, keep: 'newest' } as const;
  const all = Promise.all([1, 2, 3].map(() => queue.ask('history', [page])));
  const huge = queue.ask('history', [{ ...page, limit: 1_000_000 }]);
  await Promise.resolve();
  answer(2);
  answer(1);
  answer(1);
  await Promise.all([all, huge]);
  t.same(sent, [2, 1, 1]);
});

t.test('the next batch is under way before answers are looked at', async (t) => {
  const { queue, sent, answer } = queueOf();
  const first = queue.ask('accounts', []).then(() => sent.length);
  await Promise.resolve();
  const second = queue.ask('accounts', []);
  t.same(sent, [1]);
  answer(1);
  t.equal(await first, 2);
  answer(1);
  await second;
});

t.test('a failure rejects everything that waits, in order, and everything later', async (t) => {
  const { queue } = queueOf();
  const rejected: number[] = [];
  const ask = (name: number) => queue.ask('accounts', []).catch(() => rejected.push(name));
  const all = [ask(1), ask(2)];
  await Promise.resolve();
  all.push(ask(3));
  const finished = queue.finish();
  const error = new StoreError('gone');
  queue.fail(error);
  await Promise.all(all);
  t.same(rejected, [1, 2, 3]);
  await finished;
  await t.rejects(queue.ask('accounts', []), error);
});
