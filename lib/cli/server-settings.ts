/** Settings of a server, and what its parts get from them. Knows neither spellings nor how a server starts. */
import { hostname } from 'node:os';
import { printable } from '../protocol/printable.js';
import type { ChatServerOptions } from '../server/chat-server.js';
import type { Log } from '../server/log.js';
import { type AddressRange, parseRange } from '../server/net/address.js';
import type { StoreError } from '../store/store.js';
import { defaultPort, type Endpoint, formatEndpoint } from '../trust/endpoint.js';
import type { ReloadableSettings } from './live-settings.js';

/** Settings of a server, as the options of `secure-chat server`. */
export interface ServerSettings extends ReloadableSettings {
  /** Folder of the database, the files, the control socket and, without `cert`, the server's own key pair. */
  readonly data: string;
  /** Address of a PostgreSQL database, in place of a file in `data`. */
  readonly database?: string;
  /** Folder of sent files that several servers share, in place of one in `data`. */
  readonly files?: string;
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
  /** What people see the server called. Default: this machine's name. */
  readonly name?: string;
  /** Addresses and CIDR ranges of balancers: connections from there begin with a PROXY header, version 2. */
  readonly proxyFrom?: readonly string[];
  /** Where metrics and health are served over HTTP, to everyone who can connect. Default: nowhere. */
  readonly metrics?: Endpoint;
  readonly log?: Log;
  /** The store failed; the server has been closed. */
  readonly onFailure?: (error: StoreError) => void;
}

/** What settings say that stays as it is. @throws RangeError for a value that no option would take */
export function chatOptions(settings: ServerSettings): Omit<ChatServerOptions, 'keyPair' | 'links' | 'live'> {
  return {
    ...(settings.host === undefined ? {} : { host: settings.host }),
    port: settings.port ?? defaultPort,
    proxies: (settings.proxyFrom ?? []).map(rangeOf),
    name: nameOf(settings),
    peers: (settings.peerHosts ?? []).map(formatEndpoint),
  };
}

export function nameOf({ name = hostname() }: ServerSettings): string {
  return printable(name).slice(0, 64);
}

function rangeOf(text: string): AddressRange {
  const range = parseRange(text);
  if (range === undefined) throw new RangeError(`${text} is not an address or a range of addresses`);
  return range;
}
