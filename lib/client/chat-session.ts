/**
 * A signed-in account for a program: what it can do, and how that comes from a session. Knows no terminal, and not how the
 * program connected.
 */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { accepted, errorOf, type ServerFrameOf } from '../protocol/events.js';
import { messageText } from '../protocol/message-text.js';
import { fileName, type Recipient, type RoomOrPerson, recipientOf } from '../protocol/names.js';
import type { Message, Person, Role, RoomInfo } from '../protocol/records.js';
import { systemClock } from '../system/clock.js';
import { type ChatEvents, createChatEvents } from './chat-events.js';
import { enterRoom } from './enter-room.js';
import { type ConnectionWatch, createConnectionWatch } from './session/connection-watch.js';
import { createEntryStream, type EntryStream } from './session/entry-stream.js';
import { placeOf } from './session/inbox.js';
import { askPeople, historyPages } from './session/pages.js';
import { type Session, type SessionEnd, SessionEnded, type SessionEvent } from './session/session.js';
import { loadFile } from './transfer/download.js';
import { createReconnections, type TransferContext } from './transfer/transfer.js';
import { upload } from './transfer/upload.js';
import type { RequestBody } from './wire/connection.js';

/**
 * The reply to a request; which fields it has depends on the request.
 * @interface
 */
export type Accepted = ServerFrameOf<'ok'>;

/** What goes with a message. */
export interface SayOptions {
  /** As `/me` does. */
  readonly action?: true;
  /** `seq` of the message that it replies to; the reply quotes it. */
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
  /** Stops the download. */
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
  /** Set only if `connect` has created the account: a secret that sets a new password, once. */
  readonly recovery: string | undefined;

  /**
   * Calls `listener` for each event of a type, beginning with the first after `connect` has resolved; this account's own messages
   * are among them. What a listener throws is an uncaught exception.
   * @returns removes the listener
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
   * Posts a message. Messages are sent one after the other, each until it is acknowledged, across lost connections too.
   * @returns once the server has stored it
   * @throws ProtocolError (`message-too-long` above 4096 bytes or 100 lines, `message-empty`, `not-a-member`, …); SessionEnded
   *   where the session ended before; the server may have stored it then
   */
  say(to: Recipient, text: string, options?: SayOptions): Promise<Stored>;
  /** Replies to a message, in its conversation. @throws as `say` */
  reply(message: Message, text: string): Promise<Stored>;
  /**
   * Sends a file. Resumes by itself after a lost connection.
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
   * Joins an existing room; does nothing if the account is in it.
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

  /** Resolves when the session is over, with the reason. */
  readonly closed: Promise<SessionEnd>;
  /** Ends the session within 2 s, without waiting for what is still on its way. @param reason others see it */
  close(reason?: string): Promise<void>;
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

export function createChatSession(session: Session): OpenedChat {
  const watch = createConnectionWatch(session);
  const { ask } = watch;
  const events = createChatEvents();
  const iterators = createStreams(session, watch);
  const posts = createPosts(session, watch);
  const files = createFiles(session);
  let finish = (_: SessionEnd): void => {};
  const closed = new Promise<SessionEnd>((resolve) => {
    finish = resolve;
  });

  function notice(event: SessionEvent): void {
    watch.notice(event);
    posts.notice(event);
    iterators.notice(event);
    events.notice(event);
    if (event.kind === 'synced') files.resume();
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
    on: events.on,
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
      const people = await askPeople(ask, room);
      if ('code' in people) throw errorOf(people);
      return people;
    },
    ask: async (request) => accepted(await session.ask(request)),
    closed,
    close: session.quit,
    [Symbol.asyncDispose]: () => session.quit(),
  };
  return { chat, notice, ready: watch.ready(), release: events.release };
}

/** The iterators of messages. */
function createStreams(session: Session, watch: ConnectionWatch) {
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
        ...{ session, ask: watch.ask },
        wants: (place) => rooms === undefined || ('room' in place && rooms.includes(place.room)),
        since: since === undefined ? undefined : Number(since),
      });
      streams.add(stream);
      stream.start();
      return read(stream);
    },
  };
}

/** Messages on their way. The session sends one after the other, so what becomes of them comes in that order. */
function createPosts(session: Session, watch: ConnectionWatch) {
  const posted: { stored(seq: number): void; failed(error: Error): void }[] = [];
  return {
    async say(to: Recipient, text: string, options: SayOptions = {}): Promise<Stored> {
      const draft = { ...to, ...options, text: messageText(text) };
      if (watch.end !== undefined) throw new SessionEnded(watch.end);
      const key = session.say(draft);
      return new Promise((resolve, reject) => {
        posted.push({ stored: (seq) => resolve({ seq, key }), failed: reject });
      });
    },
    notice(event: SessionEvent): void {
      if (event.kind === 'status' && event.status.state === 'ended') {
        const error = new SessionEnded(event.status.end);
        for (const { failed } of posted.splice(0)) failed(error);
      }
      if (event.kind !== 'delivery' || event.delivery.state === 'sending') return;
      const { delivery } = event;
      const first = posted.shift();
      if (delivery.state === 'sent') first?.stored(delivery.seq);
      else first?.failed(errorOf(delivery));
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
