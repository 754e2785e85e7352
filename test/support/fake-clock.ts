/** A clock that a test moves by hand. */
import type { Clock } from '../../lib/system/clock.js';

export interface FakeClock extends Clock {
  /** Ends the turn: runs what was due at its end, and what that made due at its own. */
  endTurn(): void;
  /** Ends the turn, then lets time pass: every timer that is due by then runs, in order, at its own time. */
  advance(ms: number): void;
  /** Lets time pass within a turn, as work does: no timer runs. */
  pass(ms: number): void;
  /** Sets the time of day, back too. No timer runs early or late for it. */
  set(time: number): void;
  /** Timers and ends of turns that have not come. */
  readonly pending: number;
}

interface Timer {
  readonly due: number;
  readonly action: () => void;
}

export function createFakeClock(start = 1_000_000): FakeClock {
  // Timers count by this, which does not jump when the time of day is set.
  let passed = 0;
  let offset = start;
  const timers = new Set<Timer>();
  let ending = new Set<{ readonly action: () => void }>();

  function earliest(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.due <= until && (first === undefined || timer.due < first.due)) first = timer;
    }
    return first;
  }

  function endTurn(): void {
    while (ending.size > 0) {
      const due = ending;
      ending = new Set();
      for (const { action } of due) action();
    }
  }

  return {
    now: () => offset + passed,
    ticks: () => passed,
    after(ms, action) {
      const timer = { due: passed + ms, action };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    soon(action) {
      const entry = { action };
      ending.add(entry);
      return () => void ending.delete(entry);
    },
    endTurn,
    advance(ms) {
      const until = passed + ms;
      endTurn();
      for (let next = earliest(until); next !== undefined; next = earliest(until)) {
        passed = Math.max(passed, next.due);
        timers.delete(next);
        next.action();
        endTurn();
      }
      passed = until;
    },
    pass(ms) {
      passed += ms;
    },
    set(time) {
      offset = time - passed;
    },
    get pending() {
      return timers.size + ending.size;
    },
  };
}
