/**
 * Opens connections: the TLS handshake, then `verify`, then hello. Knows what a server must say first, not what is asked of it
 * later.
 */
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
import { limits } from '../../protocol/limits.js';
import { type Clock, systemClock } from '../../system/clock.js';
import { unlessAborted } from '../../system/unless-aborted.js';
import { type Endpoint, formatEndpoint } from '../../trust/endpoint.js';
import {
  type ClientConnection,
  type ConnectionListener,
  ConnectionLost,
  connectionLost,
  createClientConnection,
  type RequestBody,
} from './connection.js';
import { dial, identityOf, type ServerIdentity } from './handshake.js';
import { createWire, type WireListener } from './wire.js';

/**
 * Decides whether to trust this server; not one byte is written before it resolves. Called at every
 * connection, reconnections too. Rejects to refuse.
 */
export type VerifyServer = (identity: ServerIdentity) => Promise<void>;

export interface ConnectionOptions extends ConnectionListener {
  readonly endpoint: Endpoint;
  readonly verify: VerifyServer;
  /** From the start to the end of the TLS handshake, and again from `verify` to hello; 10 s by default. */
  readonly timeoutMs?: number;
  /** Aborts the opening, not the connection that is open. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
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
    wire.closed.then((cause) => fail(connectionLost(endpoint, cause)));
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
      const opened = createClientConnection({ ...settings, hello: frame, identity, wire });
      listener = opened.listener;
      resolve(opened.connection);
    }
  });
}

/** Why the server refuses this client. */
function unwelcome(frame: ServerFrame): ProtocolError {
  if (frame.type === 'closing' || frame.type === 'error') return errorOf(frame);
  return new ProtocolError('bad-frame', 'The server did not start with hello.');
}
