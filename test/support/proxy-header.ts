/** PROXY headers, version 2, as a balancer makes them and as it should not. */
import { isIPv4 } from 'node:net';

interface HeaderParts {
  /** Version and command; default: 2, PROXY. */
  readonly command?: number;
  readonly family?: number;
  readonly addresses?: Buffer;
  /** After the addresses. */
  readonly more?: Buffer;
  /** Default: the right one. */
  readonly length?: number;
}

export const proxySignature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

export function proxyHeader(parts: HeaderParts = {}): Buffer {
  const { command = 0x21, family = 0x11, addresses = Buffer.alloc(12), more = Buffer.alloc(0) } = parts;
  const fixed = Buffer.from([command, family, 0, 0]);
  fixed.writeUInt16BE(parts.length ?? addresses.length + more.length, 2);
  return Buffer.concat([proxySignature, fixed, addresses, more]);
}

/** From this address, in IPv4 or as 32 hexadecimal digits. @param more further parts, such as TLVs */
export function proxiedFrom(source: string, more: Buffer = Buffer.alloc(0)): Buffer {
  const ports = Buffer.from([0xc0, 0x01, 0x1a, 0x29]);
  const ip = isIPv4(source) ? Buffer.from(source.split('.').map(Number)) : Buffer.from(source, 'hex');
  const addresses = Buffer.concat([ip, Buffer.alloc(ip.length, 1), ports]);
  return proxyHeader({ family: ip.length === 4 ? 0x11 : 0x21, addresses, more });
}

/** A balancer's own connection, such as a health check. */
export const localHeader = proxyHeader({ command: 0x20, family: 0, addresses: Buffer.alloc(0) });

/** A type, a length, a value. */
export function tlv(type: number, value: Buffer): Buffer {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16BE(value.length, 1);
  return Buffer.concat([head, value]);
}
