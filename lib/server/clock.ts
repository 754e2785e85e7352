/** Time as the server uses it, so that tests can pass their own. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `action` once, `ms` from now. The timer alone keeps no process alive. @returns cancels it */
  after(ms: number, action: () => void): () => void;
  /** Runs `action` at the end of this turn of the event loop. @returns cancels it */
  soon(action: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  after(ms, action) {
    const timer = setTimeout(action, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  soon(action) {
    const immediate = setImmediate(action);
    return () => clearImmediate(immediate);
  },
};
