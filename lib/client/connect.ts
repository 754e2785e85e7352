/**
 * `connect` of the library: a chat for programs, without questions or files of its own. Knows a session and a program's
 * listeners, no command line.
 */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { type ErrorCode, ProtocolError } from '../protocol/errors.js';
import type { Reply, ServerFrameOf } from '../protocol/events.js';
import { messageText } from '../protocol/message-text.js';
import { fileName, type Recipient, type RoomOrPerson, recipientOf } from '../protocol/names.js';
import type { Message, Person, Role, RoomInfo } from '../protocol/records.js';
import { systemClock } from '../system/clock.js';
import { unlessAborted } from '../system/unless-aborted.js';
import {
  type JoinLink,
  linkEndpoints,
  looksLikeLink,
  parseEndpoint,
  parseJoinLink,
} from '../trust/endpoint.js';
import { isPin } from '../trust/key.js';
import { enterRoom } from './enter-room.js';
import { createListener } from './front-end.js';
import { createAddresses } from './session/addresses.js';
import { askUntilAnswered, type ConnectionWatch, createConnectionWatch } from './session/connection-watch.js';
import { createEntryStream, type EntryStream } from './session/entry-stream.js';
import { placeOf } from './session/inbox.js';
import { historyPages } from './session/pages.js';
import {
  askPeople,
  type Session,
  type SessionEnd,
  SessionEnded,
  type SessionEvent,
  type SessionStatus,
} from './session/session.js';
import { startSession } from './session/start-session.js';
import { signInUnattended } from './sign-in/sign-in-unattended.js';
import { createTrustDecision } from './sign-in/trust-decision.js';
import { loadFile } from './transfer/download.js';
import { createReconnections, type TransferContext } from './transfer/transfer.js';
import { upload } from './transfer/upload.js';
import type { RequestBody, ServerEvent } from './wire/connection.js';

/** Where to connect, and as whom: with a `token`, or with `name` and `password`. */
export interface ConnectOptions {
  /**
   * A join link, which has the pin of the server's key, and may name several servers of one chat; or `HOST` or `HOST:PORT`, port 6697 by default. Nothing is ever asked:
   * without a pin, the server needs a certificate that a certificate authority of this system vouches for.
   */
  readonly server: string;
  /** SHA-256 of the server's public key, base64url, 43 characters; where `server` is not a link that has it. */
  readonly pin?: string | undefined;
  /** A bot's, from `secure-chat user token NAME`. */
  readonly token?: string | undefined;
  readonly name?: string | undefined;
  /** With an invite link the account is made if the name is new. */
  readonly password?: string | undefined;
  /** If the account is signed in already: join as another terminal (`attach`, the default), or end those (`take-over`). */
  readonly mode?: 'attach' | 'take-over' | undefined;
  /** How long a lost connection is tried again, in milliseconds; for ever by default. The first one is tried once. */
  readonly retryMs?: number | undefined;
  /** Gives up connecting, or closes the chat. */
  readonly signal?: AbortSignal | undefined;
}

/** An option of `connect` is missing or wrong; the message says which. */
export class InvalidOption extends Error {
  override readonly name = 'InvalidOption';
  readonly code = 'invalid-option';
}

/**
 * What `on` takes: each event of the protocol by its type, and `status` for the state of the connection.
 * @interface
 */
export type ChatEvents = {
  readonly [T in ServerEvent['type']]: Extract<ServerEvent, { type: T }>;
} & { readonly status: SessionStatus };

/**
 * The reply to a request; which fields it has depends on the request.
 * @interface
 */
export type Accepted = ServerFrameOf<'ok'>;

/** What goes with a message. */
export interface SayOptions {
  /** As `/me` does. */
  readonly action?: true;
  /** `seq` of the message that it replies to; its start is shown above. */
  readonly of?: number;
  /**
   * 1 to 64 visible ASCII characters, unique among the messages of this account. The same key again is the same message, which
   * is stored once: for a program that may crash before it notes that it has posted something. Made up by default.
   */
  readonly key?: string;
}

/** A message that the server has stored. */
export interface Stored {
  /** Its number, increasing over the whole server. */
  readonly seq: number;
  readonly key: string;
}

/** Which messages `ChatSession.messages` gives. */
export interface MessagesOptions {
  /** Only those of this room, or of these. The account has to be in them: see `ChatSession.join`. */
  readonly room?: string | readonly string[];
  /** Begins with the history since then (milliseconds since the epoch, or a date), conversation by conversation. */
  readonly since?: number | Date;
}

