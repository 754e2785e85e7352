/**
 * The servers this user trusts: a file of `host:port pin [also host:port,host:port]` lines that people may edit. Stores pins;
 * does not compare them with a server's key.
 */
import { constants } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { limits } from '../protocol/limits.js';
import { errorCode } from '../system/disk-errors.js';
import {
  LockError,
  type LockTiming,
  rewriteAtomically,
  systemTiming,
  withLock,
} from '../system/shared-file.js';
import {
  canonicalHost,
  type Endpoint,
  formatEndpoint,
  isSameEndpoint,
  parseEndpoint,
  parseEndpoints,
  uniqueEndpoints,
} from './endpoint.js';
import { isPin } from './key.js';

/** A server, and the other addresses of the same chat that its servers told. Only `endpoint` is trusted for itself. */
export interface KnownChat {
  readonly endpoint: Endpoint;
  readonly pin: string;
  readonly peers: readonly Endpoint[];
}

interface KnownHost extends KnownChat {
  /** Counted from 1. */
  readonly line: number;
}

/** A line that is neither empty, nor a comment, nor as above. It stays in the file as it is. */
interface FaultyLine {
  readonly line: number;
  readonly problem: string;
  /** If its address is readable. */
  readonly endpoint?: Endpoint;
}

interface KnownHostList {
  readonly hosts: readonly KnownHost[];
  readonly faults: readonly FaultyLine[];
}

type KnownHostsFault = 'link' | 'unreadable' | 'not-written' | 'locked' | 'malformed' | 'contradictory';

export class KnownHostsError extends Error {
  readonly code: KnownHostsFault;

  constructor(code: KnownHostsFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'KnownHostsError';
    this.code = code;
  }
}

/** Every method rejects with KnownHostsError. Reads the file each time, since other processes write it too. */
export interface KnownHosts {
  readonly path: string;
  /**
   * The pin of a server. Rejects with `malformed` if this server's line is invalid and with `contradictory` if
   * two lines give it different pins: in neither case may it pass for an unknown server.
   */
  find(endpoint: Endpoint): Promise<string | undefined>;
  /**
   * The chat with one of these addresses and this pin; without a pin, that of the first address, which must be a server's own:
   * what another chat says of an address does not count for it.
   */
  chat(addresses: readonly Endpoint[], pin?: string): Promise<KnownChat | undefined>;
  /** Replaces the server's pin; resolves once it is on disk. */
  remember(endpoint: Endpoint, pin: string): Promise<void>;
  /** Replaces the other addresses of a chat that is known, with this pin; does nothing for others. */
  keepPeers(endpoint: Endpoint, pin: string, peers: readonly Endpoint[]): Promise<void>;
  /** Resolves to whether there was anything to forget. */
  forget(endpoint: Endpoint): Promise<boolean>;
  list(): Promise<KnownHostList>;
}

type Line =
  | { readonly kind: 'other' }
  | ({ readonly kind: 'host'; readonly comment: string } & KnownChat)
  | { readonly kind: 'faulty'; readonly problem: string; readonly endpoint?: Endpoint };

