/**
 * A rate limiter per key: the generic cell rate algorithm (ATM Forum TM 4.0, "virtual scheduling"), one number per key.
 * Knows keys and time, not what is limited.
 */
import type { Clock } from '../system/clock.js';

export interface Rate {
  /** How many may happen at once after a pause. */
  readonly burst: number;
  /** How many may happen per second in the long run. */
  readonly perSecond: number;
}

export interface RateLimiter<Key> {
  /** Milliseconds until one more may happen, 0 for now. Does not count it. */
  wait(key: Key): number;
  /** As `wait`; if that is 0, counts one. */
  take(key: Key): number;
  /** Counts one even if it may not happen: for what was admitted at the same time and is counted afterwards. */
  charge(key: Key): void;
  /** Takes one back: for what was counted before it was known that it does not count. */
  giveBack(key: Key): void;
  /** Counts nothing of before. */
  forget(key: Key): void;
  /** How many keys are remembered. */
  readonly size: number;
}

/** Above so many keys, those at rest are forgotten. */
const sweepAt = 4096;

/** @param rate a function where it may change */
export function createRateLimiter<Key>(rate: Rate | (() => Rate), clock: Clock): RateLimiter<Key> {
  const rateNow = typeof rate === 'function' ? rate : () => rate;
  // When each key is back at rest if it uses its rate evenly.
  const restAt = new Map<Key, number>();
  let nextSweep = sweepAt;

  /** Between two in the long run, in milliseconds. */
  function step(): number {
    return 1000 / rateNow().perSecond;
  }

  function restOf(key: Key): number {
    const now = clock.ticks();
    return Math.max(restAt.get(key) ?? now, now);
  }

  function wait(key: Key): number {
    const tolerance = step() * (rateNow().burst - 1);
    return Math.max(0, Math.ceil(restOf(key) - tolerance - clock.ticks()));
  }

  function sweep(): void {
    const now = clock.ticks();
    for (const [key, at] of restAt) if (at <= now) restAt.delete(key);
    nextSweep = Math.max(sweepAt, restAt.size * 2);
  }

  function charge(key: Key): void {
    restAt.set(key, restOf(key) + step());
    if (restAt.size >= nextSweep) sweep();
  }

  return {
    wait,
    charge,
    giveBack: (key) => void restAt.set(key, restOf(key) - step()),
    forget: (key) => void restAt.delete(key),
    get size() {
      return restAt.size;
    },
    take(key) {
      const ms = wait(key);
      if (ms > 0) return ms;
      charge(key);
      return 0;
    },
  };
}
