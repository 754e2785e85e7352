/** What can go wrong with a transfer, and whether it may go on later. Knows words, not files. */
import type { ErrorCode } from '../../protocol/errors.js';
import { printable } from '../../protocol/printable.js';
import { errorCode } from '../../system/atomic-file.js';
import { diskReason } from '../../system/disk-reason.js';
import { ConnectionLost, NotSecureChat, Unreachable } from '../wire/errors.js';

/** There is no point in going on; the message is for people and says what to do. */
export class Refusal extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Refusal';
  }
}

/** It can go on later. */
export class Interruption extends Error {
  /** There is no session at the moment: going on before it is back makes no sense. */
  readonly offline: boolean;
  /** The server wants one to wait, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(message: string, how: { offline?: boolean; retryAfter?: number | undefined } = {}) {
    super(message);
    this.name = 'Interruption';
    this.offline = how.offline ?? false;
    this.retryAfter = how.retryAfter;
  }
}

const words: Partial<Readonly<Record<ErrorCode, string>>> = {
  'no-such-file': 'there is no such file here; /files tells the numbers of those there are',
  'quota-exceeded':
    'all your files together would be more than the server keeps for one person; delete one of them first (/files, /delete NUMBER)',
  'no-space': "the server's disk is full; ask whoever runs it",
  'file-damaged': 'it changed while it was being sent; send it again',
  'not-delivered': 'it was not delivered',
  'no-such-room': 'there is no such room; /rooms tells those there are',
  'no-such-name': 'nobody has that name',
  'not-a-member': 'you are not in that room; /join it first',
  'message-empty': 'its name has nothing printable; rename it',
};

// What another try may get over.
const passing: ReadonlySet<ErrorCode> = new Set([
  'busy',
  'internal',
  'limit-reached',
  'rate-limited',
  'shutting-down',
  'slow-consumer',
  'ticket-invalid',
  'timed-out',
  'too-many-connections',
]);

/** What a server's refusal means. */
export function refusal(said: {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfter?: number;
}): Refusal | Interruption {
  const { code, message, retryAfter } = said;
  if (passing.has(code)) return new Interruption(printable(message), { retryAfter });
  return new Refusal(words[code] ?? printable(message));
}

/** The trouble behind an error of a connection. */
export function broken(error: unknown): Refusal | Interruption {
  if (error instanceof Refusal || error instanceof Interruption) return error;
  const passes =
    error instanceof ConnectionLost || error instanceof Unreachable || error instanceof NotSecureChat;
  const message = error instanceof Error ? error.message : String(error);
  if (passes) return new Interruption(message);
  return new Refusal(printable(message), { cause: error });
}

/** The trouble with a file of this person. @param name as it is shown */
export function diskTrouble(name: string, error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const code = errorCode(error);
  const why = code !== '' ? diskReason(code) : error instanceof Error ? error.message : String(error);
  return new Refusal(`${printable(name)}: ${why}`, { cause: error });
}
