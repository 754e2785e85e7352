/** Whether the other side of a connection still lives, and answers. Knows times and pings, neither bytes nor requests. */
import type { Clock } from '../../system/clock.js';

/** The request that has waited longest: for less than 3 s, for less than 11 s, for longer. */
export type Answering = 'in-time' | 'late' | 'not';

interface LivenessOptions {
  readonly clock: Clock;
  /** A ping is due when either side has sent nothing for this long, in milliseconds, or for 7 s. */
  readonly pingMs: number;
  /** The other side counts as dead after this long without a byte, in milliseconds. */
  readonly deadMs: number;
  /** The oldest request without a reply: when it was sent and until when it may wait, by the clock's ticks. */
  readonly unanswered: () => { readonly since: number; readonly until: number } | undefined;
  readonly ping: () => void;
  /** How requests are answered has changed; `in-time` at first. */
  readonly answering: (how: Answering) => void;
  readonly dead: (why: 'quiet' | 'unanswered') => void;
}

interface Liveness {
  heard(): void;
  sent(): void;
  /** A reply was read. */
  answered(): void;
  /** Nothing came for as long as it takes to be called silent. */
  quiet(): boolean;
  stop(): void;
}

// Together less than 20 s: so long after a link died its person knows, whatever was going on.
const mostPingMs = 7_000;
const silentMs = 11_000;
// A slow network may take so long; nothing is claimed of a connection from here on.
const lateMs = 3_000;
// A server that announces 0 is not pinged without end, and one that announces a year is not waited for.
const leastPingMs = 100;
const mostDeadMs = 5 * 60_000;

/** Watches from now on. */
export function createLiveness({
  clock,
  unanswered,
  ping,
  answering,
  dead,
  ...wanted
}: LivenessOptions): Liveness {
  const pingMs = Math.min(mostPingMs, Math.max(leastPingMs, wanted.pingMs));
  const deadMs = Math.min(mostDeadMs, Math.max(1.5 * pingMs, wanted.deadMs));
  let heardAt = clock.ticks();
  let sentAt = heardAt;
  let asked = false;
  let how: Answering = 'in-time';
  let stopped = false;
  let cancel = clock.after(Math.min(pingMs, lateMs), check);

  function judge(now: number) {
    const waited = now - (unanswered()?.since ?? now);
    const is = waited < lateMs ? 'in-time' : waited < silentMs ? 'late' : 'not';
    if (is === how) return;
    how = is;
    answering(how);
  }

  // The timer is not moved at each frame; it looks at the times when it fires.
  function check() {
    const now = clock.ticks();
    if (now - heardAt >= deadMs) return dead('quiet');
    const late = unanswered()?.until ?? Number.POSITIVE_INFINITY;
    if (now >= late) return dead('unanswered');
    // A busy room tells this side that the server lives, but the server needs a sign of life too.
    if (!asked && now - Math.min(heardAt, sentAt) >= pingMs) {
      asked = true;
      sentAt = now;
      ping();
    }
    judge(now);
    if (stopped) return;
    const pingDue = asked ? now + pingMs : Math.min(heardAt, sentAt) + pingMs;
    const since = unanswered()?.since ?? now;
    const judgeDue = how === 'not' ? late : since + (how === 'late' ? silentMs : lateMs);
    cancel = clock.after(Math.max(1, Math.min(pingDue, judgeDue, late, heardAt + deadMs) - now), check);
  }

  return {
    heard() {
      heardAt = clock.ticks();
      asked = false;
    },
    sent() {
      sentAt = clock.ticks();
    },
    answered() {
      if (how === 'in-time' || stopped) return;
      // Another request may be late next, and sooner than the timer was set for.
      cancel();
      check();
    },
    quiet: () => clock.ticks() - heardAt >= silentMs,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
