/** When to try a lost connection again. Knows times, not connections. */
import type { Clock } from './clock.js';

export interface BackoffOptions {
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** How long to try, from the loss on, in milliseconds. */
  readonly retryMs: number;
}

export interface Backoff {
  /** The connection is there again and of use. */
  recovered(): void;
  /**
   * Milliseconds to wait before the next try; undefined when the time for trying is used up.
   * @param retryAfter the least that the server wants one to wait, in milliseconds
   */
  next(retryAfter?: number): number | undefined;
}

const firstMs = 250;
const longestMs = 15_000;
// A connection that ends sooner than this is no reason to begin again with short waits.
const steadyMs = 5_000;

/** Exponential, with full jitter above the first 250 ms, so that thousands of clients do not come at once. */
export function createBackoff({ clock, random, retryMs }: BackoffOptions): Backoff {
  let tries = 0;
  let lostAt: number | undefined;
  let recoveredAt: number | undefined;

  return {
    recovered() {
      lostAt = undefined;
      recoveredAt = clock.now();
    },
    next(retryAfter = 0) {
      const now = clock.now();
      if (lostAt === undefined) {
        lostAt = now;
        if (recoveredAt !== undefined && now - recoveredAt >= steadyMs) tries = 0;
      }
      const left = lostAt + retryMs - now;
      if (left <= 0) return undefined;
      tries += 1;
      const ceiling = Math.min(longestMs, firstMs * 2 ** tries);
      const wait = firstMs + random() * (ceiling - firstMs);
      return Math.min(left, Math.max(retryAfter, Math.round(wait)));
    },
  };
}
