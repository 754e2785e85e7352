/** One connection to a verified server that said hello. Knows requests and replies, not who signs in. */
import { ProtocolError } from '../../protocol/errors.js';
import type { Reply, ServerFrame, ServerFrameOf } from '../../protocol/events.js';
import { encodeFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Message } from '../../protocol/records.js';
import type { Request } from '../../protocol/requests.js';
import type { Clock } from '../../system/clock.js';
import { type Endpoint, formatEndpoint } from '../../trust/endpoint.js';
import type { ServerIdentity } from './handshake.js';
import { type Answering, createLiveness } from './liveness.js';
import type { Wire, WireListener } from './wire.js';

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

export interface ConnectionListener {
  /** Every event but hello; called from the moment the connection is open. */
  readonly onEvent?: (event: ServerEvent) => void;
  /** How requests and pings are answered has changed; `in-time` at first. */
  readonly onAnswering?: (how: Answering) => void;
}

interface Greeted extends ConnectionListener, Pick<ClientConnection, 'hello' | 'identity'> {
  readonly wire: Wire;
  readonly clock: Clock;
}

/** What follows hello: requests, replies, events, and pings in between. */
export function createClientConnection(greeted: Greeted) {
  const { hello, identity, wire, clock, onEvent, onAnswering } = greeted;
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
    gone = connectionLost(identity.endpoint, cause, closing);
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

/** @param cause of the end of its wire */
export function connectionLost(
  endpoint: Endpoint,
  cause?: Error,
  closing?: ServerFrameOf<'closing'>,
): ConnectionLost {
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
