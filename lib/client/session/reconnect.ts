/** Reconnecting until the connection is back or trying is pointless. Knows when and where to try, not how to connect. */
import { isAboutServer, isTransient, ProtocolError } from '../../protocol/errors.js';
import type { Clock } from '../../system/clock.js';
import type { Endpoint } from '../../trust/endpoint.js';
import { ConnectionLost } from '../wire/connection.js';
import { NotSecureChat, Unreachable } from '../wire/handshake.js';
import type { SessionEnd, SessionStatus } from './session.js';

interface ReconnectOptions<T> {
  /** One try, or a round of tries; given why the connection was lost if it comes at once. */
  readonly open: (lostBy: string | undefined) => Promise<T>;
  /** The first one comes without a wait. */
  readonly atOnce?: boolean;
  readonly backoff: Backoff;
  readonly clock: Clock;
  /** Aborted when the person quits: no further try. */
  readonly signal: AbortSignal;
  readonly report: (status: SessionStatus) => void;
  /** Given what cuts the wait short that begins, and undefined when it ends. */
  readonly onWait?: (hurry: Hurry | undefined) => void;
}

/** @returns false where the wait cannot be shorter */
export type Hurry = () => boolean;

/** @param cause why the connection was lost */
export async function reconnect<T>(
  cause: unknown,
  { open, backoff, atOnce = false, ...options }: ReconnectOptions<T>,
): Promise<{ readonly opened: T } | { readonly end: SessionEnd }> {
  const { signal } = options;
  let error = cause;
  for (let wait = !atOnce; ; wait = true) {
    if (signal.aborted) return { end: { why: 'quit' } };
    const end = finalEnd(error);
    if (end !== undefined) return { end };
    if (wait) {
      const why = messageOf(error);
      const asked = serverReason(error)?.retryAfter;
      const inMs = backoff.next(asked);
      if (inMs === undefined) return { end: { why: 'lost', message: why } };
      await waitForTry({ inMs, leastMs: Math.max(betweenMs, askedWait(asked ?? 0)), why }, options);
      if (signal.aborted) continue;
    }
    try {
      return { opened: await open(wait ? undefined : messageOf(error)) };
    } catch (failure) {
      error = failure;
    }
  }
}

// Holding the key down makes no more attempts than this allows.
const betweenMs = 1_000;

/** @param wait `leastMs`: so long also for those in a hurry */
function waitForTry(
  { inMs, leastMs, why }: { readonly inMs: number; readonly leastMs: number; readonly why: string },
  { clock, signal, report, onWait }: Omit<ReconnectOptions<unknown>, 'open' | 'backoff'>,
): Promise<void> {
  const canHurry = inMs > leastMs;
  const soonest = clock.ticks() + leastMs;
  let hurried = false;
  report({ state: 'waiting', inMs, why, ...(canHurry && { canHurry }) });
  return new Promise((resolve) => {
    let cancel = clock.after(inMs, done);
    signal.addEventListener('abort', done);
    onWait?.(hurry);
    if (signal.aborted) done();

    function hurry(): boolean {
      if (!canHurry || hurried) return canHurry;
      hurried = true;
      const leftMs = soonest - clock.ticks();
      if (leftMs > 0) report({ state: 'waiting', inMs: leftMs, why });
      cancel();
      cancel = clock.after(Math.max(0, leftMs), done);
      return true;
    }
    function done(): void {
      cancel();
      signal.removeEventListener('abort', done);
      onWait?.(undefined);
      resolve();
    }
  });
}

/**
 * The same for a first connection: tries, and tries again while that can help.
 * @throws the last error
 */
export async function openWithRetries<T>({ open, ...options }: ReconnectOptions<T>): Promise<T> {
  let error: unknown;
  const attempt = () =>
    open(undefined).catch((failure) => {
      error = failure;
      throw failure;
    });
  const first = await attempt().then(
    (opened) => ({ opened }),
    (failure) => reconnect(failure, { ...options, open: attempt }),
  );
  if ('end' in first) throw error;
  return first.opened;
}

