/**
 * Where a server is, parsed and formatted: its host and port, and the join link `secure-chat://HOST:PORT[,HOST:PORT…]/PIN[/CODE]`
 * with the pin of its key and an invite code. Does no DNS lookups and does not know whether the server exists.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { limits } from '../protocol/limits.js';
import { isPin } from './key.js';

/** Where a server listens. */
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
  | 'too-many-hosts'
  | 'port-missing'
  | 'port-invalid'
  | 'pin-missing'
  | 'pin-short'
  | 'pin-long'
  | 'pin-invalid'
  | 'code-missing'
  | 'code-long'
  | 'code-invalid';

interface AddressRefusal {
  readonly ok: false;
  readonly fault: AddressFault;
  /** A sentence for the user, printable ASCII. */
  readonly message: string;
}

export type ParsedAddress<T> = { readonly ok: true; readonly value: T } | AddressRefusal;

function refuse(fault: AddressFault, message: string): AddressRefusal {
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

/** Addresses separated by commas, as parseEndpoint takes them; the same one twice counts once. */
export function parseEndpoints(text: string, most: number): ParsedAddress<readonly Endpoint[]> {
  const found: Endpoint[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '' && part !== text)
      return refuse('host-missing', 'A host is missing before or after a comma.');
    const parsed = parseEndpoint(part);
    if (!parsed.ok) return parsed;
    found.push(parsed.value);
  }
  const value = uniqueEndpoints(found);
  return value.length <= most
    ? { ok: true, value }
    : refuse('too-many-hosts', `These are ${value.length} hosts. Name at most ${most}.`);
}

/** Each one once, where it comes first. */
export function uniqueEndpoints(list: readonly Endpoint[]): Endpoint[] {
  const byAddress = new Map<string, Endpoint>();
  for (const { host, port } of list) {
    const address = formatEndpoint({ host, port });
    if (!byAddress.has(address)) byAddress.set(address, { host, port });
  }
  return [...byAddress.values()];
}

