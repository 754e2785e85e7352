/** Time, so that tests can pass their own. */

export interface Clock {
  /** The time of day in milliseconds since the epoch. Jumps when the system's clock is set. */
  now(): number;
  /** Milliseconds since some moment; never goes back. What waits and limits count by. */
  ticks(): number;
  /** Runs `action` once, `ms` from now. @returns cancels it */
  after(ms: number, action: () => void): () => void;
  /** Runs `action` at the end of this turn of the event loop. @returns cancels it */
  soon(action: () => void): () => void;
}

// setTimeout fires at once when asked to wait longer, and a server may name any number.
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

/** The same, but a timer alone does not keep the process alive. */
export const backgroundClock: Clock = {
  ...systemClock,
  after(ms, action) {
    const timer = setTimeout(action, Math.min(ms, longestMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
