/** Settings of a server, and what its parts get from them. Knows neither spellings nor how a server starts. */
import { hostname } from 'node:os';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/printable.js';
import type { Registration } from '../protocol/records.js';
import type { ChatServerOptions } from '../server/chat-server.js';
import type { Retention } from '../server/files/cleanup.js';
import type { FileLimits } from '../server/files/offers.js';
import type { Log } from '../server/log.js';
import { type AddressRange, parseRange } from '../server/net/address.js';
import { parsePushHosts } from '../server/push/push-hosts.js';
import type { StoreError } from '../store/store.js';
import { defaultPort, type Endpoint, formatEndpoint } from '../trust/endpoint.js';

/** Settings of a server, as the options of `secure-chat server`. */
export interface ServerSettings {
  /** Folder of the database, the files, the control socket and, without `cert`, the server's own key pair. */
  readonly data: string;
  /** Address of a PostgreSQL database, in place of a file in `data`. */
  readonly database?: string;
  /** Folder of sent files that several servers share, in place of one in `data`. */
  readonly files?: string;
  /** PEM file; without it the server makes and keeps its own. */
  readonly cert?: string;
  /** PEM file; defaults to the `-key.pem` beside `cert`, or the key inside it. */
  readonly key?: string;
  /** Address to listen on. Default: all of this machine. */
  readonly host?: string;
  /** 0 for any free port. Default 6697. */
  readonly port?: number;
  /** What join links name, HOST or HOST:PORT, where that is not an address of this machine. */
  readonly publicHost?: string;
  /** The chat's other servers, on the same database and with the same key: told to clients, and named in links. */
  readonly peerHosts?: readonly Endpoint[];
  /** Where webhooks are taken; default: nowhere. */
  readonly webhooks?: Endpoint;
  /** Where push notifications may go, `HOST[:PORT]` or `http://HOST[:PORT]`; default: nowhere. */
  readonly pushHosts?: readonly string[];
  /** Default `invite`. */
  readonly registration?: Registration;
  /** What people see the server called. Default: this machine's name. */
  readonly name?: string;
  /** Messages a second that one person may send; twice as many at once. Default 5. */
  readonly rate?: number;
  /** Connections from one address. Default 128. */
  readonly perAddress?: number;
  /** Addresses and CIDR ranges of balancers: connections from there begin with a PROXY header, version 2. */
  readonly proxyFrom?: readonly string[];
  /** Where metrics and health are served over HTTP, to everyone who can connect. Default: nowhere. */
  readonly metrics?: Endpoint;
  /** Who may create rooms: `members` (default) or `admins`. */
  readonly rooms?: 'members' | 'admins';
  /** Bytes of one file. Default 100 MiB. */
  readonly maxFile?: number;
  /** Bytes of all files of one account. Default 1 GiB, or ten times `maxFile` where that is more. */
  readonly quota?: number;
  /** People signed in at once; admins may exceed it. Default: any number. */
  readonly maxClients?: number;
  /** Text file with the message of the day; read again at a reload. */
  readonly motd?: string;
  /** What is kept of the history. Default: all of it. */
  readonly keep?: Retention;
  readonly log?: Log;
  /** The store failed; the server has been closed. */
  readonly onFailure?: (error: StoreError) => void;
}

/** All that settings say by themselves. @throws RangeError for a value that no option would take */
export function chatOptions(settings: ServerSettings): Omit<ChatServerOptions, 'keyPair' | 'links'> {
  const perSecond = settings.rate ?? limits.messagesPerSecond;
  return {
    ...(settings.host === undefined ? {} : { host: settings.host }),
    port: settings.port ?? defaultPort,
    perAddress: settings.perAddress ?? limits.connectionsPerAddress,
    proxies: (settings.proxyFrom ?? []).map(rangeOf),
    name: nameOf(settings),
    registration: settings.registration ?? 'invite',
    rooms: settings.rooms ?? 'members',
    files: fileLimits(settings),
    retention: settings.keep ?? {},
    ...pushHostsOf(settings),
    peers: (settings.peerHosts ?? []).map(formatEndpoint),
    ...(settings.maxClients === undefined ? {} : { maxClients: settings.maxClients }),
    rate: {
      burst: Math.max(1, Math.round((perSecond * limits.messageBurst) / limits.messagesPerSecond)),
      perSecond,
    },
  };
}

export function nameOf({ name = hostname() }: ServerSettings): string {
  return printable(name).slice(0, 64);
}

export function fileLimits({
  maxFile = limits.fileBytes,
  quota,
}: Pick<ServerSettings, 'maxFile' | 'quota'>): FileLimits {
  return { file: maxFile, account: quota ?? Math.max(limits.filesPerAccountBytes, 10 * maxFile) };
}

function rangeOf(text: string): AddressRange {
  const range = parseRange(text);
  if (range === undefined) throw new RangeError(`${text} is not an address or a range of addresses`);
  return range;
}

function pushHostsOf({ pushHosts: listed }: ServerSettings): Pick<ChatServerOptions, 'pushHosts'> {
  if (listed === undefined) return {};
  const pushHosts = parsePushHosts(listed);
  if (pushHosts === undefined) throw new RangeError('pushHosts: give HOST[:PORT] or http://HOST[:PORT]');
  return { pushHosts };
}
