/**
 * Notifications on their way: a bounded queue for each person and for all, one at a time for each URL, with few retries. Knows
 * neither people nor HTTP.
 */
import type { Clock } from '../../system/clock.js';
import { isWorthRetry, type Notification, type PushOutcome } from './send-push.js';

/** Of one account. */
export interface QueuedPush {
  readonly account: number;
  readonly url: string;
  readonly notification: Notification;
}

export interface PushQueue {
  /** How many wait or are on their way. */
  readonly waiting: number;
  /** Tries after the first ones, since the start. */
  readonly retries: number;
  /** @returns false where it is full: nothing is sent then */
  add(push: QueuedPush): boolean;
  /** Drops what waits. */
  close(): void;
}

interface PushQueueDeps {
  readonly clock: Clock;
  /** Never rejects. */
  readonly send: (push: QueuedPush) => Promise<PushOutcome>;
  /** After the last try. */
  readonly onDone: (push: QueuedPush, outcome: PushOutcome) => void;
}

/** Waiting notifications of one account, and of all. */
const mostEach = 20;
const mostInAll = 1_000;
/** Accounts that are being notified at once. */
const atOnce = 32;
const retryMs = [5_000, 30_000];

export function createPushQueue({ clock, send, onDone }: PushQueueDeps): PushQueue {
  /** What waits, the accounts in turn; an account that is being notified is in `busy`. */
  const waiting = new Map<number, QueuedPush[]>();
  const busy = new Set<number>();
  let total = 0;
  let sending = 0;
  let retries = 0;
  let closed = false;

  function next(): void {
    for (const [account, [first, ...rest]] of waiting) {
      if (sending >= atOnce || closed) return;
      if (busy.has(account) || first === undefined) continue;
      waiting.delete(account);
      if (rest.length > 0) waiting.set(account, rest);
      total--;
      busy.add(account);
      void attempt(first, 0);
    }
  }

  async function attempt(push: QueuedPush, tries: number): Promise<void> {
    sending++;
    if (tries > 0) retries++;
    const outcome = await send(push);
    sending--;
    if (closed) return;
    const pause = retryMs[tries];
    if (isWorthRetry(outcome) && pause !== undefined) {
      // Others of this account wait, too: what comes first goes first.
      clock.after(pause, () => void (closed || attempt(push, tries + 1)));
    } else {
      busy.delete(push.account);
      onDone(push, outcome);
    }
    next();
  }

  return {
    get waiting() {
      return total + busy.size;
    },
    get retries() {
      return retries;
    },
    add(push) {
      const mine = waiting.get(push.account) ?? [];
      if (closed || total >= mostInAll || mine.length >= mostEach) return false;
      waiting.set(push.account, [...mine, push]);
      total++;
      next();
      return true;
    },
    close() {
      closed = true;
      waiting.clear();
    },
  };
}