export function isSameEndpoint(one: Endpoint, other: Endpoint): boolean {
  return one.host === other.host && one.port === other.port;
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

export interface JoinLink extends Endpoint {
  /** Where the same chat has other servers, with the same key. */
  readonly others?: readonly Endpoint[];
  /** Pin of the server's key; without it, known hosts or a certificate authority decide. */
  readonly pin?: string;
  /** An invite code of 1 to 64 base64url characters. Secret until used. */
  readonly code?: string;
}

const scheme = 'secure-chat://';
const pinLength = 43;
const codeLength = 64;
// Several times the longest link: mail programs add quotes and line breaks.
const pastedLength = 4096;

/** The addresses in a link, its first one first. */
export function linkEndpoints({ host, port, others = [] }: JoinLink): readonly [Endpoint, ...Endpoint[]] {
  return [{ host, port }, ...others];
}

/**
 * The canonical form of a link. Needs no shell quotes unless a host is an IPv6 address.
 * @throws RangeError for an invalid host, port, pin or code, more than three hosts, or a code or further hosts without a pin
 */
export function formatJoinLink(link: JoinLink): string {
  const { pin, code } = link;
  const hosts = uniqueEndpoints(linkEndpoints(link).map(canonicalEndpoint));
  if (hosts.length > limits.linkHosts)
    throw new RangeError(`a join link has at most ${limits.linkHosts} hosts`);
  if (pin !== undefined && !isPin(pin)) throw new RangeError('a pin has 43 base64url characters');
  if (hosts.length > 1 && pin === undefined) throw new RangeError('several hosts need a pin');
  if (code !== undefined && pin === undefined) throw new RangeError('a code needs a pin');
  if (code !== undefined && codeProblem(code) !== undefined) {
    throw new RangeError('a code has 1 to 64 base64url characters');
  }
  const parts = [hosts.map(formatEndpoint).join(','), pin, code];
  return scheme + parts.filter((part) => part !== undefined).join('/');
}

function canonicalEndpoint({ host, port }: Endpoint): Endpoint {
  const canonical = canonicalHost(host);
  if (canonical === undefined) throw new RangeError('a join link needs a host name or an IP address');
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new RangeError('a port must be 1 to 65535');
  return { host: canonical, port };
}

/** Which addresses can stand in the first of these links, the same for each address of a server; undefined for one link. */
export function otherHosts(links: readonly string[]): string | undefined {
  // Without those of the chat's other servers.
  const [first, ...others] = links.map((link) => link.split(/[/,]/)[2] ?? link);
  return others.length === 0 ? undefined : `${first} can be replaced with ${others.join(', ')}`;
}

/** Whether `text` is a link rather than `HOST:PORT`. */
export function looksLikeLink(text: string): boolean {
  return text.includes('://');
}

/**
 * Parses a link as people paste it: wrapped over lines, quoted in a mail, with punctuation around it, inside a
 * box, or after a command. The port defaults to 6697. The refusal says which part is missing.
 */
export function parseJoinLink(text: string): ParsedAddress<JoinLink> {
  if (text.length > pastedLength) return refuse('too-long', 'This is too long for a join link.');
  const link = unwrap(text);
  if (link === '') return refuse('empty', 'No join link given.');
  const start = link.toLowerCase().indexOf(scheme);
  if (start < 0) return refuse('not-a-link', `A join link starts with ${scheme}`);
  const rest = link.slice(start + scheme.length);
  if (rest.toLowerCase().includes(scheme)) {
    return refuse('several-links', 'This is more than one join link. Paste only one.');
  }
  const [authority = '', pin, code, ...more] = rest.split('/');
  if (authority === '') return refuse('host-missing', `The link is incomplete: no host after ${scheme}`);
  const hosts = parseEndpoints(authority, limits.linkHosts);
  if (!hosts.ok) return hosts;
  if (more.length > 0) {
    return refuse('too-many-parts', 'The link is damaged: there is text after its code.');
  }
  const [first, ...others] = hosts.value;
  if (first === undefined) return refuse('host-missing', 'The link is incomplete: it has no host.');
  const several = others.length > 0 && { others };
  const value = {
    ...first,
    ...several,
    ...(pin !== undefined && { pin }),
    ...(code !== undefined && { code }),
  };
  return pinProblem(pin, others.length > 0) ?? codeProblem(code) ?? { ok: true, value };
}

// Drops the quote marks, continuation marks and box lines at line ends.
function unwrap(text: string): string {
  return text
    .split(/[\r\n\u2028\u2029]+/)
    .map((line) => line.replace(/^[\s>|\u2502\u2503]+/, '').replace(/[\s=\\|\u2502\u2503]+$/, ''))
    .join('')
    .replace(/[\s\u00ad\u200b-\u200d\u2060]+/g, '')
    .replace(/^[<("'`*\u00ab\u2018\u201c\u201e]+/, '')
    .replace(/[>)"'`*.,;!?\u00bb\u2019\u201c\u201d]+$/, '');
}

function pinProblem(pin: string | undefined, needed: boolean): AddressRefusal | undefined {
  if (pin === undefined && needed) {
    return refuse('pin-missing', 'The link is incomplete: several hosts need a pin after a slash.');
  }
  if (pin === undefined || isPin(pin)) return undefined;
  if (pin === '') return refuse('pin-missing', 'The link is incomplete: no pin after the last slash.');
  if (!/^[\w-]*$/.test(pin)) {
    return refuse(
      'pin-invalid',
      'The pin in the link is damaged: only letters, digits, - and _ are allowed.',
    );
  }
  return pin.length < pinLength
    ? refuse('pin-short', `The pin in the link is cut off: ${pin.length} of ${pinLength} characters.`)
    : refuse('pin-long', `The pin in the link is damaged: ${pin.length} characters instead of ${pinLength}.`);
}

function codeProblem(code: string | undefined): AddressRefusal | undefined {
  if (code === undefined) return undefined;
  if (code === '') return refuse('code-missing', 'The link is incomplete: no code after the last slash.');
  if (!/^[\w-]*$/.test(code)) {
    return refuse(
      'code-invalid',
      'The code in the link is damaged: only letters, digits, - and _ are allowed.',
    );
  }
  if (code.length > codeLength) {
    return refuse('code-long', `The code in the link is damaged: more than ${codeLength} characters.`);
  }
  return undefined;
}
