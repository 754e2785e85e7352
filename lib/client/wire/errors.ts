/** Network errors. Programs match `code`; the sentences are for people. */
import type { ServerFrameOf } from '../../protocol/events.js';

/** No connection could be opened: refused, unknown host, no route, no answer. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly code = 'unreachable';
}

/** Something answers there, but no secure-chat server. */
export class NotSecureChat extends Error {
  override readonly name = 'NotSecureChat';
  readonly code = 'not-secure-chat';
}

/** An open connection ended. */
export class ConnectionLost extends Error {
  readonly code = 'connection-lost';
  /** The server's reason, where it gave one. */
  readonly closing: ServerFrameOf<'closing'> | undefined;

  constructor(message: string, options?: ErrorOptions & { closing?: ServerFrameOf<'closing'> | undefined }) {
    super(message, options);
    this.name = 'ConnectionLost';
    this.closing = options?.closing;
  }
}
