import t from 'tap';
import { createRush } from '../../lib/server/rush.js';
import { createFakeClock } from '../support/fake-clock.js';

t.test('a few go on at once, more of them together and soon', async (t) => {
  const clock = createFakeClock();
  const rush = createRush(clock);
  let through = 0;
  const go = async (count: number) => {
    for (let i = 0; i < count; i++) void rush().then(() => through++);
    await new Promise(setImmediate);
  };
  await go(16);
  t.equal(through, 16);
  await go(100);
  t.equal(through, 16);
  t.equal(clock.pending, 1, 'one timer for all');
  clock.advance(50);
  await go(0);
  t.equal(through, 116);
  await go(2);
  t.equal(through, 116, 'the rush goes on');
  clock.advance(50);
  await go(0);
  t.equal(through, 118);
  clock.advance(1_000);
  await go(16);
  t.equal(through, 134, 'and is over');
});
