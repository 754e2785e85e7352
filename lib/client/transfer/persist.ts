/** Trying a broken transfer again, as long as there is a point. Knows times, not files. */
import type { Clock } from '../../system/clock.js';
import { Interruption, Refusal } from './trouble.js';

/** Tells when the session is connected again. */
export interface Gate {
  /** Counts up. */
  readonly opened: number;
  open(): void;
  /** Resolves at the next `open` after the count was `since`; at once where that has been. */
  after(since: number): Promise<void>;
}

export interface PersistOptions {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly signal: AbortSignal;
  /** Grows with what is on the other side for good. */
  readonly progress: () => number;
  /** It was interrupted and is going to be tried again. */
  readonly waiting: () => void;
}

const mostTries = 5;
const firstMs = 3_000;
// A server notices after 30 s that nothing moves in a connection that was lost; until then it may count it.
const longestMs = 30_000;

/**
 * Calls `attempt` until it resolves: a while after each interruption, or at once when the session is connected
 * again.
 * @throws Refusal, after 5 interruptions in a row without progress too; the signal's reason
 */
export async function persist<T>(attempt: () => Promise<T>, options: PersistOptions): Promise<T> {
  const { gate, signal, progress } = options;
  let tries = 0;
  let best = progress();
  for (;;) {
    const since = gate.opened;
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Interruption)) throw error;
      const moved = progress() > best;
      best = Math.max(best, progress());
      if (moved) tries = 0;
      if (!error.offline) tries += 1;
      if (tries >= mostTries) {
        throw new Refusal(`given up after ${mostTries} tries: ${error.message}; try it again later`);
      }
      options.waiting();
      const ms = Math.max(Math.min(longestMs, firstMs * 2 ** Math.max(0, tries - 1)), error.retryAfter ?? 0);
      await pause(error.offline ? undefined : ms, since, options);
    }
  }
}

/** Waits until the gate opens, for `ms` at most where there is a number, or rejects with the signal's reason. */
function pause(
  ms: number | undefined,
  since: number,
  { clock, gate, signal }: PersistOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = ms === undefined ? () => {} : clock.after(ms, settle);
    signal.addEventListener('abort', abort);
    gate.after(since).then(settle);
    function settle() {
      resolve();
      cancel();
      signal.removeEventListener('abort', abort);
    }
    function abort() {
      reject(signal.reason);
      settle();
    }
  });
}

export function createGate(): Gate {
  let opened = 0;
  let waiting: (() => void)[] = [];

  return {
    get opened() {
      return opened;
    },
    open() {
      opened += 1;
      const ready = waiting;
      waiting = [];
      for (const resolve of ready) resolve();
    },
    after(since) {
      if (opened > since) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
