import t from 'tap';
import { createBackoff } from '../../../lib/client/session/reconnect.js';
import { createFakeClock } from '../../support/fake-clock.js';

function prepare(random: number, retryMs = Number.POSITIVE_INFINITY) {
  const clock = createFakeClock();
  const backoff = createBackoff({ clock, random: () => random, retryMs });
  /** The waits of so many tries, each waited for. */
  const waits = (count: number) =>
    Array.from({ length: count }, () => {
      const wait = backoff.next();
      clock.advance(wait ?? 0);
      return wait;
    });
  return { clock, backoff, waits };
}

t.test('waits grow from 250 ms to 15 s', async (t) => {
  t.same(prepare(0).waits(8), [250, 250, 250, 250, 250, 250, 250, 250]);
  t.same(prepare(1).waits(8), [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  const long = prepare(1);
  t.equal(long.waits(5_000).at(-1), 15_000);
});

t.test('a server can ask for longer waits, not shorter ones', async (t) => {
  const { backoff } = prepare(1);
  t.equal(backoff.next(40_000), 40_000);
  t.equal(backoff.next(10), 1_000);
});

t.test('a server can’t ask for hours, nor for more than a timer can wait', async (t) => {
  for (const asked of [3_600_000, 2 ** 31, Number.MAX_SAFE_INTEGER])
    t.equal(prepare(1).backoff.next(asked), 5 * 60_000);
});

t.test('the time to retry counts from the loss, with the last try at its end', async (t) => {
  const { backoff, clock, waits } = prepare(1, 2_000);
  t.same(waits(4), [500, 1000, 500, undefined]);
  backoff.recovered();
  clock.advance(60_000);
  t.same(waits(4), [500, 1000, 500, undefined]);
  t.equal(prepare(1, 0).backoff.next(), undefined);
});

t.test('a short recovery does not reset the waits', async (t) => {
  const { backoff, clock, waits } = prepare(1);
  t.same(waits(2), [500, 1000]);
  backoff.recovered();
  clock.advance(4_999);
  t.same(waits(1), [2000]);
  backoff.recovered();
  clock.advance(5_000);
  t.same(waits(1), [500]);
});
