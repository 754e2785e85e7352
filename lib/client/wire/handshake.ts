/** The TLS handshake with a server. Knows sockets and certificates; neither which server to trust nor frames. */
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { domainToASCII } from 'node:url';
import type { Clock } from '../../system/clock.js';
import { type Endpoint, formatEndpoint } from '../../trust/endpoint.js';
import { pinOf } from '../../trust/key.js';

/** No connection could be opened: refused, unknown host, no route, no answer. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly code = 'unreachable';
}

/** Something answers there, but no secure-chat server. */
export class NotSecureChat extends Error {
  override readonly name = 'NotSecureChat';
  readonly code = 'not-secure-chat';
}

/** What a server showed in the TLS handshake. */
export interface ServerIdentity {
  /** Where it was reached. */
  readonly endpoint: Endpoint;
  /** SHA-256 of the public key (SPKI), base64url, 43 characters. */
  readonly pin: string;
  /** A certificate authority of this system vouches for it under this host name. */
  readonly authorized: boolean;
  /** ISO 8601. */
  readonly validTo: string;
}

interface DialOptions {
  readonly endpoint: Endpoint;
  /** The RFC 7301 name of the protocol to speak. */
  readonly alpn: string;
  /** For name look-up, TCP and TLS together, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects with TLS 1.3 and ALPN. Nothing was read from the socket and no
 * application byte written; it is paused and has a listener for errors.
 * @throws Unreachable, NotSecureChat, or the signal's reason
 */
export function dial({ endpoint, alpn, timeoutMs, clock, signal }: DialOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const { host, port } = endpoint;
    // No `session`: a resumed session has no certificate to verify. Trust is decided by `verify`; `authorized`
    // tells it what the certificate authorities say, host name included.
    const socket = connect({
      host,
      port,
      ...(isIP(host) === 0 && { servername: domainToASCII(host.replace(/\.$/, '')) }),
      ALPNProtocols: [alpn],
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
    });
    const cancelTimeout = clock.after(timeoutMs, () => fail(noAnswer(endpoint, timeoutMs)));
    const abort = () => fail(signal?.reason);

    function settle() {
      cancelTimeout();
      signal?.removeEventListener('abort', abort);
      socket.off('secureConnect', ready);
    }
    function fail(error: unknown) {
      settle();
      socket.destroy();
      reject(error);
    }
    function ready() {
      if (socket.alpnProtocol !== alpn) return fail(notChat(endpoint, `it does not offer ${alpn}`));
      settle();
      socket.setNoDelay(true);
      resolve(socket);
    }
    signal?.addEventListener('abort', abort);
    socket.once('secureConnect', ready);
    // Stays after the handshake: errors after it are reported by 'close'.
    socket.on('error', (error) => fail(explain({ endpoint, alpn }, error)));
  });
}

/**
 * What the server showed in the handshake.
 * @throws NotSecureChat for a certificate that cannot be read
 */
export function identityOf(socket: TLSSocket, endpoint: Endpoint): ServerIdentity {
  try {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) throw new Error('no certificate');
    return {
      endpoint,
      pin: pinOf(certificate),
      authorized: socket.authorized,
      validTo: new Date(certificate.validTo).toISOString(),
    };
  } catch (cause) {
    throw notChat(endpoint, 'cannot read its certificate', cause);
  }
}

function noAnswer(endpoint: Endpoint, timeoutMs: number): Unreachable {
  return new Unreachable(
    `no answer from ${formatEndpoint(endpoint)} within ${Math.ceil(timeoutMs / 1000)} s: ` +
      'check the address, and that no firewall blocks the port',
  );
}

function notChat(endpoint: Endpoint, why: string, cause?: unknown): NotSecureChat {
  return new NotSecureChat(
    `not a secure-chat server at ${formatEndpoint(endpoint)}: ${why}; check the address and the port`,
    { cause },
  );
}

/** The error of a socket that did not get as far as the end of the handshake, for people. */
function explain(
  { endpoint, alpn }: Pick<DialOptions, 'endpoint' | 'alpn'>,
  error: NodeJS.ErrnoException,
): Unreachable | NotSecureChat {
  const code = error.code ?? '';
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) {
    return notChat(endpoint, 'it does not offer TLS 1.3', error);
  }
  if (code.includes('NO_APPLICATION_PROTOCOL')) {
    return notChat(endpoint, `it does not offer ${alpn}`, error);
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH/.test(code)) {
    return notChat(endpoint, 'it does not answer with TLS', error);
  }
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
    return notChat(endpoint, `the TLS handshake failed (${code})`, error);
  }
  return new Unreachable(unreachable(endpoint, code), { cause: error });
}

function unreachable(endpoint: Endpoint, code: string): string {
  const at = formatEndpoint(endpoint);
  switch (code) {
    case 'ECONNREFUSED':
      return `connection refused by ${at}: is the server running?`;
    case 'ENOTFOUND':
      return `unknown host ${endpoint.host}: check the spelling`;
    case 'EAI_AGAIN':
      return `cannot look up ${endpoint.host}: is this machine online?`;
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
    case 'EADDRNOTAVAIL':
      return `no route to ${at} (${code}): is this machine online, and the address right?`;
    case 'ETIMEDOUT':
      return `no answer from ${at}: check the address, and that no firewall blocks the port`;
    case 'ECONNRESET':
      return `${at} closed the connection during the TLS handshake: is it a secure-chat server?`;
    default:
      return `cannot reach ${at}: ${code || 'unknown error'}`;
  }
}
