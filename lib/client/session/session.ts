/**
 * A signed-in person at one server, across lost connections. Knows requests and events; neither a terminal
 * nor files.
 */
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../../protocol/errors.js';
import type { Reply, ServerFrame, ServerFrameOf } from '../../protocol/events.js';
import type { Conversation, Role } from '../../protocol/records.js';
import type { Request, SignInMode } from '../../protocol/requests.js';
import type { Endpoint } from '../../trust/endpoint.js';

export type { Endpoint };

/** What a server showed in the TLS handshake. */
export interface Presented {
  /** SHA-256 of the public key (SPKI), base64url, 43 characters. */
  readonly pin: string;
  /** A certificate authority of this system vouches for it under this host name. */
  readonly authorized: boolean;
  /** ISO 8601. */
  readonly validTo: string;
}

/**
 * Decides whether to talk to this server; not one byte is written before it resolves. Called at every
 * connection, reconnections too. Rejects to refuse; the session then ends with that error.
 */
export type Verify = (presented: Presented) => Promise<void>;

export type Credentials =
  | {
      readonly how: 'sign-in';
      readonly name: string;
      readonly password: string;
      /** Of an authenticator, where the account wants one. */
      readonly otp?: string;
    }
  /** A new password, for whoever has a recovery code or a reset link's. */
  | { readonly how: 'recover'; readonly name: string; readonly password: string; readonly code: string }
  | { readonly how: 'register'; readonly name: string; readonly password: string; readonly code?: string }
  | { readonly how: 'resume'; readonly token: string };

export interface SessionOptions {
  readonly endpoint: Endpoint;
  readonly verify: Verify;
  readonly credentials: Credentials;
  readonly mode?: SignInMode;
  readonly remember?: boolean;
  /** How long a lost connection is tried again, in milliseconds; Infinity for ever. */
  readonly retryMs: number;
  /** Called with each new token, before anything else is sent; awaited. */
  readonly keepToken?: (token: string) => Promise<void>;
  readonly listener: (happening: Happening) => void;
}

export type Status =
  | { readonly state: 'online' }
  /** Trying now. */
  | { readonly state: 'connecting' }
  /** Trying again `inMs` milliseconds from now, because of `why`. */
  | { readonly state: 'waiting'; readonly inMs: number; readonly why: string }
  | { readonly state: 'ended'; readonly end: End };

/** Why a session is over. */
export type End =
  | { readonly why: 'quit' }
  /** By a `logout` that was asked for here. */
  | { readonly why: 'logged-out'; readonly message: string }
  /** The server ended it for good (`taken-over`, `signed-out`) or refused to continue it. */
  | { readonly why: 'refused'; readonly code: ErrorCode; readonly message: string }
  /** Tried for retryMs. */
  | { readonly why: 'lost'; readonly message: string }
  /** `verify` refused at a reconnection. */
  | { readonly why: 'distrusted'; readonly error: Error };

export type Event = Exclude<ServerFrame, ServerFrameOf<'ok' | 'error' | 'hello'>>;

export type Happening =
  /** Each entry (message, edited, removed, topic) once, in seq order within its conversation. */
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'status'; readonly status: Status }
  /**
   * The catch-up after a (re)connection is complete. `first` the first time. `conversations` are all that this
   * person is in by now; what `room`, `parted`, `invited`, `role` and `seen` told in the meantime comes after it.
   */
  | { readonly kind: 'synced'; readonly first: boolean; readonly conversations: readonly Conversation[] }
  | { readonly kind: 'delivery'; readonly key: string; readonly delivery: Delivery };

/** What became of a message that was said here. */
export type Delivery =
  /** Waits for its turn, for the connection, or (`waitMs`) because the server said to slow down. */
  | { readonly state: 'sending'; readonly waitMs?: number }
  | { readonly state: 'sent'; readonly seq: number }
  /** The server will not take it. */
  | { readonly state: 'failed'; readonly code: ErrorCode; readonly message: string };

export interface Draft {
  readonly room?: string;
  readonly to?: string;
  readonly text: string;
  readonly action?: true;
  /** The same key again is the same message again, also after a restart; made by the session where missing. */
  readonly key?: string;
}

/** A request without the id that the session gives it. */
export type Asked = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

export interface Session {
  readonly name: string;
  readonly role: Role;
  readonly hello: ServerFrameOf<'hello'>;
  /** What the operator says to everybody who comes. */
  readonly motd: string | undefined;
  /** Lets a new password be set, once; the server told it as the account was made or recovered. A secret. */
  readonly recovery: string | undefined;
  /**
   * Queues a message and returns its key at once. Messages are acknowledged strictly one after the other,
   * so that their order survives a slow-down and a lost connection.
   */
  say(draft: Draft): string;
  /**
   * One request, one reply (`ok` or `error`).
   * Rejects with ConnectionLost when the connection ends before the reply, but for a `logout` that ends it.
   */
  ask(request: Asked): Promise<Reply>;
  /**
   * A second connection to the same server, for one file (ALPN `secure-chat-file/1`): its trust was decided as
   * for the first, nothing was read or written, and it is paused.
   * Rejects as the opening of a session does, or with the signal's reason.
   */
  openFileConnection(signal: AbortSignal): Promise<Duplex>;
  /** Resolves when no message is unacknowledged any more (each was sent or failed), or the session ended. */
  settled(): Promise<void>;
  /** Leaves without waiting for unacknowledged messages. Resolves when the connection is closed. */
  quit(reason?: string): Promise<void>;
}
