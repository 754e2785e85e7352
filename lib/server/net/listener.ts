/**
 * The TLS listener, and the limits on connections. Knows certificates, addresses and how many connections there are, not
 * what is sent over them.
 */
import { createServer, type Server, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type TLSSocket,
  type TlsOptions,
  type Server as TlsServer,
} from 'node:tls';
import { alpn, fileAlpn } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';
import type { Log } from '../log.js';
import { createRateLimiter } from '../rate-limiter.js';
import { addressKey, plainAddress } from './address.js';
import type { ConnectionLimits } from './connection-limits.js';
import { createCounts } from './counts.js';

/** PEM texts. */
export interface KeyPairPem {
  readonly cert: string;
  readonly key: string;
}

export interface ListenerOptions {
  /** By default every address of this machine. */
  readonly host?: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly keyPair: KeyPairPem;
  /** Connections of one address, including handshakes; more are closed at once. */
  readonly perAddress: number;
  /** From TCP accept to the end of the TLS handshake; default `limits.handshakeMs`. */
  readonly handshakeMs?: number;
}

export interface Listener {
  readonly address: { readonly host: string; readonly port: number };
  /** Uses another certificate from the next handshake on. @throws if the pair is invalid; the old one stays */
  reload(keyPair: KeyPairPem): void;
  /** Accepts no new connections; existing ones stay. */
  close(): void;
  /** Ends every connection, including handshakes. */
  destroy(): void;
}

/** What gets each TLS 1.3 connection, by its ALPN protocol. */
interface ConnectionHandlers {
  /** `secure-chat/1` */
  chat(socket: TLSSocket, address: string): void;
  /** `secure-chat-file/1` */
  file(socket: TLSSocket, address: string): void;
}

interface ListenerDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly connectionLimits: ConnectionLimits;
}

export async function listen(
  options: ListenerOptions,
  deps: ListenerDeps,
  handlers: ConnectionHandlers,
): Promise<Listener> {
  const { log } = deps;
  const tls = createTlsServer({
    ...secureOptions(options.keyPair),
    // Not ALPNProtocols, of which Node keeps a copy for each connection, and with it what shares the copy's 8 KiB.
    ALPNCallback: ({ protocols }) => [alpn, fileAlpn].find((ours) => protocols.includes(ours)),
    handshakeTimeout: options.handshakeMs ?? limits.handshakeMs,
  });
  // A server of its own accepts, so that a refused connection costs no TLS.
  const server = createServer({ noDelay: true });
  const sockets = admitSockets(server, tls, { ...deps, perAddress: options.perAddress });
  handOver(tls, handlers, log);
  await bind(server, options);
  // Accepting fails while the process has no file descriptor left; existing connections are not affected.
  server.on('error', (error) => log.error('accepting failed', error));

  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server listens on no address.');
  return {
    address: { host: bound.address, port: bound.port },
    reload: (keyPair) => tls.setSecureContext(secureOptions(keyPair)),
    close: () => void server.close(),
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Gives sockets within the limits to TLS and closes the others. @returns all that are open */
function admitSockets(
  server: Server,
  tls: TlsServer,
  { log, clock, connectionLimits, perAddress }: ListenerDeps & { readonly perAddress: number },
): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  const counts = createCounts();
  /** What gives back the place of each connection in its handshake. */
  const shakingHands = new Map<string, () => void>();
  // A flood must not fill the disk with its log.
  const logged = createRateLimiter<string>({ burst: 1, perSecond: 1 / 60 }, clock);

  function refuse(socket: Socket, key: string): void {
    socket.destroy();
    if (logged.take(key) === 0)
      log.warn('connection refused', { address: key, code: 'too-many-connections' });
  }

  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const key = addressKey(address);
    if (counts.of(key) >= perAddress || !connectionLimits.admit(address)) {
      refuse(socket, key);
      return;
    }
    const remove = counts.add(key);
    sockets.add(socket);
    const id = connectionId(socket);
    shakingHands.set(
      id,
      connectionLimits.handshakes.take(address, () => refuse(socket, key)),
    );
    socket.once('close', () => {
      sockets.delete(socket);
      remove();
      shaken(id);
    });
    tls.emit('connection', socket);
  });
  tls.on('secureConnection', (socket) => shaken(connectionId(socket)));

  function shaken(id: string): void {
    shakingHands.get(id)?.();
    shakingHands.delete(id);
  }
  return sockets;
}

/** The same for a connection's socket and the TLS socket over it. */
function connectionId({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

function handOver(server: TlsServer, handlers: ConnectionHandlers, log: Log): void {
  // handshakeTimeout and a failed handshake report here and leave the socket open.
  server.on('tlsClientError', (error, socket) => {
    log.info('handshake failed', {
      address: plainAddress(socket.remoteAddress ?? ''),
      why: errorCode(error),
    });
    socket.destroy();
  });

  server.on('secureConnection', (socket) => {
    const address = plainAddress(socket.remoteAddress ?? '');
    if (socket.alpnProtocol === alpn) {
      handlers.chat(socket, address);
    } else if (socket.alpnProtocol === fileAlpn) {
      handlers.file(socket, address);
    } else {
      log.info('handshake failed', { address, why: 'no secure-chat/1 in ALPN' });
      socket.destroy();
    }
  });
}

function bind(server: Server, { host, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host !== undefined && { host }) }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

/** All options at each reload: with the key pair alone, Node allows TLS 1.2 again. */
export function secureOptions({ cert, key }: KeyPairPem): TlsOptions {
  return {
    cert,
    key,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    // ChaCha20 costs 20 to 40 % more CPU on processors with AES instructions.
    ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
    honorCipherOrder: true,
    // OpenSSL also offers finite fields: one handshake with ffdhe8192 costs as much as 200 with X25519.
    ecdhCurve: 'X25519:P-256:P-384',
  };
}

function errorCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
