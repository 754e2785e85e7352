/** One connection to a verified server that said hello. Knows requests and replies, not who signs in. */
import type { TLSSocket } from 'node:tls';
import { ProtocolError } from '../../protocol/errors.js';
import {
  accepted,
  alpn,
  errorOf,
  fileAlpn,
  type Reply,
  type ServerFrame,
  type ServerFrameOf,
} from '../../protocol/events.js';
import { encodeFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Message } from '../../protocol/records.js';
import type { Request } from '../../protocol/requests.js';
import { type Clock, systemClock } from '../../system/clock.js';
import { unlessAborted } from '../../system/unless-aborted.js';
import { type Endpoint, formatEndpoint } from '../../trust/endpoint.js';
import { dial, identityOf, type ServerIdentity } from './handshake.js';
import { type Answering, createLiveness, createWire, type Wire, type WireListener } from './wire.js';

/** An open connection ended. */
export class ConnectionLost extends Error {
  readonly code = 'connection-lost';
  /** The server's reason, where it gave one. */
  readonly closing: ServerFrameOf<'closing'> | undefined;
  /** It was given up because a request got no reply, though others did. */
  readonly unanswered: boolean;

  constructor(
    message: string,
    options?: ErrorOptions & { closing?: ServerFrameOf<'closing'> | undefined; unanswered?: boolean },
  ) {
    super(message, options);
    this.name = 'ConnectionLost';
    this.closing = options?.closing;
    this.unanswered = options?.unanswered ?? false;
  }
}

/** A request without the id, which the connection adds. */
export type RequestBody = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

/** Called once, when the reply was read or will not come. */
export type Settle = (outcome: Reply | ConnectionLost) => void;

/** Every frame from the server but replies and hello. */
export type ServerEvent = Exclude<ServerFrame, ServerFrameOf<'ok' | 'error' | 'hello'>>;

/**
 * Decides whether to trust this server; not one byte is written before it resolves. Called at every
 * connection, reconnections too. Rejects to refuse.
 */
export type VerifyServer = (identity: ServerIdentity) => Promise<void>;

export interface ConnectionOptions {
  readonly endpoint: Endpoint;
  readonly verify: VerifyServer;
  /** From the start to the end of the TLS handshake, and again from `verify` to hello; 10 s by default. */
  readonly timeoutMs?: number;
  /** Aborts the opening, not the connection that is open. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** Every event but hello; called from the moment the connection is open. */
  readonly onEvent?: (event: ServerEvent) => void;
  /** How requests and pings are answered has changed; `in-time` at first. */
  readonly onAnswering?: (how: Answering) => void;
}

export interface ClientConnection {
  readonly hello: ServerFrameOf<'hello'>;
  readonly identity: ServerIdentity;
  /**
   * Sends a request; `settle` gets its reply, before any later event, or ConnectionLost.
   * @throws ProtocolError `frame-too-large` for what the server would not read
   */
  request(request: RequestBody, settle: Settle): void;
  /** A message of this account came back: it is the reply to the `say` with its key. */
  acknowledge(message: Message): void;
  /**
   * Not a byte came for 11 s although replies are due that do not take that long: the network may have forgotten
   * this connection.
   */
  stuck(): boolean;
  /** Resolves when the connection is closed, from whichever side. */
  readonly closed: Promise<ConnectionLost>;
  /** Sends what was written, then closes; after 2 s in any case. */
  end(): void;
  destroy(cause?: Error): void;
}

/**
 * Opens a connection: TLS handshake, `verify`, then hello. Before `verify` has resolved not one application
 * byte is written and none of the server's is read.
 * @throws Unreachable, NotSecureChat, ConnectionLost; what `verify` rejected with; the signal's reason;
 *   ProtocolError where the server says why it does not want to talk (`too-many-connections`)
 */
export async function openConnection(options: ConnectionOptions): Promise<ClientConnection> {
  const settings = { timeoutMs: limits.handshakeMs, clock: systemClock, ...options };
  const { socket, identity } = await openVerified(settings, alpn);
  return awaitHello(socket, identity, settings);
}

/**
 * Opens a connection for one file: TLS handshake, then `verify`. Nothing was written or read, and it is paused.
 * @throws Unreachable, NotSecureChat, ConnectionLost; what `verify` rejected with; the signal's reason
 */
export async function openFileConnection(options: Omit<ConnectionOptions, 'onEvent'>): Promise<TLSSocket> {
  const { socket } = await openVerified(
    { timeoutMs: limits.handshakeMs, clock: systemClock, ...options },
    fileAlpn,
  );
  return socket;
}

