/** How a transfer fails, and whether it can go on later. Knows sentences, not files. */
import { type ErrorCode, isTransient } from '../../protocol/errors.js';
import { printable } from '../../protocol/printable.js';
import { errorCode } from '../../system/atomic-file.js';
import { diskReason } from '../../system/disk-reason.js';
import { ConnectionLost, NotSecureChat, Unreachable } from '../wire/errors.js';

/** For good; the message is for people and says what to do. */
export class TransferFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransferFailed';
  }
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
  'no-such-file': 'no such file; /files lists the numbers',
  'quota-exceeded': 'this would exceed your quota; delete a file first (/files, /delete NUMBER)',
  'no-space': "the server's disk is full; tell its operator",
  'file-damaged': 'checksum mismatch; send the file again',
  'not-delivered': 'it was not delivered',
  'no-such-room': 'no such room; /rooms lists them',
  'no-such-name': 'no such user',
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
  const why = code !== '' ? diskReason(code) : error instanceof Error ? error.message : String(error);
  return new TransferFailed(path === undefined ? why : `${printable(path)}: ${why}`, { cause: error });
}
