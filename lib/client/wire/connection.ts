/** One connection to a server that was verified and said hello. Knows requests and replies, not who signs in. */
import type { TLSSocket } from 'node:tls';
import { ProtocolError } from '../../protocol/errors.js';
import { alpn, fileAlpn, type ServerFrame, type ServerFrameOf } from '../../protocol/events.js';
import { encodeFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Message } from '../../protocol/records.js';
import { type Clock, systemClock } from '../../system/clock.js';
import { unlessAborted } from '../../system/unless-aborted.js';
import { type Endpoint, formatEndpoint } from '../../trust/endpoint.js';
import type { Asked, Event, Presented, Verify } from '../session/session.js';
import { ConnectionLost } from './errors.js';
import { dial, presentedBy } from './handshake.js';
import { createLiveness } from './liveness.js';
import { createReplies, type Settle } from './replies.js';
import { createWire, type Wire, type WireListener } from './wire.js';

export interface ConnectionOptions {
  readonly endpoint: Endpoint;
  readonly verify: Verify;
  /** From the start to the end of the TLS handshake, and again from `verify` to hello; 10 s by default. */
  readonly timeoutMs?: number;
  /** Aborts the opening, not the connection that is open. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** Every event but hello; called from the moment the connection is open. */
  readonly onEvent?: (event: Event) => void;
}

export interface Connection {
  readonly hello: ServerFrameOf<'hello'>;
  readonly presented: Presented;
  /**
   * Sends a request; `settle` gets its reply, before any later event is told, or ConnectionLost.
   * @throws ProtocolError `frame-too-large` for what the server would not read
   */
  request(request: Asked, settle: Settle): void;
  /** A copy of an own message answers the `say` that it came from. */
  acknowledge(message: Message): void;
  /** Resolves when the connection is closed, from whichever side. */
  readonly closed: Promise<ConnectionLost>;
  /** Sends what was written, then closes; after 2 s in any case. */
  end(): void;
  destroy(): void;
}

/**
 * Opens a connection: TLS handshake, `verify`, then hello. Before `verify` has resolved not one application
 * byte is written and none of the server's is read.
 * @throws Unreachable, NotSecureChat, ConnectionLost; what `verify` rejected with; the signal's reason;
 *   ProtocolError where the server says why it does not want to talk (`too-many-connections`)
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const settings = { timeoutMs: limits.handshakeMs, clock: systemClock, ...options };
  const { socket, presented } = await reach(settings, alpn);
  return greeted(socket, presented, settings);
}

/**
 * Opens a connection for one file: TLS handshake, then `verify`. Nothing was written or read, and it is paused.
 * @throws Unreachable, NotSecureChat, ConnectionLost; what `verify` rejected with; the signal's reason
 */
export async function openFileConnection(options: Omit<ConnectionOptions, 'onEvent'>): Promise<TLSSocket> {
  const { socket } = await reach({ timeoutMs: limits.handshakeMs, clock: systemClock, ...options }, fileAlpn);
  return socket;
}

/** Connects, verifies, reads hello and leaves: what is known of a server before anybody signs in. */
export async function greet(
  endpoint: Endpoint,
  verify: Verify,
  signal?: AbortSignal,
): Promise<{ hello: ServerFrameOf<'hello'>; presented: Presented }> {
  const { hello, presented, end, closed } = await openConnection({
    endpoint,
    verify,
    ...(signal && { signal }),
  });
  end();
  await closed;
  return { hello, presented };
}

type Settings = ConnectionOptions & { readonly timeoutMs: number; readonly clock: Clock };

// A server gives 30 s for signing in. A person who compared a fingerprint may have used them up, so that
// the connection is opened again; `verify` is asked again and knows the answer by then.
const freshMs = 10_000;