/**
 * One try at each of these addresses of a chat, until one succeeds.
 * @param open given why the address before was left
 * @param final whether no other address may be tried after this error
 * @throws the error that asks for the longest wait, else the last one; one that another address can't help with at once
 */
export async function openInTurn<T>(
  addresses: readonly Endpoint[],
  open: (endpoint: Endpoint, why: string | undefined) => Promise<T>,
  final: (error: unknown) => boolean = () => false,
): Promise<T> {
  const failures: unknown[] = [];
  for (const endpoint of addresses) {
    try {
      return await open(endpoint, failures.length === 0 ? undefined : messageOf(failures.at(-1)));
    } catch (error) {
      if (!isAboutAddress(error) || final(error)) throw error;
      failures.push(error);
    }
  }
  const asked = (error: unknown) => serverReason(error)?.retryAfter ?? 0;
  throw failures.reduce((worst, error) => (asked(error) >= asked(worst) ? error : worst));
}

/** Another server of the same chat may be well. */
function isAboutAddress(error: unknown): boolean {
  const reason = serverReason(error);
  if (reason !== undefined) return isTransient(reason.code) && isAboutServer(reason.code);
  return isNetworkError(error);
}

/** The server said goodbye, and that another one should be used. */
export function isShuttingDown(error: unknown): boolean {
  return serverReason(error)?.code === 'shutting-down';
}

/** `verify` refused the server at a reconnection; `cause` is what it rejected with. */
export class Distrusted extends Error {
  constructor(cause: unknown) {
    super('this server is not trusted', { cause });
    this.name = 'Distrusted';
  }
}

/** How the session ends because of this error; undefined where another try can help. */
function finalEnd(error: unknown): SessionEnd | undefined {
  if (error instanceof Distrusted) {
    const { cause } = error;
    return { why: 'distrusted', error: cause instanceof Error ? cause : error };
  }
  const reason = serverReason(error);
  if (reason !== undefined) {
    const { code, message } = reason;
    // The operator may free some space, and a session that gave up would not notice.
    return isTransient(code) || code === 'no-space' ? undefined : { why: 'refused', code, message };
  }
  return isNetworkError(error) ? undefined : { why: 'lost', message: messageOf(error) };
}

function isNetworkError(error: unknown): boolean {
  // Another program may have that port by mistake, and for a moment; nothing was sent to it.
  return error instanceof ConnectionLost || error instanceof Unreachable || error instanceof NotSecureChat;
}

/** The server's own reason, in a reply as well as in `closing`. */
function serverReason(
  error: unknown,
): (Pick<ProtocolError, 'code' | 'message'> & { retryAfter?: number | undefined }) | undefined {
  if (error instanceof ConnectionLost) return error.closing;
  return error instanceof ProtocolError ? error : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Waits, less when the signal is aborted. */
export function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
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

// A server may ask for any wait. One that really needs more says so again at the next try.
const mostAskedMs = 5 * 60_000;

/** How long to do as the server asks, of the milliseconds in its `retryAfter`. */
export function askedWait(retryAfter: number): number {
  return Math.min(retryAfter, mostAskedMs);
}

interface BackoffOptions {
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** How long to try, from the loss on, in milliseconds. */
  readonly retryMs: number;
}

export interface Backoff {
  /** The connection is back, and its catch-up complete. */
  recovered(): void;
  /**
   * Milliseconds to wait before the next try; undefined when the time for trying is used up.
   * @param retryAfter the least that the server asks for, in milliseconds; of more than five minutes, these
   */
  next(retryAfter?: number): number | undefined;
}

const firstMs = 250;
const longestMs = 15_000;
// After a connection that lasted for less than this, waits go on growing.
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
      return Math.min(left, Math.max(askedWait(retryAfter), Math.round(wait)));
    },
  };
}
