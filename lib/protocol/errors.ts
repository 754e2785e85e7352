/** The closed list of error codes, and which are worth another try. Programs match codes; sentences are for people. */

interface ErrorTraits {
  /** The same request, or another connection, can succeed later without anything being changed. */
  readonly transient: boolean;
  /** The server or the connection, rather than the person or the request. */
  readonly about: 'server' | 'client';
}

const refused = { transient: false, about: 'client' } as const;
const throttled = { transient: true, about: 'client' } as const;
const broken = { transient: false, about: 'server' } as const;
const unavailable = { transient: true, about: 'server' } as const;

const errors = {
  // framing and requests
  'bad-frame': broken,
  'frame-too-large': broken,
  'bad-request': refused,
  'unknown-type': refused,
  internal: unavailable,
  busy: unavailable,
  'database-unavailable': unavailable,
  // sign-in
  'not-signed-in': refused,
  'already-signed-in': refused,
  'wrong-credentials': refused,
  'too-many-attempts': throttled,
  'session-expired': refused,
  'name-in-use': refused,
  'too-many-terminals': refused,
  'name-invalid': refused,
  'name-reserved': refused,
  'name-taken': refused,
  'name-look-alike': refused,
  'password-unsuitable': refused,
  'registration-closed': refused,
  'invite-needed': refused,
  'invite-invalid': refused,
  'recovery-invalid': refused,
  'second-factor-needed': refused,
  'second-factor-wrong': refused,
  banned: refused,
  'server-full': unavailable,
  // messages
  'rate-limited': throttled,
  'message-empty': refused,
  'message-too-long': refused,
  'no-such-room': refused,
  'no-such-name': refused,
  'not-allowed': refused,
  'not-delivered': refused,
  'no-such-message': refused,
  muted: refused,
  'slow-mode': refused,
  'room-locked': refused,
  restricted: refused,
  // rooms
  'not-a-member': refused,
  'room-name-taken': refused,
  'room-would-end': refused,
  'too-many-rooms': refused,
  'limit-reached': refused,
  // files
  'no-such-file': refused,
  'file-too-large': refused,
  'quota-exceeded': refused,
  'ticket-invalid': refused,
  'file-damaged': refused,
  'no-space': broken,
  // why a connection ends
  'shutting-down': unavailable,
  'taken-over': refused,
  'signed-out': refused,
  kicked: refused,
  'slow-consumer': unavailable,
  'timed-out': unavailable,
  'too-many-connections': unavailable,
} satisfies Record<string, ErrorTraits>;

/** The server's codes, from a closed list: `docs/protocol.md` says what each means. */
export type ErrorCode = keyof typeof errors;

export const errorCodes = Object.keys(errors) as readonly ErrorCode[];

/** Whether waiting is all it takes: the same request, or another connection, can succeed later. */
export function isTransient(code: ErrorCode): boolean {
  return errors[code].transient;
}

/** Whether it is about the server or the connection, rather than the person or the request. */
export function isAboutServer(code: ErrorCode): boolean {
  return errors[code].about === 'server';
}

/** The peer's fault. Thrown anywhere in a request's handling, caught once, sent as the reply. */
export class ProtocolError extends Error {
  readonly code: ErrorCode;
  /** Milliseconds to wait before the same request can succeed. */
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, retryAfter?: number) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
    this.retryAfter = retryAfter;
  }
}
