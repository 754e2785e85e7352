/** IP addresses: as shown, as the unit that limits count by, and in ranges (RFC 4632, RFC 4291). */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { limits } from '../../protocol/limits.js';

/** Without its zone; an IPv4 address in the form ::ffff:a.b.c.d as plain IPv4. */
export function plainAddress(address: string): string {
  const plain = address.replace(/%.*$/, '');
  const mapped = plain.replace(/^::ffff:/i, '');
  return isIPv4(mapped) ? mapped : plain;
}

/** The whole IPv4 address; of IPv6 the /64, which belongs to one customer. */
export function addressKey(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** Of an IPv4 address in IPv6 (::ffff:0:0/96). */
const mapped = Buffer.from('00000000000000000000ffff', 'hex');

/** A plain address from network byte order: 4 bytes of IPv4, 16 of IPv6. */
export function addressOfBytes(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.subarray(0, 12).equals(mapped)) return bytes.subarray(12).join('.');
  return canonical(Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16)).join(':'));
}

export interface AddressRange {
  /** Canonical: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
  readonly text: string;
  covers(address: string): boolean;
}

const shortest = { ipv4: limits.banBitsIpv4, ipv6: limits.banBitsIpv6 } as const;

/** An address or a CIDR range; undefined for anything else, and for a range that is too wide. */
export function parseRange(typed: string): AddressRange | undefined {
  const [, given = '', length] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(typed) ?? [];
  const address = plainAddress(given);
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (!isIPv4(address) && !isIPv6(address)) return undefined;
  const whole = family === 'ipv4' ? 32 : 128;
  const prefix = length === undefined ? whole : Number(length);
  if (prefix > whole || prefix < shortest[family]) return undefined;
  const list = new BlockList();
  list.addSubnet(address, prefix, family);
  return {
    text: prefix === whole ? canonical(address) : `${network(address, prefix)}/${prefix}`,
    covers(other) {
      const plain = plainAddress(other);
      return isIPv4(plain) ? list.check(plain, 'ipv4') : isIPv6(plain) && list.check(plain, 'ipv6');
    },
  };
}

function canonical(address: string): string {
  return isIPv4(address) ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The address with all bits after the prefix cleared. */
function network(address: string, prefix: number): string {
  if (isIPv4(address)) {
    const bits = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
    const size = 2 ** (32 - prefix);
    const start = Math.floor(bits / size) * size;
    return [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.');
  }
  const groups = wholeGroups(canonical(address));
  const masked = groups.map((group, at) => {
    const left = Math.min(16, Math.max(0, prefix - 16 * at));
    return group & (0xffff << (16 - left)) & 0xffff;
  });
  return canonical(masked.map((group) => group.toString(16)).join(':'));
}

/** The eight numbers of an IPv6 address in its canonical spelling. */
function wholeGroups(address: string): number[] {
  const [head = '', tail = ''] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}
