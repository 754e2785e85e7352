/** Trying a lost connection again until it is back or there is no point. Knows when, not how. */

import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import type { Clock } from '../../system/clock.js';
import { ConnectionLost, NotSecureChat, Unreachable } from '../wire/errors.js';
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

export interface BackoffOptions {
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** How long to try, from the loss on, in milliseconds. */
  readonly retryMs: number;
}

export interface Backoff {
  /** The connection is there again and of use. */
  recovered(): void;
  /**
   * Milliseconds to wait before the next try; undefined when the time for trying is used up.
   * @param retryAfter the least that the server wants one to wait, in milliseconds
   */
  next(retryAfter?: number): number | undefined;
}

const firstMs = 250;
const longestMs = 15_000;
// A connection that ends sooner than this is no reason to begin again with short waits.
const steadyMs = 5_000;

/** Exponential, with full jitter above the first 250 ms, so that thousands of clients do not come at once. */
export function createBackoff({ clock, random, retryMs }: BackoffOptions): Backoff {
  let tries = 0;
  let lostAt: number | undefined;
  let recoveredAt: number | undefined;

  return {
    recovered() {
      lostAt = undefined;
      recoveredAt = clock.ticks();
    },
    next(retryAfter = 0) {
      const now = clock.ticks();
      if (lostAt === undefined) {
        lostAt = now;
        if (recoveredAt !== undefined && now - recoveredAt >= steadyMs) tries = 0;
      }
      const left = lostAt + retryMs - now;
      if (left <= 0) return undefined;
      tries += 1;
      const ceiling = Math.min(longestMs, firstMs * 2 ** tries);
      const wait = firstMs + random() * (ceiling - firstMs);
      return Math.min(left, Math.max(retryAfter, Math.round(wait)));
    },
  };
}

export type Verdict =
  | { readonly retry: true; readonly retryAfter: number | undefined }
  | { readonly retry: false; readonly end: End };

/** `verify` refused a server; `cause` is what it rejected with. */
export class Distrusted extends Error {
  constructor(cause: unknown) {
    super('this server is not trusted', { cause });
    this.name = 'Distrusted';
  }
}

// What goes by while one waits, in a reply as well as in `closing`.
const passing: ReadonlySet<ErrorCode> = new Set([
  'busy',
  'internal',
  'rate-limited',
  'server-full',
  'shutting-down',
  'slow-consumer',
  'timed-out',
  'too-many-attempts',
  'too-many-connections',
]);

/** What to do about an error that ended a connection, or kept one from coming about. */
export function judge(error: unknown): Verdict {
  if (error instanceof Distrusted) {
    const { cause } = error;
    return { retry: false, end: { why: 'distrusted', error: cause instanceof Error ? cause : error } };
  }
  const lost = error instanceof ConnectionLost;
  const said = lost ? error.closing : error instanceof ProtocolError ? error : undefined;
  if (said !== undefined) {
    const { code, message, retryAfter } = said;
    return passing.has(code)
      ? { retry: true, retryAfter }
      : { retry: false, end: { why: 'refused', code, message } };
  }
  // Another program on that port may be there by mistake, and for a moment; nothing was said to it.
  if (lost || error instanceof Unreachable || error instanceof NotSecureChat) {
    return { retry: true, retryAfter: undefined };
  }
  return { retry: false, end: { why: 'lost', message: sentence(error) } };
}

export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
