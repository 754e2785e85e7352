import t from 'tap';
import { createRateLimiter } from '../../lib/server/rate-limiter.js';
import { createFakeClock } from '../support/fake-clock.js';

function take(limiter: { take(key: string): number }, times: number): number[] {
  return Array.from({ length: times }, () => limiter.take('a'));
}

t.test('a burst goes through at once, the next one waits for its step', async (t) => {
  const clock = createFakeClock();
  const limiter = createRateLimiter<string>({ burst: 3, perSecond: 5 }, clock);
  t.same(take(limiter, 5), [0, 0, 0, 200, 200]);
  clock.advance(199);
  t.equal(limiter.take('a'), 1);
  clock.advance(1);
  t.same(take(limiter, 2), [0, 200]);
});

t.test('after the wait one more is allowed, and then at the rate', async (t) => {
  const clock = createFakeClock();
  const limiter = createRateLimiter<string>({ burst: 10, perSecond: 3 }, clock);
  const start = clock.now();
  for (let taken = 0; taken < 100; ) {
    const wait = limiter.take('a');
    if (wait === 0) taken++;
    clock.advance(wait);
  }
  const seconds = (clock.now() - start) / 1000;
  t.ok(Math.abs(seconds - 90 / 3) < 0.1, `90 beyond the burst took ${seconds} s`);
});

t.test('a long pause gives one burst, not many', async (t) => {
  const clock = createFakeClock();
  const limiter = createRateLimiter<string>({ burst: 2, perSecond: 1 }, clock);
  take(limiter, 2);
  clock.advance(3_600_000);
  t.same(take(limiter, 3), [0, 0, 1000]);
});

t.test('keys are counted apart', async (t) => {
  const limiter = createRateLimiter<string>({ burst: 1, perSecond: 1 }, createFakeClock());
  t.same([limiter.take('a'), limiter.take('b'), limiter.take('a')], [0, 0, 1000]);
});

t.test('wait counts nothing', async (t) => {
  const limiter = createRateLimiter<string>({ burst: 1, perSecond: 1 }, createFakeClock());
  t.same([limiter.wait('a'), limiter.wait('a'), limiter.take('a'), limiter.wait('a')], [0, 0, 0, 1000]);
});

t.test('a refused attempt costs nothing', async (t) => {
  const clock = createFakeClock();
  const limiter = createRateLimiter<string>({ burst: 1, perSecond: 1 }, clock);
  take(limiter, 50);
  clock.advance(1000);
  t.equal(limiter.take('a'), 0);
});

t.test('a rate below one a second is kept', async (t) => {
  const clock = createFakeClock();
  const limiter = createRateLimiter<string>({ burst: 1, perSecond: 0.1 }, clock);
  t.same(take(limiter, 2), [0, 10_000]);
  clock.advance(10_000);
  t.equal(limiter.take('a'), 0);
});

t.test('setting the clock back makes no one wait longer than the burst took', async (t) => {
  const clock = createFakeClock();
  const limiter = createRateLimiter<string>({ burst: 2, perSecond: 1 }, clock);
  take(limiter, 2);
  clock.set(clock.now() - 3_600_000);
  t.ok(limiter.take('a') <= 2_000);
});

t.test('what is given back or forgotten does not count', async (t) => {
  const limiter = createRateLimiter<string>({ burst: 2, perSecond: 1 }, createFakeClock());
  take(limiter, 2);
  limiter.giveBack('a');
  t.equal(limiter.take('a'), 0);
  t.equal(limiter.take('a'), 1_000);
  limiter.forget('a');
  take(limiter, 2);
  t.equal(limiter.take('a'), 1_000);
  limiter.giveBack('b');
  t.same([limiter.take('b'), limiter.take('b'), limiter.take('b')], [0, 0, 1_000], 'no more than the burst');
});

t.test('a million keys at rest take no memory', async (t) => {
  const clock = createFakeClock();
  const limiter = createRateLimiter<string>({ burst: 1, perSecond: 1_000 }, clock);
  let most = 0;
  for (let i = 0; i < 1_000_000; i++) {
    limiter.take(`key ${i}`);
    if (i % 100 === 0) clock.advance(1);
    most = Math.max(most, limiter.size);
  }
  t.ok(most <= 4096, `${most} keys at most`);
});

t.test('keys that are not at rest are kept, however many', async (t) => {
  const limiter = createRateLimiter<number>({ burst: 1, perSecond: 1 }, createFakeClock());
  for (let key = 0; key < 20_000; key++) limiter.take(key);
  t.equal(limiter.wait(0), 1000);
  t.equal(limiter.wait(19_999), 1000);
});

t.test('a rate that changes counts from the next use on', (t) => {
  const clock = createFakeClock();
  let rate = { burst: 2, perSecond: 1 };
  const limiter = createRateLimiter<string>(() => rate, clock);
  limiter.take('a');
  limiter.take('a');
  t.equal(limiter.wait('a'), 1_000);
  rate = { burst: 4, perSecond: 1 };
  t.equal(limiter.take('a'), 0);
  rate = { burst: 1, perSecond: 0.1 };
  t.equal(limiter.wait('a'), 3_000, 'what was taken before counts as it did then');
  clock.advance(3_000);
  t.equal(limiter.take('a'), 0);
  t.equal(limiter.wait('a'), 10_000);
  t.end();
});
