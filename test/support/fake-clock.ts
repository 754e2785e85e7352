/** A clock that a test moves. */
import type { Clock } from '../../lib/client/clock.js';

export interface FakeClock extends Clock {
  /** Rings every alarm that is due by then, in order, each at its own time. */
  advance(ms: number): void;
  /** Alarms that have not rung. */
  readonly pending: number;
}

export function createFakeClock(): FakeClock {
  let now = 1_000;
  let alarms: { at: number; act: () => void }[] = [];

  return {
    now: () => now,
    after(ms, act) {
      const alarm = { at: now + ms, act };
      alarms.push(alarm);
      return () => {
        alarms = alarms.filter((other) => other !== alarm);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = alarms.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        alarms = alarms.filter((other) => other !== next);
        now = Math.max(now, next.at);
        next.act();
      }
      now = end;
    },
    get pending() {
      return alarms.length;
    },
  };
}
