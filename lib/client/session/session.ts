/** A signed-in session at one server, across lost connections. Knows requests and events; neither a terminal nor files. */
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../../protocol/errors.js';
import type { Reply, ServerFrameOf } from '../../protocol/events.js';
import type { Conversation, Role } from '../../protocol/records.js';
import type { SignInMode } from '../../protocol/requests.js';
import type { Endpoint } from '../../trust/endpoint.js';
import type { RequestBody, ServerEvent } from '../wire/connection.js';
import type { VerifyServer } from '../wire/open-connection.js';
import type { Addresses } from './addresses.js';

export type Credentials =
  | {
      readonly how: 'sign-in';
      readonly name: string;
      readonly password: string;
      /** From an authenticator app, where the account has a second factor. */
      readonly otp?: string;
    }
  /** Sets a new password, by a recovery code or the code of a reset link. */
  | { readonly how: 'recover'; readonly name: string; readonly password: string; readonly code: string }
  | { readonly how: 'register'; readonly name: string; readonly password: string; readonly code?: string }
  | { readonly how: 'resume'; readonly token: string };

export interface SessionOptions {
  /** Where the server is; of a chat with several servers, its addresses. */
  readonly endpoint: Endpoint | Addresses;
  readonly verify: VerifyServer;
  readonly credentials: Credentials;
  readonly mode?: SignInMode;
  readonly remember?: boolean;
  /** How long a lost connection is tried again, in milliseconds; Infinity forever. */
  readonly retryMs: number;
  /** Called with each new token, before anything else is sent; awaited. */
  readonly keepToken?: (token: string) => Promise<void>;
  readonly listener: (event: SessionEvent) => void;
  /** Aborts the opening, not the session that is open. */
  readonly signal?: AbortSignal | undefined;
}

/** The state of the connection. */
export type SessionStatus =
  /** With `address` (HOST:PORT) where it is not the one before. */
  | { readonly state: 'online'; readonly address?: string }
  /** Connected, but a request has no reply after 3 s: it may be slow, or gone. `online` or `no-answer` follows. */
  | { readonly state: 'late' }
  /** Connected, but a request has no reply after 11 s; `online` follows once it has one. */
  | { readonly state: 'no-answer' }
  /** Trying now; with `address` where the chat has several, and with `why` if the one before was left for it at once. */
  | { readonly state: 'connecting'; readonly address?: string; readonly why?: string }
  /** Trying again `inMs` milliseconds from now, because of `why`; sooner with `reconnect`, unless it is too soon. */
  | { readonly state: 'waiting'; readonly inMs: number; readonly why: string; readonly canHurry?: true }
  | { readonly state: 'ended'; readonly end: SessionEnd };

/** Why a session is over. */
export type SessionEnd =
  | { readonly why: 'quit' }
  /** By a `logout` request of this session. */
  | { readonly why: 'logged-out'; readonly message: string }
  /** The server ended it for good (`taken-over`, `signed-out`) or refused to continue it. */
  | { readonly why: 'refused'; readonly code: ErrorCode; readonly message: string }
  /** Tried for retryMs. */
  | { readonly why: 'lost'; readonly message: string }
  /** `verify` refused at a reconnection. */
  | { readonly why: 'distrusted'; readonly error: Error };

/** What was asked for needs a session, and it is over. */
export class SessionEnded extends Error {
  override readonly name = 'SessionEnded';
  readonly code = 'session-ended';
  readonly end: SessionEnd;

  constructor(end: SessionEnd) {
    super(`the session has ended (${end.why})`, 'error' in end ? { cause: end.error } : undefined);
    this.end = end;
  }
}

export type SessionEvent =
  /** Each entry (message, edited, removed, reaction, pinned, unpinned, topic) once, in seq order within its conversation. */
  | { readonly kind: 'event'; readonly event: ServerEvent }
  | { readonly kind: 'status'; readonly status: SessionStatus }
  /**
   * The catch-up after a (re)connection is complete. `first` the first time. `conversations` are all rooms
   * that this person is in by now, and direct ones that are unread or recent; the `room`, `parted`, `invited`, `role`, `rules` and `seen` events of the meantime come after it.
   */
  | { readonly kind: 'synced'; readonly first: boolean; readonly conversations: readonly Conversation[] }
  | { readonly kind: 'delivery'; readonly key: string; readonly delivery: DeliveryStatus };

/** What became of a message that this session sent. */
export type DeliveryStatus =
  /** Waits for its turn, for the connection, or (`waitMs`) because the server said to slow down. */
  | { readonly state: 'sending'; readonly waitMs?: number }
  | { readonly state: 'sent'; readonly seq: number }
  /** The server refused it. */
  | { readonly state: 'failed'; readonly code: ErrorCode; readonly message: string };

export interface OutgoingMessage {
  readonly room?: string;
  readonly to?: string;
  readonly text: string;
  readonly action?: true;
  /** Seq of the message that it replies to. */
  readonly of?: number;
  /** The same key again is the same message again, also after a restart; made by the session where missing. */
  readonly key?: string;
}

export interface Session {
  readonly name: string;
  readonly role: Role;
  readonly hello: ServerFrameOf<'hello'>;
  /** The operator's message of the day. */
  readonly motd: string | undefined;
  /** Recovery code, sent once when the account was created or recovered: sets a new password, once. A secret. */
  readonly recovery: string | undefined;
  /**
   * Queues a message and returns its key at once. Messages are acknowledged strictly one after the other,
   * so that their order survives a slow-down and a lost connection.
   */
  say(message: OutgoingMessage): string;
  /**
   * One request, one reply (`ok` or `error`).
   * Rejects with ConnectionLost when the connection ends before the reply, except for a `logout` that ends it.
   */
  ask(request: RequestBody): Promise<Reply>;
  /** Names of the people this person has blocked, as far as known; undefined before that. Never rejects. */
  blocked(): Promise<ReadonlySet<string> | undefined>;
  /** Names of people whose coming online is waited for, by `watch`: also on the next connection. */
  readonly watched: readonly string[];
  /**
   * A second connection to the server in use, for one file (ALPN `secure-chat-file/1`): verified like the first,
   * nothing read or written yet, paused.
   * Rejects as the opening of a session does, or with the signal's reason.
   */
  openFileConnection(signal: AbortSignal): Promise<Duplex>;
  /**
   * Cuts the wait for the next try short: but a second passes between tries, and a wait that the server asked for is kept.
   * @returns false where there is none to cut short
   */
  reconnect(): boolean;
  /** Resolves when every message was sent or has failed, or the session ended. */
  settled(): Promise<void>;
  /** Ends the session without waiting for unacknowledged messages. Resolves when the connection is closed. */
  quit(reason?: string): Promise<void>;
}

/** Whether the session is saved on this computer, so that the next start asks for no password. */
export interface StaySignedIn {
  /** It is to be offered: a password was typed, and nothing was chosen yet. */
  readonly offer: boolean;
  /** Saves the newest token, and each one that replaces it. Rejects with the system's error. */
  begin(): Promise<void>;
  /** Removes it; not offered again. Rejects with the system's error. */
  end(): Promise<void>;
}
