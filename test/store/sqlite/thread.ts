import { once } from 'node:events';
import t from 'tap';
import type { Failure } from '../../../lib/store/sqlite/failure.js';
import { startThread } from '../../../lib/store/sqlite/thread.js';
import { scene } from '../../support/sqlite-scene.js';
import { openStore, temporaryFile } from '../../support/sqlite-store.js';
import { newAccount, register } from '../../support/store-subject.js';

t.test('a thread that dies is told of once, and its lock is free', async (t) => {
  const file = await temporaryFile(t);
  const failures: Failure[] = [];
  const bell = new EventTarget();
  const started = await startThread({
    database: { file },
    onOutcomes: () => t.fail('there are no answers'),
    onFailure(failure) {
      failures.push(failure);
      bell.dispatchEvent(new Event('failure'));
    },
  });
  if (!started.ok) throw new Error(started.failure.sentence);
  const failed = once(bell, 'failure');
  // Not a batch: nothing in the thread expects that.
  started.thread.send(undefined as unknown as []);
  await failed;
  await started.thread.close();
  t.equal(failures.length, 1);
  t.equal(await (await openStore(t, file)).accounts(), 0);
});

t.test('a thread that reads, beside one that writes, writes nothing and sees what was kept', async (t) => {
  const { file, store } = await scene(t);
  const answers: unknown[] = [];
  const bell = new EventTarget();
  const started = await startThread({
    database: { file, reader: true },
    onOutcomes(outcomes) {
      answers.push(...outcomes);
      bell.dispatchEvent(new Event('answer'));
    },
    onFailure: (failure) => t.fail(failure.sentence),
  });
  if (!started.ok) throw new Error(started.failure.sentence);
  await register(store, 'bob');
  for (const call of [
    { method: 'register', args: [newAccount('cyd')] },
    { method: 'accounts', args: [] },
  ] as const) {
    const answered = once(bell, 'answer');
    started.thread.send([call]);
    await answered;
  }
  t.match(answers, [
    { ok: false, failure: { errcode: 8 } },
    { ok: true, value: 2 },
  ]);
  await started.thread.close();
});
