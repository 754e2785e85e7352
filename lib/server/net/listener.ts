/**
 * The TLS listener, and the limits on connections. Knows certificates, addresses and how many connections there are, not
 * what is sent over them.
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { alpn, fileAlpn } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Log } from '../log.js';
import { addressKey, plainAddress } from './address.js';

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

export async function listen(
  options: ListenerOptions,
  log: Log,
  handlers: ConnectionHandlers,
): Promise<Listener> {
  const server = createServer({
    ...secureOptions(options.keyPair),
    ALPNProtocols: [alpn, fileAlpn],
    handshakeTimeout: options.handshakeMs ?? limits.handshakeMs,
    noDelay: true,
  });
  const sockets = trackSockets(server, options.perAddress, log);
  handOver(server, handlers, log);
  await bind(server, options);
  // Accepting fails while the process has no file descriptor left; existing connections are not affected.
  server.on('error', (error) => log.error('accepting failed', error));

  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server listens on no address.');
  return {
    address: { host: bound.address, port: bound.port },
    reload: (keyPair) => server.setSecureContext(secureOptions(keyPair)),
    close: () => void server.close(),
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Closes sockets beyond the limit per address. @returns all that are open */
function trackSockets(server: Server, perAddress: number, log: Log): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  const counts = createCounts();
  server.on('connection', (socket: Socket) => {
    const key = addressKey(socket.remoteAddress ?? '');
    const remove = counts.add(key);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      remove();
    });
    if (counts.of(key) <= perAddress) return;
    log.warn('connection refused', { address: key, code: 'too-many-connections' });
    socket.destroy();
  });
  return sockets;
}

function handOver(server: Server, handlers: ConnectionHandlers, log: Log): void {
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
function secureOptions({ cert, key }: KeyPairPem): TlsOptions {
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

/** Limits on connections that have not authenticated. */
export interface ConnectionLimits {
  /** There are as many as may be, from this address or in all. */
  full(address: string): boolean;
  /** Counts a connection. @returns to be called once it has authenticated or is closed; further calls do nothing */
  add(address: string): () => void;
}

export function createConnectionLimits(): ConnectionLimits {
  const counts = createCounts();
  return {
    full(address) {
      const same = counts.of(addressKey(address));
      return counts.total >= limits.connectionsUnsigned || same >= limits.unsignedPerAddress;
    },
    add: (address) => counts.add(addressKey(address)),
  };
}

/** How many there are of each key, and in all. */
function createCounts() {
  const counts = new Map<string, number>();
  let total = 0;
  return {
    get total() {
      return total;
    },
    of: (key: string) => counts.get(key) ?? 0,
    /** Counts one more. @returns takes it back; further calls do nothing */
    add(key: string): () => void {
      let counted = true;
      total++;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return () => {
        if (!counted) return;
        counted = false;
        total--;
        const left = (counts.get(key) ?? 1) - 1;
        if (left === 0) counts.delete(key);
        else counts.set(key, left);
      };
    },
  };
}
