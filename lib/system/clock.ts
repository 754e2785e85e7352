/** The clock, passed in so that tests can control time. */

export interface Clock {
  /** Wall time in milliseconds since the epoch. Jumps when the system's clock is set. */
  now(): number;
  /** Monotonic milliseconds, for timeouts and rate limits. */
  ticks(): number;
  /** Runs `action` once after `ms` milliseconds. @returns cancels it */
  after(ms: number, action: () => void): () => void;
  /** Runs `action` at the end of this turn of the event loop. @returns cancels it */
  soon(action: () => void): () => void;
}

// setTimeout fires at once for longer delays, and a server may send any number.
const longestMs = 2 ** 31 - 1;

/** A pending timer keeps the process alive. */
export const systemClock: Clock = {
  now: Date.now,
  ticks: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, Math.min(ms, longestMs));
    return () => clearTimeout(timer);
  },
  soon(action) {
    const immediate = setImmediate(action);
    return () => clearImmediate(immediate);
  },
};

/** Like systemClock, but its timers do not keep the process alive. */
export const backgroundClock: Clock = {
  ...systemClock,
  after(ms, action) {
    const timer = setTimeout(action, Math.min(ms, longestMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
