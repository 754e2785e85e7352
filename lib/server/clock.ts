/** Time as the server uses it, so that tests can pass their own. */

export interface Clock {
  /** The time of day in milliseconds since the epoch. Jumps where somebody sets it. */
  now(): number;
  /** Milliseconds since some moment; never jumps. What waits and limits count by. */
  ticks(): number;
  /** Runs `action` once, `ms` from now. The timer alone keeps no process alive. @returns cancels it */
  after(ms: number, action: () => void): () => void;
  /** Runs `action` at the end of this turn of the event loop. @returns cancels it */
  soon(action: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  ticks: () => performance.now(),
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
