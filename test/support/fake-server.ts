/** A server over real TLS that a test controls frame by frame, and counts every byte it gets. */

import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { alpn } from '../../lib/protocol/events.js';
import { createFrameReader, encodeFrame, type RawFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import type { Conversation, Message } from '../../lib/protocol/records.js';
import type { Endpoint } from '../../lib/trust/endpoint.js';
import type { Certificate } from './certificate.js';
import { createFeed } from './feed.js';
import { helloOf } from './hello.js';

export const hello = helloOf();

/** One client at the server. */
export interface Peer {
  /** The next frame it sent; waits for it. */
  next(): Promise<RawFrame>;
  /** Frames in one write. */
  send(...frames: object[]): void;
  raw(bytes: Buffer | string): void;
  /** `ok` to a request. */
  ok(request: RawFrame, fields?: object): void;
  error(request: RawFrame, code: string, fields?: object): void;
  /** Reads the request that signs in and lets it in as ada. */
  admit(answer?: { token?: string; conversations?: Conversation[] }): Promise<RawFrame>;
  /** Reads the sync, replays these and confirms. */
  sync(...replay: object[]): Promise<RawFrame>;
  end(): void;
  destroy(): void;
  /** Ends it the hard way, by a TCP reset. */
  reset(): void;
  /** Application bytes that came. */
  readonly bytes: number;
  readonly frames: readonly RawFrame[];
  readonly servername: string | false | null;
  readonly alpnProtocol: string | false | null;
  readonly closed: Promise<unknown>;
}

export interface FakeServer {
  readonly endpoint: Endpoint;
  /** The next client; waits for it. */
  peer(): Promise<Peer>;
  readonly connections: number;
  /** Shows another certificate from now on. */
  present(certificate: Certificate): void;
  close(): Promise<void>;
}

export interface ServerOptions extends TlsOptions {
  /** Sends hello; true by default. */
  readonly greet?: boolean;
  /** Answers `quit` and hangs up; true by default. */
  readonly release?: boolean;
}

export async function startFakeServer(
  certificate: Certificate,
  options: ServerOptions = {},
): Promise<FakeServer> {
  const peers = createFeed<Peer>();
  const sockets = new Map<number | undefined, Socket>();
  const basis: TlsOptions = { minVersion: 'TLSv1.3', ALPNProtocols: [alpn], ...options };
  const server = createServer({ ...basis, key: certificate.key, cert: certificate.cert }, (socket) => {
    const peer = createPeer(socket, {
      reset: () => sockets.get(socket.remotePort)?.resetAndDestroy(),
      release: options.release !== false,
    });
    if (options.greet !== false && socket.alpnProtocol === alpn) peer.send(hello);
    peers.put(peer);
  });
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket;
    sockets.set(remotePort, socket.setNoDelay(true));
    socket.on('close', () => sockets.delete(remotePort));
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    peer: peers.next,
    get connections() {
      return peers.all.length;
    },
    present: ({ key, cert }) => server.setSecureContext({ ...basis, key, cert }),
    async close() {
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      for (const socket of sockets.values()) socket.destroy();
      await closed;
    },
  };
}

interface Means {
  readonly reset: () => void;
  readonly release: boolean;
}

function createPeer(socket: TLSSocket, { reset, release }: Means): Peer {
  const reader = createFrameReader(() => limits.frameBytes);
  const frames = createFeed<RawFrame>();
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    for (const frame of reader.push(chunk)) {
      frames.put(frame);
      if (release && frame.type === 'quit') socket.end(encodeFrame({ type: 'ok', re: frame.id }));
    }
  });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));

  function send(...list: object[]) {
    socket.write(Buffer.concat(list.map(encodeFrame)));
  }
  const ok = (request: RawFrame, fields = {}) => send({ type: 'ok', re: request.id, ...fields });
  return {
    next: frames.next,
    send,
    ok,
    raw: (data) => void socket.write(data),
    error: (request, code, fields = {}) =>
      send({ type: 'error', re: request.id, code, message: `because of ${code}`, ...fields }),
    async admit({ token = 'token-1', conversations = [] } = {}) {
      const request = await frames.next();
      ok(request, { name: 'ada', role: 'member', token, conversations });
      return request;
    },
    async sync(...replay) {
      const request = await frames.next();
      send(...replay, { type: 'ok', re: request.id });
      return request;
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    reset,
    closed,
    get bytes() {
      return bytes;
    },
    frames: frames.all,
    servername: socket.servername,
    alpnProtocol: socket.alpnProtocol,
  };
}

/** A message by bob in the lobby, with other fields if given. */
export function message(seq: number, fields: Partial<Message> = {}): Message {
  const place = fields.to === undefined ? { room: 'lobby' } : {};
  const at = '2030-01-01T00:00:00.000Z';
  return {
    type: 'message',
    seq,
    ...place,
    from: 'bob',
    text: `text ${seq}`,
    at,
    key: `key-${seq}`,
    ...fields,
  };
}
