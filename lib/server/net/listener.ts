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
import { type AddressRange, addressKey } from './address.js';
import { createBalancers } from './balancers.js';
import type { ConnectionLimits } from './connection-limits.js';
import { createCounts, type Tally } from './counts.js';

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
  /** Balancers: connections from there begin with a PROXY header, whose source counts as their address. */
  readonly proxies?: readonly AddressRange[];
  readonly live: {
    /** Connections of one address, including handshakes; more are closed at once. May change. */
    readonly perAddress: number;
  };
  /** For the TLS handshake; default `limits.handshakeMs`. */
  readonly handshakeMs?: number;
}

export interface Listener {
  readonly address: { readonly host: string; readonly port: number };
  /** Connections in their TLS handshake. */
  readonly handshakes: number;
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
  /** Counts connections that end before their handshake has, by the reason. */
  readonly ended: Tally;
}

export async function listen(
  options: ListenerOptions,
  deps: ListenerDeps,
  handlers: ConnectionHandlers,
): Promise<Listener> {
  const { log } = deps;
  const { live, proxies = [] } = options;
  const tls = createTlsServer({
    ...secureOptions(options.keyPair),
    // Not ALPNProtocols, of which Node keeps a copy for each connection, and with it what shares the copy's 8 KiB.
    ALPNCallback: ({ protocols }) => [alpn, fileAlpn].find((ours) => protocols.includes(ours)),
    handshakeTimeout: options.handshakeMs ?? limits.handshakeMs,
  });
  // A server of its own accepts, so that a refused connection costs no TLS.
  const server = createServer({ noDelay: true });
  const admission = admitSockets(server, tls, { ...deps, live, proxies });
  handOver(tls, handlers, { ...deps, admission });
  await bind(server, options);
  // Accepting fails while the process has no file descriptor left; existing connections are not affected.
  server.on('error', (error) => log.error('accepting failed', error));

  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server listens on no address.');
  return {
    address: { host: bound.address, port: bound.port },
    get handshakes() {
      return admission.handshakes;
    },
    reload: (keyPair) => tls.setSecureContext(secureOptions(keyPair)),
    close: () => void server.close(),
    destroy() {
      for (const socket of admission.sockets) socket.destroy();
    },
  };
}

interface Admission {
  /** All that are open. */
  readonly sockets: ReadonlySet<Socket>;
  readonly handshakes: number;
  /**
   * Gives back the place of a TLS socket's connection among the handshakes.
   * @returns where the connection comes from; undefined if it is closed, or was refused
   */
  shaken(socket: Socket): string | undefined;
}

/** Gives sockets within the limits to TLS and closes the others. */
function admitSockets(
  server: Server,
  tls: TlsServer,
  deps: ListenerDeps & Required<Pick<ListenerOptions, 'live' | 'proxies'>>,
): Admission {
  const { log, clock, connectionLimits, live, ended } = deps;
  const counts = createCounts();
  const shakingHands = new Map<string, { readonly address: string; readonly giveBack: () => void }>();
  const onRefused = () => ended.count('bad-proxy-header');
  const balancers = createBalancers({ from: deps.proxies, log, clock, onRefused });
  // A flood must not fill the disk with its log.
  const logged = createRateLimiter<string>({ burst: 1, perSecond: 1 / 60 }, clock);

  function refuse(socket: Socket, key: string): void {
    socket.destroy();
    ended.count('too-many-connections');
    if (logged.take(key) === 0)
      log.warn('connection refused', { address: key, code: 'too-many-connections' });
  }

  function admit(socket: Socket, address: string): void {
    const key = addressKey(address);
    if (counts.of(key) >= live.perAddress || !connectionLimits.admit(address)) {
      refuse(socket, key);
      return;
    }
    const remove = counts.add(key);
    const id = connectionId(socket);
    const giveBack = connectionLimits.handshakes.take(address, () => {
      shaken(id);
      refuse(socket, key);
    });
    shakingHands.set(id, { address, giveBack });
    socket.once('close', () => {
      remove();
      const unfinished = shaken(id);
      if (unfinished !== undefined) handshakeFailed(deps, unfinished, 'connection closed');
    });
    tls.emit('connection', socket);
  }

  function shaken(id: string): string | undefined {
    const found = shakingHands.get(id);
    found?.giveBack();
    shakingHands.delete(id);
    return found?.address;
  }

  server.on('connection', (socket) => balancers.receive(socket, (source) => admit(socket, source)));
  return {
    sockets: balancers.sockets,
    get handshakes() {
      return shakingHands.size;
    },
    shaken: (socket) => shaken(connectionId(socket)),
  };
}

/** The same for a connection's socket and the TLS socket over it. */
export function connectionId({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

function handOver(
  server: TlsServer,
  handlers: ConnectionHandlers,
  deps: ListenerDeps & { readonly admission: Admission },
): void {
  const { admission } = deps;
  // handshakeTimeout and a failed handshake report here and leave the socket open.
  server.on('tlsClientError', (error, socket) => {
    // Of a closed connection, the TLS socket no longer tells which one it was.
    const address = admission.shaken(socket);
    if (address !== undefined) handshakeFailed(deps, address, errorCode(error));
    socket.destroy();
  });

  server.on('secureConnection', (socket) => {
    const address = admission.shaken(socket);
    // Its peer has reset it by now.
    if (address === undefined) socket.destroy();
    else if (socket.alpnProtocol === alpn) {
      handlers.chat(socket, address);
    } else if (socket.alpnProtocol === fileAlpn) {
      handlers.file(socket, address);
    } else {
      handshakeFailed(deps, address, 'no secure-chat/1 in ALPN');
      socket.destroy();
    }
  });
}

function handshakeFailed({ ended, log }: ListenerDeps, address: string, why: string): void {
  ended.count('handshake-failed');
  log.info('handshake failed', { address, why });
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
