/**
 * The PROXY header, version 2, by which a balancer says whose connection it passes on (haproxy's proxy-protocol.txt, 2.2).
 * Knows bytes, not sockets.
 */
import { limits } from '../../protocol/limits.js';
import { addressOfBytes } from './address.js';

export type ProxyHeader =
  | { readonly state: 'incomplete' }
  | {
      readonly state: 'complete';
      /** In bytes; what follows is the connection's own. */
      readonly length: number;
      /** Undefined for the balancer's own connection, and for one that did not come over IP. */
      readonly source: string | undefined;
    }
  | { readonly state: 'invalid'; readonly why: string };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const version1 = Buffer.from('PROXY ', 'latin1');
/** Signature, version and command, family, length. */
const fixedBytes = 16;

const commands = { local: 0x20, proxy: 0x21 } as const;

/** Families over TCP: how long their addresses are, and the source's place in them, if it is one of IP. */
const families: ReadonlyMap<number, { readonly bytes: number; readonly source?: number }> = new Map([
  [0x00, { bytes: 0 }],
  [0x11, { bytes: 12, source: 4 }],
  [0x21, { bytes: 36, source: 16 }],
  [0x31, { bytes: 216 }],
]);

const incomplete: ProxyHeader = { state: 'incomplete' };
const invalid = (why: string): ProxyHeader => ({ state: 'invalid', why });

/** @param bytes all that came, from the first on */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (!startsLike(bytes, signature)) {
    if (!startsLike(bytes, version1)) return invalid('no PROXY header');
    return bytes.length < version1.length
      ? incomplete
      : invalid('PROXY version 1: set the balancer to version 2 (haproxy: send-proxy-v2)');
  }
  if (bytes.length < fixedBytes) return incomplete;
  const [command, family] = bytes.subarray(signature.length);
  const length = fixedBytes + bytes.readUInt16BE(14);
  if (command !== commands.local && command !== commands.proxy) return invalid('unknown version or command');
  if (length > limits.proxyHeaderBytes) return invalid(`longer than ${limits.proxyHeaderBytes} bytes`);
  // Of a balancer's own connection, the rest has no meaning.
  const addresses = command === commands.local ? { bytes: 0 } : families.get(family ?? -1);
  if (addresses === undefined) return invalid('not a TCP connection');
  if (length < fixedBytes + addresses.bytes) return invalid('too short for its addresses');
  if (bytes.length < length) return incomplete;
  return { state: 'complete', length, source: sourceIn(bytes.subarray(fixedBytes), addresses.source) };
}

function sourceIn(addresses: Buffer, length: number | undefined): string | undefined {
  return length === undefined ? undefined : addressOfBytes(addresses.subarray(0, length));
}

/** Whether it can be a beginning, as far as there is any of it. */
function startsLike(bytes: Buffer, beginning: Buffer): boolean {
  const length = Math.min(bytes.length, beginning.length);
  return bytes.subarray(0, length).equals(beginning.subarray(0, length));
}
