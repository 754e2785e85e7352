/**
 * The TLS socket that people connect to. Knows certificates, addresses and how many connections there are;
 * hands each good one on and knows nothing of what is said on it.
 */
import type { Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { alpn, fileAlpn } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { Log } from '../log.js';
import { addressKey, plainAddress } from './address.js';

/** PEM texts. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface ListenerOptions {
  /** Without it, every address of this machine. */
  readonly host?: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly keyPair: KeyPair;
  /** Connections of one address, handshakes included; more are closed at once. */
  readonly perAddress: number;
  /** From TCP accept to the end of the TLS handshake; default `limits.handshakeMs`. */
  readonly handshakeMs?: number;
}

export interface Listener {
  readonly address: { readonly host: string; readonly port: number };
  /** Serves another certificate from the next handshake on. @throws where the pair is no good; the old one serves on */
  reload(keyPair: KeyPair): void;
  /** Takes no further connection; those there are stay. */
  close(): void;
  /** Ends every connection there is, those in their handshake too. */
  destroy(): void;
}

/** Who gets each TLS 1.3 connection, by what it speaks. */
export interface Hosts {
  /** `secure-chat/1` */
  chat(socket: TLSSocket, address: string): void;
  /** `secure-chat-file/1` */
  file(socket: TLSSocket, address: string): void;
}

export async function listen(options: ListenerOptions, log: Log, hosts: Hosts): Promise<Listener> {
  const server = createServer({
    ...secureOptions(options.keyPair),
    ALPNProtocols: [alpn, fileAlpn],
    handshakeTimeout: options.handshakeMs ?? limits.handshakeMs,
    noDelay: true,
  });
  const perAddress = new Map<string, number>();
  const sockets = new Set<Socket>();

  server.on('connection', (socket: Socket) => {
    const key = addressKey(socket.remoteAddress ?? '');
    const count = (perAddress.get(key) ?? 0) + 1;
    perAddress.set(key, count);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (perAddress.get(key) ?? 1) - 1;
      if (left === 0) perAddress.delete(key);
      else perAddress.set(key, left);
    });
    if (count > options.perAddress) {
      log.warn('connection refused', { address: key, code: 'too-many-connections' });
      socket.destroy();
    }
  });

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
      hosts.chat(socket, address);
    } else if (socket.alpnProtocol === fileAlpn) {
      hosts.file(socket, address);
    } else {
      log.info('handshake failed', { address, why: 'no secure-chat/1 in ALPN' });
      socket.destroy();
    }
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const { host, port } = options;
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  // Accepting fails while the process has no file descriptor left; those who are in stay in.
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

/** All of them at each reload: with the pair alone Node allows TLS 1.2 again. */
function secureOptions({ cert, key }: KeyPair): TlsOptions {
  return {
    cert,
    key,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    // ChaCha20 costs 20 to 40 % more CPU where AES is built in.
    ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
    honorCipherOrder: true,
  };
}

function errorCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
