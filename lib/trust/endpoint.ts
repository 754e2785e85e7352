/** A server's address, host and port, parsed and formatted. Does no DNS lookups. */
import { isIPv4, isIPv6 } from 'node:net';

export interface Endpoint {
  /** A name or an IP address in lower case; IPv6 is compressed, without brackets. */
  readonly host: string;
  readonly port: number;
}

export const defaultPort = 6697;

/** What is wrong with an address or a link. */
type AddressFault =
  | 'empty'
  | 'too-long'
  | 'not-a-link'
  | 'several-links'
  | 'too-many-parts'
  | 'host-missing'
  | 'host-invalid'
  | 'port-missing'
  | 'port-invalid'
  | 'pin-missing'
  | 'pin-short'
  | 'pin-long'
  | 'pin-invalid'
  | 'code-missing'
  | 'code-long'
  | 'code-invalid';

export interface AddressRefusal {
  readonly ok: false;
  readonly fault: AddressFault;
  /** A sentence for the user, printable ASCII. */
  readonly message: string;
}

export type ParsedAddress<T> = { readonly ok: true; readonly value: T } | AddressRefusal;

export function refuse(fault: AddressFault, message: string): AddressRefusal {
  return { ok: false, fault, message };
}

const hostLength = 253;

/**
 * The canonical spelling of a host: a DNS name (underscores allowed, no final dot), an IPv4 address, or an
 * IPv6 address with or without brackets. Undefined for anything else: a zone (`%eth0`), a name outside ASCII,
 * or a partial address such as `127.1`, which resolvers would still accept.
 */
export function canonicalHost(text: string): string | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIPv6(bare)) return bare.includes('%') ? undefined : new URL(`http://[${bare}]`).hostname.slice(1, -1);
  if (bare !== text) return undefined;
  if (isIPv4(text)) return text;
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name.length > hostLength) return undefined;
  const labels = name.split('.');
  if (!labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))) return undefined;
  return /^\d+$/.test(labels.at(-1) ?? '') ? undefined : name;
}

/** `host:port`, IPv6 in brackets. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return `${formatHost(host)}:${port}`;
}

/** A host as written in links and addresses: IPv6 in brackets. */
export function formatHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** `HOST`, `HOST:PORT`, `[IPv6]:PORT` or a bare IPv6 address; the port defaults to 6697. */
export function parseEndpoint(text: string): ParsedAddress<Endpoint> {
  const address = text.trim();
  if (address === '') return refuse('empty', 'No address given. Use HOST or HOST:PORT.');
  const { host, port } = split(address);
  if (host === '' || host === '[]') return refuse('host-missing', 'The host is missing. Use HOST:PORT.');
  const canonical = canonicalHost(host);
  if (canonical === undefined) {
    return refuse(
      'host-invalid',
      `${shown(host)} is not a valid host name or IP address. Names have letters, digits, hyphens and dots.`,
    );
  }
  if (port === undefined) return { ok: true, value: { host: canonical, port: defaultPort } };
  if (port === '') return refuse('port-missing', 'The port is missing after the colon.');
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    return refuse('port-invalid', `${shown(port)} is not a valid port. Use a number from 1 to 65535.`);
  }
  return { ok: true, value: { host: canonical, port: Number(port) } };
}

function split(address: string): { readonly host: string; readonly port: string | undefined } {
  if (isIPv6(address)) return { host: address, port: undefined };
  const colon = address.startsWith('[')
    ? address.indexOf(':', address.indexOf(']') + 1)
    : address.lastIndexOf(':');
  if (colon < 0) return { host: address, port: undefined };
  return { host: address.slice(0, colon), port: address.slice(colon + 1) };
}

// The error repeats pasted text on a terminal: printable ASCII only, and not much of it.
function shown(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return `"${short.replace(/[^\x20-\x7e]/g, '?')}"`;
}
