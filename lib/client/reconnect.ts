/** Trying a lost connection again until it is back or there is no point. Knows when, not how. */
import type { Backoff } from './backoff.js';
import type { Clock } from './clock.js';
import { judge, sentence } from './retry.js';
import type { End, Status } from './session.js';

export interface ReconnectOptions<T> {
  /** One try. */
  readonly open: () => Promise<T>;
  readonly backoff: Backoff;
  readonly clock: Clock;
  /** Somebody wants to leave: no further try. */
  readonly signal: AbortSignal;
  readonly tell: (status: Status) => void;
}

/** @param trouble why the connection was lost */
export async function reconnect<T>(
  trouble: unknown,
  { open, backoff, clock, signal, tell }: ReconnectOptions<T>,
): Promise<{ readonly opened: T } | { readonly end: End }> {
  let error = trouble;
  for (;;) {
    if (signal.aborted) return { end: { why: 'quit' } };
    const verdict = judge(error);
    if (!verdict.retry) return { end: verdict.end };
    const why = sentence(error);
    const inMs = backoff.next(verdict.retryAfter);
    if (inMs === undefined) return { end: { why: 'lost', message: why } };
    tell({ state: 'waiting', inMs, why });
    await pause(inMs, clock, signal);
    if (signal.aborted) continue;
    tell({ state: 'connecting' });
    try {
      return { opened: await open() };
    } catch (failure) {
      error = failure;
    }
  }
}

/** Waits, less when the signal is aborted. */
function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done);
    function done() {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