/** Connects, verifies, reads hello and closes: what a server says before sign-in. */
export async function greet(
  endpoint: Endpoint,
  verify: VerifyServer,
  signal?: AbortSignal,
): Promise<{ hello: ServerFrameOf<'hello'>; identity: ServerIdentity }> {
  const { hello, identity, end, closed } = await openConnection({
    endpoint,
    verify,
    ...(signal && { signal }),
  });
  end();
  await closed;
  return { hello, identity };
}

/**
 * Asks one thing before sign-in, on a connection of its own.
 * @throws as openConnection; ConnectionLost where no reply came; ProtocolError with the server's refusal
 */
export async function askBeforeSignIn(
  { endpoint, verify }: Pick<ConnectionOptions, 'endpoint' | 'verify'>,
  request: RequestBody,
): Promise<void> {
  const connection = await openConnection({ endpoint, verify });
  const reply = await new Promise<Reply | ConnectionLost>((resolve) => connection.request(request, resolve));
  connection.end();
  await connection.closed;
  if (reply instanceof Error) throw reply;
  accepted(reply);
}

type Settings = ConnectionOptions & { readonly timeoutMs: number; readonly clock: Clock };

// A server gives 30 s for signing in. Comparing a fingerprint may have used them up; then the connection is
// opened again, and `verify` knows the answer by then.
const freshMs = 10_000;

