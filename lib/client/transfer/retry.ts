/** Trying an interrupted transfer again. Knows times, not files. */
import type { Clock } from '../../system/clock.js';
import { TransferFailed, TransferInterrupted } from './failures.js';

/** Announces that the session is connected again. */
export interface Reconnections {
  readonly count: number;
  reconnected(): void;
  /** Resolves once the count is above `count`. */
  after(count: number): Promise<void>;
}

export interface PersistOptions {
  readonly clock: Clock;
  readonly reconnections: Reconnections;
  readonly signal: AbortSignal;
  /** Grows with the bytes that have safely arrived. */
  readonly progress: () => number;
  /** It was interrupted and will be tried again. */
  readonly waiting: () => void;
}

const mostTries = 5;
const firstMs = 3_000;
// A server notices a lost connection after 30 s without a byte; until then it may count it as one of ours.
const longestMs = 30_000;

/**
 * Calls `attempt` until it resolves: some seconds after each interruption, or at once when the session is
 * connected again.
 * @throws TransferFailed, after 5 interruptions in a row without progress too; the signal's reason
 */
export async function retryInterrupted<T>(attempt: () => Promise<T>, options: PersistOptions): Promise<T> {
  const { reconnections, signal, progress } = options;
  let tries = 0;
  let best = progress();
  for (;;) {
    const since = reconnections.count;
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransferInterrupted)) throw error;
      const moved = progress() > best;
      best = Math.max(best, progress());
      if (moved) tries = 0;
      if (!error.offline) tries += 1;
      if (tries >= mostTries) {
        throw new TransferFailed(`gave up after ${mostTries} tries: ${error.message}; try again later`);
      }
      options.waiting();
      const ms = Math.max(Math.min(longestMs, firstMs * 2 ** Math.max(0, tries - 1)), error.retryAfter ?? 0);
      await pause(error.offline ? undefined : ms, since, options);
    }
  }
}

/** Waits for a reconnection, but at most `ms` where given. Rejects with the signal's reason. */
function pause(
  ms: number | undefined,
  since: number,
  { clock, reconnections, signal }: PersistOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = ms === undefined ? () => {} : clock.after(ms, settle);
    signal.addEventListener('abort', abort);
    reconnections.after(since).then(settle);
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

export function createReconnections(): Reconnections {
  let count = 0;
  let waiting: (() => void)[] = [];

  return {
    get count() {
      return count;
    },
    reconnected() {
      count += 1;
      const ready = waiting;
      waiting = [];
      for (const resolve of ready) resolve();
    },
    after(since) {
      if (count > since) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
