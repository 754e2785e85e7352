import t from 'tap';
import { createRequestQueue, type RequestQueueOwner } from '../../../lib/server/session/request-queue.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { turns } from '../../support/turns.js';

function scene(owner: Partial<RequestQueueOwner> = {}) {
  const clock = createFakeClock();
  const answered: unknown[] = [];
  const read: string[] = [];
  const queue = createRequestQueue(clock, {
    countRequest: () => 0,
    answer(frame) {
      answered.push(frame.id);
      return undefined;
    },
    pause: () => read.push('pause'),
    resume: () => read.push('resume'),
    ...owner,
  });
  const push = (...ids: number[]) => {
    for (const id of ids) queue.push({ id });
  };
  return { clock, answered, read, queue, push };
}

t.test('requests are answered at once and in order', async (t) => {
  const { answered, push } = scene();
  push(1, 2, 3);
  t.same(answered, [1, 2, 3]);
});

t.test('the next request waits for a promise', async (t) => {
  const answered: unknown[] = [];
  let finish = () => {};
  const { push } = scene({
    answer(frame) {
      answered.push(frame.id);
      return frame.id === 1 ? new Promise<void>((resolve) => (finish = resolve)) : undefined;
    },
  });
  push(1, 2, 3);
  t.same(answered, [1]);
  finish();
  await turns(1);
  t.same(answered, [1, 2, 3]);
});

t.test('more than 64 waiting requests pause reading until all are answered', async (t) => {
  let finish = () => {};
  const { push, read, queue } = scene({ answer: () => new Promise<void>((resolve) => (finish = resolve)) });
  push(...Array.from({ length: 64 }, (_, index) => index));
  t.same(read, []);
  push(64);
  t.same(read, ['pause']);
  t.equal(queue.paused, true);
  for (let left = 65; left > 0; left--) {
    finish();
    await turns(1);
  }
  t.same(read, ['pause', 'resume']);
  t.equal(queue.paused, false);
});

t.test('a request beyond the rate is answered later, and nothing is read meanwhile', async (t) => {
  const waits = [0, 250, 0, 0];
  const { clock, answered, read, push } = scene({ countRequest: () => waits.shift() ?? 0 });
  push(1, 2, 3);
  t.same(answered, [1]);
  t.same(read, ['pause']);
  clock.advance(249);
  await turns(1);
  t.same(answered, [1]);
  clock.advance(1);
  await turns(1);
  t.same(answered, [1, 2, 3]);
  t.same(read, ['pause', 'resume']);
});

t.test('a closed queue answers nothing more', async (t) => {
  let finish = () => {};
  const answered: unknown[] = [];
  const { push, queue } = scene({
    answer(frame) {
      answered.push(frame.id);
      return new Promise<void>((resolve) => (finish = resolve));
    },
  });
  push(1, 2);
  queue.close();
  finish();
  await turns(1);
  push(3);
  t.same(answered, [1]);
});
