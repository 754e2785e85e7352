/** Whether it makes sense to go on after an error. Knows codes, not connections. */
import { type ErrorCode, ProtocolError } from '../protocol/errors.js';
import type { End } from './session.js';
import { ConnectionLost, NotSecureChat, Unreachable } from './wire/errors.js';

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
