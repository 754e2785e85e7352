/** The closed list of error codes. Programs match codes; the sentences beside them are for people. */

export const errorCodes = [
  // framing and requests
  'bad-frame',
  'frame-too-large',
  'bad-request',
  'unknown-type',
  'internal',
  'busy',
  // sign-in
  'not-signed-in',
  'already-signed-in',
  'wrong-credentials',
  'too-many-attempts',
  'session-expired',
  'name-in-use',
  'too-many-terminals',
  'name-invalid',
  'name-reserved',
  'name-taken',
  'name-look-alike',
  'password-unsuitable',
  'registration-closed',
  'invite-needed',
  'invite-invalid',
  'recovery-invalid',
  'second-factor-needed',
  'second-factor-wrong',
  'banned',
  'server-full',
  // messages
  'rate-limited',
  'message-empty',
  'message-too-long',
  'no-such-room',
  'no-such-name',
  'not-allowed',
  'not-delivered',
  'no-such-message',
  'muted',
  'slow-mode',
  'room-locked',
  'restricted',
  // rooms
  'not-a-member',
  'room-name-taken',
  'room-would-end',
  'too-many-rooms',
  'limit-reached',
  // files
  'no-such-file',
  'file-too-large',
  'quota-exceeded',
  'ticket-invalid',
  'file-damaged',
  'no-space',
  // why a connection ends
  'shutting-down',
  'taken-over',
  'signed-out',
  'kicked',
  'slow-consumer',
  'timed-out',
  'too-many-connections',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

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

export function isErrorCode(value: unknown): value is ErrorCode {
  return (errorCodes as readonly unknown[]).includes(value);
}
