/**
 * Where push notifications may go: the hosts that the operator listed, and of their addresses only public ones, or those that
 * are listed themselves. Knows URLs and addresses, not what is sent.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';
import { plainAddress } from '../net/address.js';

export interface PushHosts {
  /** As the operator listed them, for people. */
  readonly text: string;
  /** @returns undefined where it is no URL of these hosts */
  parse(url: string): URL | undefined;
  /** Whether a connection may go to this address. */
  mayConnect(address: string): boolean;
}

// RFC 6890, and what has been added since: not for the public.
const closedIpv4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'],
];
/** Within 2000::/3: Teredo and others, documentation, 6to4. */
const closedIpv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const [open6, closed] = [new BlockList(), new BlockList()];
open6.addSubnet('2000::', 3, 'ipv6');
for (const range of closedIpv4) addRange(range, 'ipv4');
for (const range of closedIpv6) addRange(range, 'ipv6');

function addRange(range: string, family: 'ipv4' | 'ipv6'): void {
  const [network = '', bits] = range.split('/');
  closed.addSubnet(network, Number(bits), family);
}

/**
 * @param list `HOST[:PORT]` for https, or `http://HOST[:PORT]`
 * @returns undefined where one of them is neither
 */
export function parsePushHosts(list: readonly string[]): PushHosts | undefined {
  const listed = list.map((part) => originOf(part.trim()));
  if (listed.includes(undefined)) return undefined;
  const origins = new Set(listed.map((url) => url?.origin));
  const hosts = new Set(listed.map((url) => bareHost(url?.hostname ?? '')));
  return {
    text: [...origins].join(', '),
    parse(text) {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      // Credentials in a URL would end up in front of the operator.
      const plain = url !== undefined && url.username === '' && url.password === '';
      return plain && origins.has(url.origin) ? url : undefined;
    },
    mayConnect: (address) => hosts.has(plainAddress(address)) || isPublic(plainAddress(address)),
  };
}

function originOf(part: string): URL | undefined {
  const text = /^https?:\/\//.test(part) ? part : `https://${part}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const bare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  // No wildcards.
  return bare && url.pathname === '/' && /^[a-z0-9._:[\]-]+$/.test(url.hostname) ? url : undefined;
}

/** Without the brackets of IPv6. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function isPublic(address: string): boolean {
  if (isIPv4(address)) return !closed.check(address, 'ipv4');
  return isIP(address) === 6 && open6.check(address, 'ipv6') && !closed.check(address, 'ipv6');
}
