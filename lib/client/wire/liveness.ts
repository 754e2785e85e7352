/** Pings a quiet server, and notices a dead one. Knows times, not what is sent. */
import type { Clock } from '../../system/clock.js';

interface LivenessOptions {
  readonly clock: Clock;
  /** A ping is due when either side has sent nothing for this long, in milliseconds. */
  readonly pingMs: number;
  /** The other side counts as dead after this long without a byte, in milliseconds. */
  readonly deadMs: number;
  readonly ping: () => void;
  readonly dead: () => void;
}

interface Liveness {
  heard(): void;
  sent(): void;
  stop(): void;
}

// A server that announces 0 is not pinged without end.
const leastPingMs = 100;

/** Watches from now on. */
export function createLiveness({ clock, ping, dead, ...wanted }: LivenessOptions): Liveness {
  const pingMs = Math.max(leastPingMs, wanted.pingMs);
  const deadMs = Math.max(1.5 * pingMs, wanted.deadMs);
  let heardAt = clock.ticks();
  let sentAt = heardAt;
  let asked = false;
  let stopped = false;
  let cancel = clock.after(pingMs, check);

  // The timer is not moved at each frame; it looks at the times when it fires.
  function check() {
    const now = clock.ticks();
    if (now - heardAt >= deadMs) return dead();
    // A busy room tells this side that the server lives, but the server needs a sign of life too.
    if (!asked && now - Math.min(heardAt, sentAt) >= pingMs) {
      asked = true;
      sentAt = now;
      ping();
    }
    if (stopped) return;
    const due = asked ? now + pingMs : Math.min(heardAt, sentAt) + pingMs;
    cancel = clock.after(Math.max(1, Math.min(due, heardAt + deadMs) - now), check);
  }

  return {
    heard() {
      heardAt = clock.ticks();
      asked = false;
    },
    sent() {
      sentAt = clock.ticks();
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
