/** Time as the client sees it: a reading and an alarm. */

export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `act` once, `ms` milliseconds from now; the function returned calls it off. */
  after(ms: number, act: () => void): () => void;
}

// setTimeout fires at once when told to wait longer, and servers may name any number.
const longestMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, Math.min(ms, longestMs));
    return () => clearTimeout(timer);
  },
};
