import t from 'tap';
import { createRequestQueue, type RequestQueueDeps } from '../../../lib/server/session/request-queue.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { turns } from '../../support/turns.js';

function scene(deps: Partial<RequestQueueDeps> = {}) {
  const clock = createFakeClock();
  const taken: unknown[] = [];
  const read: string[] = [];
  const inbox = createRequestQueue({
    clock,
    pace: () => 0,
    take(frame) {
      taken.push(frame.id);
      return undefined;
    },
    pause: () => read.push('pause'),
    resume: () => read.push('resume'),
    ...deps,
  });
  const push = (...ids: number[]) => {
    for (const id of ids) inbox.push({ id });
  };
  return { clock, taken, read, inbox, push };
}

t.test('takes requests at once and in order', async (t) => {
  const { taken, push } = scene();
  push(1, 2, 3);
  t.same(taken, [1, 2, 3]);
});

t.test('the next one waits for a promise', async (t) => {
  const taken: unknown[] = [];
  let finish = () => {};
  const { push } = scene({
    take(frame) {
      taken.push(frame.id);
      return frame.id === 1 ? new Promise<void>((resolve) => (finish = resolve)) : undefined;
    },
  });
  push(1, 2, 3);
  t.same(taken, [1]);
  finish();
  await turns(1);
  t.same(taken, [1, 2, 3]);
});

t.test('more than 64 that wait stop the reading until all are taken', async (t) => {
  let finish = () => {};
  const { push, read, inbox } = scene({ take: () => new Promise<void>((resolve) => (finish = resolve)) });
  push(...Array.from({ length: 64 }, (_, index) => index));
  t.same(read, []);
  push(64);
  t.same(read, ['pause']);
  t.equal(inbox.paused, true);
  for (let left = 65; left > 0; left--) {
    finish();
    await turns(1);
  }
  t.same(read, ['pause', 'resume']);
  t.equal(inbox.paused, false);
});

t.test('a request beyond the pace is taken later, and nothing is read meanwhile', async (t) => {
  const waits = [0, 250, 0, 0];
  const { clock, taken, read, push } = scene({ pace: () => waits.shift() ?? 0 });
  push(1, 2, 3);
  t.same(taken, [1]);
  t.same(read, ['pause']);
  clock.advance(249);
  await turns(1);
  t.same(taken, [1]);
  clock.advance(1);
  await turns(1);
  t.same(taken, [1, 2, 3]);
  t.same(read, ['pause', 'resume']);
});

t.test('a closed one takes nothing more', async (t) => {
  let finish = () => {};
  const taken: unknown[] = [];
  const { push, inbox } = scene({
    take(frame) {
      taken.push(frame.id);
      return new Promise<void>((resolve) => (finish = resolve));
    },
  });
  push(1, 2);
  inbox.close();
  finish();
  await turns(1);
  push(3);
  t.same(taken, [1]);
});