async function reach(
  settings: Settings,
  protocol: string,
): Promise<{ socket: TLSSocket; presented: Presented }> {
  const { endpoint, verify, clock, signal } = settings;
  for (let again = true; ; again = false) {
    const socket = await dial({ endpoint, alpn: protocol, timeoutMs: settings.timeoutMs, clock, signal });
    try {
      const presented = presentedBy(socket, endpoint);
      const since = clock.ticks();
      await unlessAborted(verify(presented), signal);
      const stale = socket.destroyed || clock.ticks() - since > freshMs;
      if (!stale) return { socket, presented };
      if (!again)
        throw new ConnectionLost(`${formatEndpoint(endpoint)} hung up while its key was being verified`);
      socket.destroy();
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
}

/** Waits for hello on a socket that was verified. */
function greeted(socket: TLSSocket, presented: Presented, settings: Settings): Promise<Connection> {
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
          `${formatEndpoint(endpoint)} says nothing: is it overloaded, or no secure-chat server?`,
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
      const conversation = converse({ hello: frame, presented, wire, settings });
      listener = conversation.listener;
      resolve(conversation.connection);
    }
  });
}

interface Greeted {
  readonly hello: ServerFrameOf<'hello'>;
  readonly presented: Presented;
  readonly wire: Wire;
  readonly settings: Settings;
}

/** What follows hello: requests, replies, events, and pings in between. */
function converse({ hello, presented, wire, settings }: Greeted) {
  const { endpoint, clock, onEvent } = settings;
  const { pingMs, deadMs } = hello.limits;
  const replies = createReplies();
  let lastId = 0;
  let closing: ServerFrameOf<'closing'> | undefined;
  let gone: ConnectionLost | undefined;
  let cancelCut = () => {};
  const liveness = createLiveness({
    clock,
    pingMs,
    deadMs,
    ping: () => request({ type: 'ping' }, () => {}),
    dead: () => wire.destroy(new Error('it has gone silent')),
  });
  const closed = wire.closed.then((cause) => {
    liveness.stop();
    cancelCut();
    gone = lost(endpoint, cause, closing);
    replies.fail(gone);
    return gone;
  });

  function request(asked: Asked, settle: Settle) {
    if (gone !== undefined) return settle(gone);
    lastId += 1;
    const frame = encodeFrame({ ...asked, id: lastId });
    if (frame.length - 4 > hello.limits.frameBytes) {
      throw new ProtocolError('frame-too-large', 'This is more than the server takes at once.');
    }
    replies.expect(lastId, settle, asked.type === 'say' ? asked.key : undefined);
    wire.write(frame);
    liveness.sent();
  }
  function end() {
    if (gone !== undefined) return;
    wire.end();
    cancelCut();
    cancelCut = clock.after(limits.closingMs, () => wire.destroy());
  }
  function take(frame: ServerFrame) {
    if (frame.type === 'ok' || frame.type === 'error') return replies.reply(frame);
    if (frame.type === 'hello') return;
    if (frame.type === 'closing') closing = frame;
    onEvent?.(frame);
    if (frame.type === 'closing') end();
  }

  const connection: Connection = {
    hello,
    presented,
    request,
    acknowledge: replies.acknowledge,
    closed,
    end,
    destroy: () => wire.destroy(),
  };
  const listener: WireListener = { frame: take, heard: liveness.heard };
  return { connection, listener };
}

/** The server's reason not to talk to this client. */
function unwelcome(frame: ServerFrame): ProtocolError {
  if (frame.type === 'closing' || frame.type === 'error') {
    return new ProtocolError(frame.code, frame.message, frame.retryAfter);
  }
  return new ProtocolError('bad-frame', 'The server did not say hello first.');
}

function lost(endpoint: Endpoint, cause?: Error, closing?: ServerFrameOf<'closing'>): ConnectionLost {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const broken = code === 'ECONNRESET' || code === 'EPIPE' ? 'the server hung up' : cause?.message;
  const why = closing?.message ?? broken ?? 'the server closed it';
  return new ConnectionLost(`lost the connection to ${formatEndpoint(endpoint)}: ${why}`, { cause, closing });
}