/** Opens nothing yet: the first `remember` creates the file (0600) and its folder (0700). */
export function openKnownHosts(path: string, timing: LockTiming = systemTiming): KnownHosts {
  // Calls in this process queue here instead of polling the lock file.
  let queue: Promise<unknown> = Promise.resolve();

  async function list(): Promise<KnownHostList> {
    const lines = (await readLines(path)).map(parseLine);
    const hosts: KnownHost[] = [];
    const faults: FaultyLine[] = [];
    for (const [index, parsed] of lines.entries()) {
      const line = index + 1;
      if (parsed.kind === 'host') {
        const { endpoint, pin, peers } = parsed;
        hosts.push({ endpoint, pin, peers, line });
      }
      if (parsed.kind === 'faulty') {
        const { problem, endpoint } = parsed;
        faults.push({ line, problem, ...(endpoint !== undefined && { endpoint }) });
      }
    }
    return { hosts, faults };
  }

  /** Resolves to whether the lines changed. */
  function change(edit: (lines: readonly string[]) => readonly string[]): Promise<boolean> {
    const done = queue.then(() =>
      writeLocked(path, timing, async () => {
        const before = await readLines(path);
        const after = edit(before);
        if (after.join('\n') === before.join('\n')) return false;
        await rewriteAtomically(path, after.map((line) => `${line}\n`).join(''), { mode: 0o600 });
        return true;
      }),
    );
    queue = done.catch(() => undefined);
    return done;
  }

  return {
    path,
    list,
    async find(endpoint) {
      return pinIn(path, await list(), endpoint);
    },
    async chat(addresses, linkPin) {
      const { hosts } = await list();
      const [first] = addresses;
      const own = hosts.find(({ endpoint }) => first !== undefined && isAbout(endpoint, first));
      const pin = linkPin ?? own?.pin;
      return hosts.find(
        (host) =>
          host.pin === pin && addressesOf(host).some((one) => addresses.some((each) => isAbout(one, each))),
      );
    },
    async remember(endpoint, pin) {
      if (!isPin(pin)) throw new RangeError('a pin has 43 base64url characters');
      const entry = `${addressOf(endpoint)} ${pin}`;
      await change((lines) => withHost(lines, endpoint, entry));
    },
    async keepPeers(endpoint, pin, peers) {
      const others = uniqueEndpoints(peers)
        .filter((peer) => !isSameEndpoint(peer, endpoint))
        .slice(0, limits.peerHosts);
      const text = (chat: KnownChat) => formatChat({ ...chat, peers: others });
      // Where nothing changes, nothing is locked: this comes with every connection.
      const known = (await list()).hosts.find((host) => host.pin === pin && isAbout(host.endpoint, endpoint));
      if (known === undefined || formatChat(known) === text(known)) return;
      await change((lines) =>
        lines.map((line) => {
          const parsed = parseLine(line);
          if (parsed.kind !== 'host' || parsed.pin !== pin || !isAbout(parsed.endpoint, endpoint))
            return line;
          return text(parsed) + parsed.comment;
        }),
      );
    },
    async forget(endpoint) {
      // An unknown server needs no lock and creates no folder.
      const { hosts, faults } = await list();
      if (![...hosts, ...faults].some((line) => isAbout(line.endpoint, endpoint))) return false;
      return await change((lines) => lines.filter((line) => !lineIsAbout(line, endpoint)));
    },
  };
}

function addressesOf({ endpoint, peers }: KnownChat): readonly Endpoint[] {
  return [endpoint, ...peers];
}

/** As in the file, without a comment. */
export function formatChat({ endpoint, pin, peers }: KnownChat): string {
  const also = peers.length === 0 ? '' : ` also ${peers.map(formatEndpoint).join(',')}`;
  return `${addressOf(endpoint)} ${pin}${also}`;
}

function pinIn(path: string, { hosts, faults }: KnownHostList, endpoint: Endpoint): string | undefined {
  const found = hosts.filter((host) => isAbout(host.endpoint, endpoint));
  const [first] = found;
  const other = found.find(({ pin }) => pin !== first?.pin);
  if (first !== undefined && other !== undefined) {
    const message = `${path}: lines ${first.line} and ${other.line} have different pins for the same server. Remove the wrong one.`;
    throw new KnownHostsError('contradictory', message);
  }
  const faulty = faults.find((line) => isAbout(line.endpoint, endpoint));
  if (first === undefined && faulty !== undefined) {
    const message = `${path}, line ${faulty.line}: ${faulty.problem}. Fix or remove the line.`;
    throw new KnownHostsError('malformed', message);
  }
  return first?.pin;
}