/** Which files `ChatSession.loadFile` fetches. */
export interface LoadFileOptions {
  /** A larger file is refused. */
  readonly mostBytes: number;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/**
 * A signed-in account. It reconnects by itself, to another server of the chat if there is one, and then gets
 * what it has missed: every message comes once, and in order within
 * its conversation. Closed by `close`, by the `signal` of its options, or at the end of an `await using` block.
 */
export interface ChatSession extends AsyncDisposable {
  readonly name: string;
  readonly role: Role;
  /** The server's name, for people. */
  readonly serverName: string;
  /** Sent once, where `connect` has made the account: sets a new password, once. A secret. */
  readonly recovery: string | undefined;

  /**
   * Calls `listener` for each event of a type, beginning with the first after `connect` has resolved; this account's own messages
   * are among them. What a listener throws is an uncaught exception.
   * @returns takes the listener away
   */
  on<T extends keyof ChatEvents>(type: T, listener: (event: ChatEvents[T]) => void): () => void;
  /**
   * Messages as they come, from now on or from a moment in the past; this account's own are among them. A slow reader misses
   * none: what does not fit into memory (1000 messages) is read from the history later. Ends with `close`.
   * @throws SessionEnded where the session ends in another way; ProtocolError, ConnectionLost where the history cannot be read
   */
  messages(options?: MessagesOptions): AsyncGenerator<Message, undefined, undefined>;
  /**
   * The messages of one conversation up to now, oldest first.
   * @param since milliseconds since the epoch, or a date; without it, from the first message on
   * @throws ProtocolError (`not-a-member`, …), ConnectionLost, SessionEnded
   */
  history(place: RoomOrPerson, since?: number | Date): AsyncGenerator<Message, undefined, undefined>;