async function openVerified(
  settings: Settings,
  protocol: string,
): Promise<{ socket: TLSSocket; identity: ServerIdentity }> {
  const { endpoint, verify, clock, signal } = settings;
  for (let again = true; ; again = false) {
    const socket = await dial({ endpoint, alpn: protocol, timeoutMs: settings.timeoutMs, clock, signal });
    try {
      const identity = identityOf(socket, endpoint);
      const since = clock.ticks();
      await unlessAborted(verify(identity), signal);
      const stale = socket.destroyed || clock.ticks() - since > freshMs;
      if (!stale) return { socket, identity };
      if (!again)
        throw new ConnectionLost(
          `${formatEndpoint(endpoint)} closed the connection while its key was being verified`,
        );
      socket.destroy();
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
}

/** Waits for hello on a socket that was verified. */
function awaitHello(
  socket: TLSSocket,
  identity: ServerIdentity,
  settings: Settings,
): Promise<ClientConnection> {
  const { endpoint, clock, signal, timeoutMs } = settings;
  return new Promise((resolve, reject) => {
    let listener: WireListener = { frame: greeting, heard: () => {} };
    const wire = createWire(socket, {
      frame: (frame) => listener.frame(frame),
      heard: () => listener.heard(),
    });
    const abort = () => fail(signal?.reason);
    const cancel = clock.after(timeoutMs, () =>
      fail(
        new ConnectionLost(
          `no hello from ${formatEndpoint(endpoint)}: it is overloaded, or not a secure-chat server`,
        ),
      ),
    );
    signal?.addEventListener('abort', abort);
    wire.closed.then((cause) => fail(lost(endpoint, cause)));
    if (signal?.aborted) abort();

    function settle() {
      cancel();
      signal?.removeEventListener('abort', abort);
    }
    function fail(error: unknown) {
      settle();
      wire.destroy();
      reject(error);
    }
    function greeting(frame: ServerFrame) {
      if (frame.type !== 'hello') return fail(unwelcome(frame));
      settle();
      const opened = createConnection({ hello: frame, identity, wire, settings });
      listener = opened.listener;
      resolve(opened.connection);
    }
  });
}

interface Opened {
  readonly hello: ServerFrameOf<'hello'>;
  readonly identity: ServerIdentity;
  readonly wire: Wire;
  readonly settings: Settings;
}

/** What follows hello: requests, replies, events, and pings in between. */
function createConnection({ hello, identity, wire, settings }: Opened) {
  const { endpoint, clock, onEvent, onAnswering } = settings;
  const { pingMs, deadMs } = hello.limits;
  const replies = createReplies(clock);
  let lastId = 0;
  let closing: ServerFrameOf<'closing'> | undefined;
  let gone: ConnectionLost | undefined;
  let cancelDestroy = () => {};
  const liveness = createLiveness({
    clock,
    pingMs,
    deadMs,
    unanswered: replies.oldest,
    ping: () => request({ type: 'ping' }, () => {}),
    answering: (how) => onAnswering?.(how),
    dead: (why) => wire.destroy(new Error(why === 'quiet' ? stoppedResponding : unanswered)),
  });
  const closed = wire.closed.then((cause) => {
    liveness.stop();
    cancelDestroy();
    gone = lost(endpoint, cause, closing);
    replies.fail(gone);
    return gone;
  });

  function request(body: RequestBody, settle: Settle) {
    if (gone !== undefined) return settle(gone);
    lastId += 1;
    const frame = encodeFrame({ ...body, id: lastId });
    if (frame.length - 4 > hello.limits.frameBytes) {
      throw new ProtocolError('frame-too-large', 'This is too long for the server.');
    }
    replies.expect(lastId, body, settle);
    wire.write(frame);
    liveness.sent();
  }
  function end() {
    if (gone !== undefined) return;
    wire.end();
    cancelDestroy();
    cancelDestroy = clock.after(limits.closingMs, () => wire.destroy());
  }
  function replied(take: () => void) {
    take();
    liveness.answered();
  }
  function receive(frame: ServerFrame) {
    if (frame.type === 'ok' || frame.type === 'error') return replied(() => replies.reply(frame));
    if (frame.type === 'hello') return;
    replies.progress();
    if (frame.type === 'closing') closing = frame;
    onEvent?.(frame);
    if (frame.type === 'closing') end();
  }

  const connection: ClientConnection = {
    hello,
    identity,
    request,
    acknowledge: (message) => replied(() => replies.acknowledge(message)),
    stuck: () => liveness.quiet() && replies.due(),
    closed,
    end,
    destroy: (cause) => wire.destroy(cause),
  };
  const listener: WireListener = { frame: receive, heard: liveness.heard };
  return { connection, listener };
}

/** Why a connection was given up that nothing comes from. */
export const stoppedResponding = 'the server stopped responding';
const unanswered = 'the server did not answer a request';

// A new password waits for the server's hasher, which gives up after 30 s; nothing else takes that long.
const replyMs = 75_000;
// At a reconnection the network may have gone again unnoticed.
const resumeMs = 30_000;
// A catch-up takes as long as it brings something, but no server keeps a client waiting without end.
const catchUpMs = 10 * 60_000;

interface WaitingRequest {
  readonly body: RequestBody;
  readonly settle: Settle;
  readonly since: number;
}

/** Requests that wait for their reply. */
interface Replies {
  expect(id: number, body: RequestBody, settle: Settle): void;
  reply(reply: Reply): void;
  /** A message of this account came back from the server: as good as a reply to the `say` with its key. */
  acknowledge(message: Message): void;
  /** Something came that is no reply. */
  progress(): void;
  /** The request that has waited longest, and until when it may. */
  oldest(): { since: number; until: number } | undefined;
  /** Some wait, and none for the hashing of a password. */
  due(): boolean;
  /** The connection is lost: no reply will come. */
  fail(error: ConnectionLost): void;
}

function createReplies(clock: Clock): Replies {
  // In the order in which they were sent.
  const waiting = new Map<number, WaitingRequest>();
  const idOfKey = new Map<string, number>();
  let syncSince: number | undefined;
  let progressAt = 0;

  // A reply to an unknown id is no fault: a say may be answered twice.
  function reply(answer: Reply) {
    const asked = waiting.get(answer.re);
    if (asked === undefined) return;
    const { body, settle } = asked;
    waiting.delete(answer.re);
    if (body.type === 'say') idOfKey.delete(body.key);
    if (body.type === 'sync') syncSince = undefined;
    settle(answer);
  }

  return {
    expect(id, body, settle) {
      const since = clock.ticks();
      waiting.set(id, { body, settle, since });
      if (body.type === 'say') idOfKey.set(body.key, id);
      if (body.type === 'sync') syncSince = since;
    },
    reply,
    acknowledge({ key, seq, at }) {
      const id = idOfKey.get(key);
      if (id !== undefined) reply({ type: 'ok', re: id, seq, at });
    },
    progress() {
      if (syncSince === undefined) return;
      const now = clock.ticks();
      if (now - syncSince < catchUpMs) progressAt = now;
    },
    oldest() {
      const [first] = waiting.values();
      if (first === undefined) return undefined;
      const mostMs = first.body.type === 'resume' ? resumeMs : replyMs;
      return { since: first.since, until: Math.max(first.since, progressAt) + mostMs };
    },
    due: () => waiting.size > 0 && ![...waiting.values()].some(({ body }) => 'password' in body),
    fail(error) {
      const left = [...waiting.values()];
      waiting.clear();
      idOfKey.clear();
      for (const { settle } of left) settle(error);
    },
  };
}

/** Why the server refuses this client. */
function unwelcome(frame: ServerFrame): ProtocolError {
  if (frame.type === 'closing' || frame.type === 'error') return errorOf(frame);
  return new ProtocolError('bad-frame', 'The server did not start with hello.');
}

function lost(endpoint: Endpoint, cause?: Error, closing?: ServerFrameOf<'closing'>): ConnectionLost {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const broken =
    code === 'ECONNRESET' || code === 'EPIPE' ? 'the server closed the connection' : cause?.message;
  const why = closing?.message ?? broken ?? 'the server closed the connection';
  return new ConnectionLost(`lost the connection to ${formatEndpoint(endpoint)}: ${why}`, {
    cause,
    closing,
    unanswered: cause?.message === unanswered,
  });
}