function withHost(lines: readonly string[], endpoint: Endpoint, entry: string): string[] {
  const at = lines.findIndex((line) => lineIsAbout(line, endpoint));
  if (at < 0) return [...lines, entry];
  // An unchanged pin keeps the rest of its line.
  const known = parseLine(lines[at] ?? '');
  const kept = known.kind === 'host' && entry.endsWith(` ${known.pin}`) ? (lines[at] ?? entry) : entry;
  return lines.flatMap((line, index) => {
    if (index === at) return [kept];
    return lineIsAbout(line, endpoint) ? [] : [line];
  });
}

function parseLine(line: string): Line {
  const comment = /\s+#.*$/.exec(line)?.[0] ?? '';
  const [address = '', pin, also, ...rest] = line
    .slice(0, line.length - comment.length)
    .trim()
    .split(/\s+/);
  if (address === '' || address.startsWith('#')) return { kind: 'other' };
  const parsed = parseEndpoint(address);
  if (!parsed.ok) return { kind: 'faulty', problem: parsed.message.replace(/\.$/, '') };
  const endpoint = parsed.value;
  if (pin === undefined) return { kind: 'faulty', endpoint, problem: 'the pin is missing' };
  if (!isPin(pin))
    return { kind: 'faulty', endpoint, problem: 'the pin does not have 43 base64url characters' };
  if (also === undefined) return { kind: 'host', endpoint, pin, peers: [], comment };
  if (also !== 'also') {
    return {
      kind: 'faulty',
      endpoint,
      problem: 'only "also HOST:PORT,HOST:PORT" and a # comment may follow the pin',
    };
  }
  const peers = parseEndpoints(rest.join(' '), limits.peerHosts);
  if (!peers.ok) return { kind: 'faulty', endpoint, problem: peers.message.replace(/\.$/, '') };
  return { kind: 'host', endpoint, pin, peers: peers.value, comment };
}

function lineIsAbout(line: string, endpoint: Endpoint): boolean {
  const parsed = parseLine(line);
  return parsed.kind !== 'other' && isAbout(parsed.endpoint, endpoint);
}

function isAbout(known: Endpoint | undefined, asked: Endpoint): boolean {
  return known !== undefined && formatEndpoint(known) === addressOf(asked);
}

/** @throws RangeError for an invalid host or port */
function addressOf({ host, port }: Endpoint): string {
  const canonical = canonicalHost(host);
  if (canonical === undefined || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw new RangeError('an endpoint needs a host name or an IP address, and a port from 1 to 65535');
  }
  return formatEndpoint({ host: canonical, port });
}

async function readLines(path: string): Promise<string[]> {
  try {
    const flag = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
    const lines = (await readFile(path, { encoding: 'utf8', flag })).split(/\r?\n/);
    if (lines.at(-1) === '') lines.pop();
    return lines;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    // EMLINK on FreeBSD.
    if (['ELOOP', 'EMLINK'].includes(errorCode(error))) throw linkRefused(path, error);
    const message = `${path}: can't be read (${errorCode(error)}). Check its owner and mode.`;
    throw new KnownHostsError('unreadable', message, error);
  }
}

function linkRefused(path: string, cause: unknown): KnownHostsError {
  const message = `${path} is a symbolic link, which could lead to a file of someone else. Put the file itself there.`;
  return new KnownHostsError('link', message, cause);
}

async function writeLocked(
  path: string,
  timing: LockTiming,
  write: () => Promise<boolean>,
): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await withLock(`${path}.lock`, write, timing);
  } catch (error) {
    if (error instanceof KnownHostsError) throw error;
    if (errorCode(error) === 'ELOOP') throw linkRefused(path, error);
    if (error instanceof LockError) {
      throw new KnownHostsError(
        'locked',
        `${error.message}. Try again, or remove the lock file if no other program is running.`,
        error,
      );
    }
    const message = `${path}: can't be written (${errorCode(error)}). Check its folder's owner, mode and free space.`;
    throw new KnownHostsError('not-written', message, error);
  }
}
