/**
 * One transfer: as a person sees it, what it works with, how it fails, and how an interrupted one is tried again. Knows
 * sentences and times, not files.
 */
import { type ErrorCode, isTransient } from '../../protocol/errors.js';
import type { Recipient } from '../../protocol/names.js';
import { printable } from '../../protocol/printable.js';
import type { Clock } from '../../system/clock.js';
import { diskReason, errorCode } from '../../system/disk-errors.js';
import { askedWait } from '../session/reconnect.js';
import type { Session } from '../session/session.js';
import { ConnectionLost } from '../wire/connection.js';
import { NotSecureChat, Unreachable } from '../wire/handshake.js';

export interface Transfer {
  /** Counts up from 1 in this program. */
  readonly id: number;
  readonly direction: 'send' | 'get';
  /** Its name in the chat. */
  readonly name: string;
  /** The local file, once there is one. */
  readonly path: string | undefined;
  /** Where it is sent. */
  readonly to?: Recipient;
  /** Bytes; undefined until known. */
  readonly size: number | undefined;
  /** Bytes that have arrived; while hashing, those read. */
  readonly done: number;
  readonly progress: TransferProgress;
}

export type TransferProgress =
  /** Reading it, for its SHA-256. */
  | { readonly state: 'hashing' }
  | { readonly state: 'moving' }
  /** For another transfer, or for the connection; goes on by itself. */
  | { readonly state: 'waiting' }
  | { readonly state: 'done' }
  | { readonly state: 'cancelled' }
  /** `why` is for people and says what to do: the end of a sentence, without a full stop. */
  | { readonly state: 'failed'; readonly why: string };

/** What one transfer works with. */
export interface TransferContext {
  readonly session: Pick<Session, 'ask' | 'openFileConnection' | 'hello'>;
  readonly clock: Clock;
  readonly reconnections: Reconnections;
  /** Aborted when it is cancelled. */
  readonly signal: AbortSignal;
  readonly update: (change: Partial<Omit<Transfer, 'id' | 'direction'>>) => void;
}

/** Announces that the session is connected again. */
export interface Reconnections {
  readonly count: number;
  reconnected(): void;
  /** Resolves once the count is above `count`. */
  after(count: number): Promise<void>;
}

/** For good; the message is for people and says what to do. */
export class TransferFailed extends Error {
  override readonly name = 'TransferFailed';
  readonly code = 'transfer-failed';
}

/** It can go on later. */
export class TransferInterrupted extends Error {
  /** There is no session at the moment: it cannot go on before the reconnection. */
  readonly offline: boolean;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(message: string, how: { offline?: boolean; retryAfter?: number | undefined } = {}) {
    super(message);
    this.name = 'TransferInterrupted';
    this.offline = how.offline ?? false;
    this.retryAfter = how.retryAfter;
  }
}

const sentences: Partial<Readonly<Record<ErrorCode, string>>> = {
  'no-such-file': 'no such file; /files lists the IDs',
  'quota-exceeded': 'this would exceed your quota; delete a file first (/files, /delete ID)',
  'no-space': "the server's disk is full; tell its operator",
  'file-damaged': 'checksum mismatch; send the file again',
  'not-delivered': 'it was not delivered',
  'no-such-room': 'no such room; /rooms lists them',
  'no-such-name': 'no account has that name',
  'not-a-member': 'you are not in that room; /join it first',
  'message-empty': 'its name has no printable characters; rename it',
};

// Not transient for other requests: too many transfers at once, and a ticket that has expired.
const retried: ReadonlySet<ErrorCode> = new Set(['limit-reached', 'ticket-invalid']);

/** What a server's error means for a transfer. */
export function failureOf(said: {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfter?: number;
}): TransferFailed | TransferInterrupted {
  const { code, message, retryAfter } = said;
  if (isTransient(code) || retried.has(code)) {
    return new TransferInterrupted(printable(message), { retryAfter });
  }
  return new TransferFailed(sentences[code] ?? printable(message));
}

/** What an error of a connection means for a transfer. */
export function connectionFailure(error: unknown): TransferFailed | TransferInterrupted {
  if (error instanceof TransferFailed || error instanceof TransferInterrupted) return error;
  const network =
    error instanceof ConnectionLost || error instanceof Unreachable || error instanceof NotSecureChat;
  const message = error instanceof Error ? error.message : String(error);
  if (network) return new TransferInterrupted(message);
  return new TransferFailed(printable(message), { cause: error });
}

/** An error of the file system. @param path named in the message; without it, the file that is sent */
export function diskFailure(error: unknown, path?: string): TransferFailed {
  if (error instanceof TransferFailed) return error;
  const code = errorCode(error);
  if (path === undefined && code === 'ENOENT') return new TransferFailed('no such file', { cause: error });
  const why = code !== '' ? diskReason(code) : error instanceof Error ? error.message : String(error);
  return new TransferFailed(path === undefined ? why : `${printable(path)}: ${why}`, { cause: error });
}

const mostTries = 5;
const firstMs = 3_000;
// A server notices a lost connection after 30 s without a byte; until then it may count it as one of ours.
const longestMs = 30_000;

/**
 * Calls `attempt` until it resolves: some seconds after each interruption, or at once when the session is
 * connected again.
 * @param progress grows with the bytes that have safely arrived
 * @throws TransferFailed, after 5 interruptions in a row without progress too; the signal's reason
 */
export async function retryInterrupted<T>(
  context: TransferContext,
  progress: () => number,
  attempt: () => Promise<T>,
): Promise<T> {
  const { reconnections, signal, update } = context;
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
        throw new TransferFailed(`gave up after ${mostTries} tries (${error.message}); try again later`);
      }
      update({ progress: { state: 'waiting' } });
      const own = Math.min(longestMs, firstMs * 2 ** Math.max(0, tries - 1));
      const ms = Math.max(own, askedWait(error.retryAfter ?? 0));
      await pause(error.offline ? undefined : ms, since, context);
    }
  }
}

/** Waits for a reconnection, but at most `ms` where given. Rejects with the signal's reason. */
function pause(
  ms: number | undefined,
  since: number,
  { clock, reconnections, signal }: TransferContext,
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
