/**
 * Where new connections come from: those from balancers begin with a PROXY header, which says it. Knows sockets and addresses,
 * not what follows.
 */
import type { Socket } from 'node:net';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';
import type { Log } from '../log.js';
import { createRateLimiter } from '../rate-limiter.js';
import { type AddressRange, plainAddress } from './address.js';
import { type ProxyHeader, readProxyHeader } from './proxy-header.js';

interface Balancers {
  /** All that were received and are open. */
  readonly sockets: ReadonlySet<Socket>;
  /**
   * Takes the header off a new connection of theirs, or ends it. From others no header is read.
   * @param onSource gets the address that it comes from; what follows the header can then be read from the socket
   */
  receive(socket: Socket, onSource: (address: string) => void): void;
}

interface BalancersOptions {
  readonly from: readonly AddressRange[];
  readonly log: Log;
  readonly clock: Clock;
  /** Called for each connection that is ended here for what it sent, or did not send. */
  readonly onRefused: () => void;
}

export function createBalancers({ from, log, clock, onRefused }: BalancersOptions): Balancers {
  const sockets = new Set<Socket>();
  /** Those without a complete header, the oldest first. */
  const waiting = new Map<Socket, HeaderReader>();
  const logged = createRateLimiter<string>({ burst: 1, perSecond: 1 / 60 }, clock);

  function refuse(address: string, why: string): void {
    onRefused();
    if (logged.take(address) === 0) log.warn('PROXY header refused', { address, why });
  }

  return {
    sockets,
    receive(socket, onSource) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      // Its peer has reset it by now, as haproxy ends its health checks.
      if (socket.remoteAddress === undefined) {
        socket.destroy();
        return;
      }
      const address = plainAddress(socket.remoteAddress);
      if (!from.some((range) => range.covers(address))) {
        onSource(address);
        return;
      }
      const reader = readHeader(socket, {
        onHeader: ({ source = address }) => onSource(source),
        onRefused: (why) => refuse(address, why),
        onDone() {
          waiting.delete(socket);
          cancel();
        },
      });
      const late = `incomplete after ${limits.proxyHeaderMs / 1000} s`;
      const cancel = clock.after(limits.proxyHeaderMs, () => reader.refuse(late));
      waiting.set(socket, reader);
      const [oldest] = waiting.values();
      if (waiting.size > limits.proxyHeaders) oldest?.refuse('too many without a header');
    },
  };
}

interface HeaderReader {
  /** Ends the connection. */
  refuse(why: string): void;
}

interface HeaderOwner {
  /** The socket's next byte is the first one after the header. */
  onHeader(header: Extract<ProxyHeader, { state: 'complete' }>): void;
  /** The connection has ended, or will, before it had a header. */
  onRefused(why: string): void;
  /** Called once, before either of them, or where a connection without a byte of its own ended. */
  onDone(): void;
}

function readHeader(socket: Socket, owner: HeaderOwner): HeaderReader {
  let bytes: Buffer = Buffer.alloc(0);
  let header: ProxyHeader = { state: 'incomplete' };
  let done = false;

  function finish(): void {
    done = true;
    socket.off('readable', read).off('close', closed);
    owner.onDone();
  }

  function refuse(why: string): void {
    finish();
    socket.destroy();
    owner.onRefused(why);
  }

  function read(): void {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read())
      bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length === 0) return;
    header = readProxyHeader(bytes);
    if (header.state === 'invalid') refuse(header.why);
    if (header.state !== 'complete') return;
    // A health check ends here; for TLS that would be a failed handshake.
    if (header.source === undefined && bytes.length === header.length) return;
    finish();
    if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
    owner.onHeader(header);
  }

  function closed(): void {
    const checked = bytes.length === 0 || header.state === 'complete';
    if (checked) finish();
    else refuse('closed before its end');
  }

  // Until it has another owner, an error must not end the process.
  socket.on('error', () => socket.destroy());
  socket.on('readable', read).on('close', closed);
  return {
    refuse(why) {
      if (!done) refuse(why);
    },
  };
}