  /**
   * Posts a message. Messages are sent one after the other, each until it is acknowledged, also over lost connections.
   * @returns once the server has stored it
   * @throws ProtocolError (`message-too-long` above 4096 bytes or 100 lines, `message-empty`, `not-a-member`, …); SessionEnded
   *   where the session ended before; the server may have stored it then
   */
  say(to: Recipient, text: string, options?: SayOptions): Promise<Stored>;
  /** Answers a message in its conversation, with its start above. @throws as `say` */
  reply(message: Message, text: string): Promise<Stored>;
  /**
   * Sends a file. It goes on by itself after a lost connection.
   * @returns once the server has stored all of it
   * @throws TransferFailed, whose message says why; the signal's reason; SessionEnded
   */
  sendFile(to: Recipient, path: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Fetches a file into memory, checked by its SHA-256.
   * @param seq of the message with the file
   * @throws as `sendFile`
   */
  loadFile(
    seq: number,
    options: LoadFileOptions,
  ): Promise<{ readonly name: string; readonly bytes: Uint8Array }>;

  /**
   * Joins a room that is there; does nothing in one that the account is in.
   * @throws ProtocolError (`no-such-room`, …), ConnectionLost, SessionEnded
   */
  join(room: string): Promise<void>;
  /** @throws ProtocolError (`not-a-member`, `room-would-end`, …), ConnectionLost */
  leave(room: string): Promise<void>;
  /** The rooms that this account can see. @throws ProtocolError, ConnectionLost, SessionEnded */
  rooms(): Promise<readonly RoomInfo[]>;
  /** The members of a room; without one, everyone who is online. @throws ProtocolError, ConnectionLost, SessionEnded */
  people(room?: string): Promise<readonly Person[]>;
  /**
   * Any other request of the protocol, such as `{ type: 'react', of: 17, emoji: '+1' }`; not tried again after a lost connection.
   * @throws ProtocolError with the server's code; ConnectionLost where the connection ended before the reply came
   */
  ask(request: RequestBody): Promise<Accepted>;

  /** Resolves when the session is over, with why. */
  readonly closed: Promise<SessionEnd>;
  /** Ends the session within 2 s, without waiting for what is still on its way. @param reason others see it */
  close(reason?: string): Promise<void>;
}

/**
 * Connects and signs in.
 * @returns once it has caught up: what was posted before is in the history
 * @throws InvalidOption; Unreachable, NotSecureChat; UntrustedServer (`key-changed`, `key-unknown`), before anything was sent;
 *   ProtocolError with the server's code (`wrong-credentials`, `session-expired` for a token that is not valid, `banned`, …);
 *   ConnectionLost; SessionEnded where it ended before it had caught up; the signal's reason
 */
export async function connectChat(options: ConnectOptions): Promise<ChatSession> {
  const link = linkOf(options);
  const { token, name, password, mode = 'attach', retryMs = Number.POSITIVE_INFINITY, signal } = options;
  requireCredentials(options);
  const { listener, open } = createListener();
  const asked = linkEndpoints(link);
  const nowhere = { find: async () => undefined, remember: async () => {} };
  const verify = createTrustDecision({ asked, linkPin: link.pin, knownHosts: nowhere });
  const endpoint = createAddresses({ given: asked });
  const session = await signInUnattended({
    answers: { token, name, password, mode },
    code: link.code,
    saved: { find: async () => undefined, drop: async () => {} },
    start: ({ credentials, mode: how }) =>
      startSession({ endpoint, verify, credentials, ...(how && { mode: how }), retryMs, listener, signal }),
  });
  const { chat, notice, ready, release } = createChat(session);
  open(notice);
  const abort = (): void => void chat.close();
  signal?.addEventListener('abort', abort);
  void chat.closed.then(() => signal?.removeEventListener('abort', abort));
  if (signal?.aborted) abort();
  await unlessAborted(ready, signal);
  // The caller adds its listeners first.
  setImmediate(release);
  return chat;
}

/** @throws InvalidOption */
function requireCredentials({ token, name, password }: ConnectOptions): void {
  if (token === undefined && (name === undefined || password === undefined)) {
    throw new InvalidOption('Give a token, or a name and a password.');
  }
  if (token === '' || name === '' || password === '') {
    throw new InvalidOption('The token, name or password is empty.');
  }
}

/** @throws InvalidOption */
function linkOf({ server, pin }: ConnectOptions): JoinLink {
  const parsed = looksLikeLink(server) ? parseJoinLink(server) : parseEndpoint(server);
  if (!parsed.ok) throw new InvalidOption(`server: ${parsed.message}`);
  const link: JoinLink = parsed.value;
  if (pin === undefined) return link;
  if (!isPin(pin)) throw new InvalidOption('pin: a pin has 43 base64url characters.');
  if (link.pin !== undefined && link.pin !== pin) throw new InvalidOption('pin: the link has another one.');
  return { ...link, pin };
}

interface OpenedChat {
  readonly chat: ChatSession;
  /** Must see everything that happens. */
  readonly notice: (event: SessionEvent) => void;
  /** Resolves when it has caught up; rejects with SessionEnded. */
  readonly ready: Promise<unknown>;
  /** Passes events on from now on, those since it has caught up first. */
  readonly release: () => void;
}

function createChat(session: Session): OpenedChat {
  const watch = createConnectionWatch();
  const ask = (request: RequestBody) => askUntilAnswered(session, watch, request);
  const listeners = createListeners();
  const iterators = createStreams(session, ask, watch);
  const posts = createPosts(session, watch);
  const files = createFiles(session);
  const later = createListener();
  let caughtUp = false;
  let finish = (_: SessionEnd): void => {};
  const closed = new Promise<SessionEnd>((resolve) => {
    finish = resolve;
  });

  function notice(event: SessionEvent): void {
    watch.notice(event);
    posts.notice(event);
    iterators.notice(event);
    if (caughtUp) later.listener(event);
    if (event.kind === 'synced') {
      caughtUp = true;
      files.resume();
    }
    if (event.kind !== 'status' || event.status.state !== 'ended') return;
    files.end(new SessionEnded(event.status.end));
    finish(event.status.end);
  }

  const chat: ChatSession = {
    get name() {
      return session.name;
    },
    get role() {
      return session.role;
    },
    serverName: session.hello.server,
    recovery: session.recovery,
    on: listeners.on,
    messages: iterators.messages,
    async *history(place, since): AsyncGenerator<Message, undefined, undefined> {
      const start = since === undefined ? { after: 0 } : { since: Number(since) };
      for await (const messages of historyPages(ask, place, start)) yield* messages;
    },
    say: posts.say,
    reply: (message, text) =>
      posts.say(recipientOf(placeOf(message, session.name)), text, { of: message.seq }),
    sendFile: files.send,
    loadFile: files.load,
    join: (room) => enterRoom(ask, room),
    async leave(room) {
      accepted(await session.ask({ type: 'leave', room }));
    },
    rooms: async () => accepted(await ask({ type: 'rooms' })).rooms ?? [],
    async people(room) {
      const people = await askPeople({ ask }, room);
      if ('code' in people) throw refusal(people);
      return people;
    },
    ask: async (request) => accepted(await session.ask(request)),
    closed,
    close: session.quit,
    [Symbol.asyncDispose]: () => session.quit(),
  };
  return { chat, notice, ready: watch.ready(), release: () => later.open(listeners.notice) };
}

function createListeners(): Pick<ChatSession, 'on'> & { notice: (event: SessionEvent) => void } {
  const all = new Map<keyof ChatEvents, Set<(event: never) => void>>();

  function emit<T extends keyof ChatEvents>(type: T, event: ChatEvents[T]): void {
    for (const listener of [...(all.get(type) ?? [])] as ((event: ChatEvents[T]) => void)[]) {
      try {
        listener(event);
      } catch (error) {
        // The session goes on as if nothing had happened.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  return {
    on(type, listener) {
      const those = all.get(type) ?? new Set();
      all.set(type, those);
      // Its own identity, so that a listener that is added twice is taken away once.
      const added = (event: Parameters<typeof listener>[0]): void => listener(event);
      those.add(added);
      return () => void those.delete(added);
    },
    notice(event) {
      if (event.kind === 'event') emit(event.event.type, event.event);
      if (event.kind === 'status') emit('status', event.status);
    },
  };
}

/** The iterators of messages. */
function createStreams(
  session: Session,
  ask: (request: RequestBody) => Promise<Reply>,
  watch: ConnectionWatch,
) {
  const streams = new Set<EntryStream>();

  async function* read(stream: EntryStream): AsyncGenerator<Message, undefined, undefined> {
    try {
      for await (const entry of stream.entries()) if (entry.type === 'message') yield entry;
      if (watch.end !== undefined && watch.end.why !== 'quit') throw new SessionEnded(watch.end);
    } finally {
      stream.close();
      streams.delete(stream);
    }
  }

  return {
    notice(event: SessionEvent): void {
      for (const stream of streams) stream.notice(event);
    },
    messages({ room, since }: MessagesOptions = {}): AsyncGenerator<Message, undefined, undefined> {
      const rooms = room === undefined ? undefined : [room].flat();
      const stream = createEntryStream({
        ...{ session, ask },
        wants: (place) => rooms === undefined || ('room' in place && rooms.includes(place.room)),
        since: since === undefined ? undefined : Number(since),
      });
      streams.add(stream);
      stream.start();
      return read(stream);
    },
  };
}

interface Posted {
  readonly stored: (seq: number) => void;
  readonly failed: (error: Error) => void;
}

/** Messages on their way, by key and in order. */
function createPosts(session: Session, watch: ConnectionWatch) {
  const posted = new Map<string, Posted[]>();

  function take(key: string): Posted | undefined {
    const [first, ...others] = posted.get(key) ?? [];
    if (others.length === 0) posted.delete(key);
    else posted.set(key, others);
    return first;
  }

  return {
    async say(to: Recipient, text: string, options: SayOptions = {}): Promise<Stored> {
      const draft = { ...to, ...options, text: messageText(text) };
      if (watch.end !== undefined) throw new SessionEnded(watch.end);
      const key = session.say(draft);
      return new Promise((resolve, reject) => {
        const stored = (seq: number): void => resolve({ seq, key });
        posted.set(key, [...(posted.get(key) ?? []), { stored, failed: reject }]);
      });
    },
    notice(event: SessionEvent): void {
      if (event.kind === 'status' && event.status.state === 'ended') {
        const error = new SessionEnded(event.status.end);
        for (const { failed } of [...posted.values()].flat()) failed(error);
        posted.clear();
      }
      if (event.kind !== 'delivery') return;
      const { key, delivery } = event;
      if (delivery.state === 'sent') take(key)?.stored(delivery.seq);
      if (delivery.state === 'failed') take(key)?.failed(refusal(delivery));
    },
  };
}

function createFiles(session: Session) {
  const reconnections = createReconnections();
  const ended = new AbortController();

  /** @throws the signal's reason, SessionEnded */
  function contextOf(signal: AbortSignal | undefined): TransferContext {
    const either = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
    either.throwIfAborted();
    return { session, clock: systemClock, reconnections, signal: either, update: () => {} };
  }

  return {
    resume: reconnections.reconnected,
    end: (error: SessionEnded) => ended.abort(error),
    async send(to: Recipient, path: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
      const name = fileName(basename(path));
      await upload(contextOf(signal), { path, name, key: randomUUID(), to });
    },
    load: async (seq: number, { mostBytes, signal }: LoadFileOptions) =>
      loadFile(contextOf(signal), { seq, most: mostBytes }),
  };
}

/** @throws ProtocolError */
function accepted(reply: Reply): Accepted {
  if (reply.type === 'error') throw refusal(reply);
  return reply;
}

function refusal(said: { code: ErrorCode; message: string; retryAfter?: number }): ProtocolError {
  return new ProtocolError(said.code, said.message, said.retryAfter);
}
