import { once } from 'node:events';
import t from 'tap';
import type { Failure } from '../../../lib/store/sqlite/failure.js';
import { startThread } from '../../../lib/store/sqlite/thread.js';
import { openStore, temporaryFile } from '../../support/sqlite-store.js';

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
