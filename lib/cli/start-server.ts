/**
 * Starts a server on a data folder: key pair, store, hasher, listener, control socket. Chooses the drivers; knows no
 * command line and prints nothing.
 */
import { constants, hostname, networkInterfaces } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/printable.js';
import type { Registration, Role } from '../protocol/records.js';
import { createHasher, type Hasher } from '../server/auth/hasher.js';
import { defaultInviteMs } from '../server/auth/invites.js';
import { type ChatServer, type ChatServerOptions, startChatServer } from '../server/chat-server.js';
import type { Retention } from '../server/files/cleanup.js';
import type { FileLimits } from '../server/files/offers.js';
import { type Log, silentLog } from '../server/log.js';
import type { Monitoring } from '../server/monitoring/monitoring.js';
import { type AddressRange, parseRange } from '../server/net/address.js';
import { ControlError, openControl } from '../server/operator/control-socket.js';
import { operatorCommands } from '../server/operator/operator-commands.js';
import { parsePushHosts } from '../server/push/push-hosts.js';
import { webhookPath } from '../server/webhooks/webhook-listener.js';
import { BlobError } from '../store/blobs.js';
import { openFolderBlobs } from '../store/folder/blobs.js';
import type { LoadingThread } from '../store/sql/thread.js';
import { openSqliteStore, type SqliteOptions } from '../store/sqlite/open.js';
import { type Store, StoreError, StoreInUse } from '../store/store.js';
import { backgroundClock } from '../system/clock.js';
import { errorCode } from '../system/disk-errors.js';
import {
  canonicalHost,
  defaultPort,
  type Endpoint,
  formatEndpoint,
  formatHost,
  formatJoinLink,
  parseEndpoint,
  uniqueEndpoints,
} from '../trust/endpoint.js';
import { CertificateError, type KeyPair, loadKeyPair } from '../trust/key-pair.js';
import { machineHosts, usableAddresses } from '../trust/machine-addresses.js';
import { ensureKeyPair } from '../trust/renewal.js';
import { Exit } from './command.js';
import { controlSocket, filesFolder, makeFolder, refuseOpenFolder, shareFiles } from './folders.js';
import { removeLeftovers } from './leftovers.js';
import { machineTime } from './machine-time.js';
import { readMotd } from './option-values.js';
import { openServerStore } from './server-store.js';

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

/** A server that is listening. */
export interface RunningServer {
  readonly address: Endpoint;
  readonly name: string;
  readonly data: string;
  /** Without user and password; undefined for a file in `data`. */
  readonly database: string | undefined;
  readonly registration: Registration;
  /** What is kept of the history; undefined for all of it. */
  readonly keep: Retention | undefined;
  /** Where metrics are served. */
  readonly metrics: Endpoint | undefined;
  /** Where webhooks are taken, `https://HOST:PORT`; undefined for nowhere. */
  readonly webhooks: string | undefined;
  /** The certificate in use. */
  readonly certificate: Pick<KeyPair, 'pin' | 'validTo' | 'hosts' | 'certFile'>;
  /** People signed in. */
  readonly online: number;
  /** Makes a new account the admin; undefined once there is one. */
  readonly firstLink: string | undefined;
  /** Join links by each address of the server, the best first. Without a code: to sign in with an account. */
  links(code?: string): string[];
  /** @returns the code of a new invite */
  invite(terms: { role?: Role; uses?: number; expiresMs?: number }): Promise<string>;
  /** Reads the key pair and the MOTD again. @throws CertificateError, Exit; the old ones then stay in use */
  reload(): Promise<void>;
  /** Notifies clients, lets sends drain, closes. */
  close(): Promise<void>;
  /**
   * Closes only the database, within `limits.abandonMs`, so that the process can exit: exiting while its thread works aborts.
   */
  abandon(): Promise<void>;
}

// Until there is an admin; each start creates a new one anyway.
const firstInviteMs = 365 * 24 * 60 * 60_000;

/**
 * Starts a server in this process.
 * @throws CertificateError, StoreInUse, StoreError, ControlError, Exit (the folder), or the listener's error
 *   with a `code` (EADDRINUSE, EACCES, EADDRNOTAVAIL)
 */
export function startServer(settings: ServerSettings): Promise<RunningServer> {
  return startServerOn(undefined, settings);
}

/** As startServer. @param writer the thread for a database file, if it was started before; it ends where the start fails */
export async function startServerOn(
  writer: LoadingThread | undefined,
  settings: ServerSettings,
): Promise<RunningServer> {
  const hasher = createHasher(settings.log === undefined ? {} : { log: settings.log });
  const openStore = (options: SqliteOptions) => openSqliteStore(options, writer);
  try {
    return await startServerWith({ hasher, openStore }, settings);
  } catch (error) {
    await writer?.close();
    throw error;
  }
}

export interface ServerDrivers {
  readonly hasher: Hasher;
  readonly openStore: (options: SqliteOptions) => Promise<Store>;
}

/** As startServer, with these drivers. */
export async function startServerWith(
  { hasher, openStore }: ServerDrivers,
  settings: ServerSettings,
): Promise<RunningServer> {
  const { data, log = silentLog, onFailure } = settings;
  await makeFolder(data);
  await refuseOpenFolder(data);
  if (settings.files !== undefined) await shareFiles(data, settings.files);
  const current: Current = { keyPair: await readKeyPair(settings), motd: await readMotd(settings.motd) };
  const closing = createCloseList();
  try {
    const monitoring = await openMonitoringAt(settings);
    if (monitoring !== undefined) closing.add(monitoring.close);
    const { store, place, notices, small } = await openServerStore(settings, openStore, (error) => {
      log.error('storage failed', error);
      void closing.close().then(() => onFailure?.(error));
    });
    closing.add(() => store.close());
    closing.add(() => hasher.close());
    await removeLeftovers(data);
    for (const notice of notices) log.error('data lost', new Error(notice));
    const blobs = await openFolderBlobs(filesFolder(data));
    const links = (code?: string) =>
      joinLinks(settings, { pin: current.keyPair.pin, port: chat.address.port, code });
    const options = {
      ...{ ...chatOptions(settings, current, links), notices, timekeeping: machineTime(data) },
      ...(settings.webhooks !== undefined && {
        webhooks: settings.webhooks,
        webhookUrl: (secret: string) => `${webhookBase(settings, chat.webhookPort)}${secret}`,
      }),
    };
    const chat = await startChatServer(options, { store, blobs, hasher, clock: backgroundClock, log });
    closing.add(() => chat.close());
    monitoring?.watch({
      ...{ server: chat, unready: chat.unready },
      certificateEnd: () => current.keyPair.validTo.getTime(),
    });
    const commands = new Map(operatorCommands(chat.app)).set('certificate', async () => {
      const { certFile, keyFile, validTo } = current.keyPair;
      return { certFile, keyFile, validTo: validTo.getTime(), unready: await chat.unready() };
    });
    const control = await openControl(controlSocket(data), commands);
    closing.add(() => control.close());
    if (small) void chat.app.notices.check();
    const first = (await store.hasAdmin()) ? undefined : await firstInvite(chat, store);
    const firstLink = first === undefined ? undefined : links(first)[0];
    const metrics = monitoring?.address;
    return runningServer(settings, { current, chat, store, place, closing, links, firstLink, metrics });
  } catch (error) {
    await closing.close();
    throw error;
  }
}

/** What it needs is loaded only for it. @throws Exit if it can't listen there */
async function openMonitoringAt({
  metrics,
  log = silentLog,
}: ServerSettings): Promise<Monitoring | undefined> {
  if (metrics === undefined) return undefined;
  const { openMonitoring } = await import('../server/monitoring/monitoring.js');
  try {
    const opened = await openMonitoring(metrics, { log, clock: backgroundClock });
    log.info('serving metrics', opened.address);
    return opened;
  } catch (cause) {
    const where = formatEndpoint(metrics);
    const message = `Cannot serve metrics on ${where} (${errorCode(cause)}). Choose another address with --metrics.`;
    throw new Exit('configuration', message, { cause });
  }
}

function rangeOf(text: string): AddressRange {
  const range = parseRange(text);
  if (range === undefined) throw new RangeError(`${text} is not an address or a range of addresses`);
  return range;
}

/** Read at start and at each reload. */
interface Current {
  keyPair: KeyPair;
  motd: string | undefined;
}

/** What was opened, to be closed last first: at the end, or where a later step fails. */
interface CloseList {
  add(close: () => Promise<void> | void): void;
  /** A second call waits for the first: nothing is closed under what still drains. */
  close(): Promise<void>;
}

function createCloseList(): CloseList {
  const opened: (() => Promise<void> | void)[] = [];
  let closing = Promise.resolve();
  return {
    add: (close) => void opened.push(close),
    close() {
      closing = closing.then(async () => {
        for (let close = opened.pop(); close !== undefined; close = opened.pop()) await close();
      });
      return closing;
    },
  };
}

function chatOptions(
  settings: ServerSettings,
  current: Current,
  links: (code: string) => string[],
): ChatServerOptions {
  const perSecond = settings.rate ?? limits.messagesPerSecond;
  return {
    ...(settings.host === undefined ? {} : { host: settings.host }),
    port: settings.port ?? defaultPort,
    keyPair: current.keyPair,
    perAddress: settings.perAddress ?? limits.connectionsPerAddress,
    proxies: (settings.proxyFrom ?? []).map(rangeOf),
    name: nameOf(settings),
    registration: settings.registration ?? 'invite',
    rooms: settings.rooms ?? 'members',
    files: fileLimits(settings),
    retention: settings.keep ?? {},
    links,
    ...pushHostsOf(settings),
    peers: (settings.peerHosts ?? []).map(formatEndpoint),
    ...(settings.maxClients === undefined ? {} : { maxClients: settings.maxClients }),
    motd: () => current.motd,
    rate: {
      burst: Math.max(1, Math.round((perSecond * limits.messageBurst) / limits.messagesPerSecond)),
      perSecond,
    },
  };
}

interface Running {
  readonly current: Current;
  readonly chat: ChatServer;
  readonly store: Store;
  readonly place: string | undefined;
  readonly closing: CloseList;
  readonly links: (code?: string) => string[];
  readonly firstLink: string | undefined;
  readonly metrics: Endpoint | undefined;
}

function runningServer(
  settings: ServerSettings,
  { current, chat, store, place, closing, links, firstLink, metrics }: Running,
): RunningServer {
  return {
    address: chat.address,
    name: nameOf(settings),
    data: settings.data,
    database: place,
    registration: settings.registration ?? 'invite',
    webhooks: settings.webhooks && new URL(webhookBase(settings, chat.webhookPort)).origin,
    keep: settings.keep,
    get online() {
      return chat.online;
    },
    get certificate() {
      return current.keyPair;
    },
    ...{ metrics, firstLink, links },
    invite({ role = 'member', uses = 1, expiresMs = defaultInviteMs }) {
      return chat.app.accounts.createInvite({ role, uses, expires: backgroundClock.now() + expiresMs });
    },
    async reload() {
      const keyPair = await readKeyPair(settings);
      const motd = await readMotd(settings.motd);
      chat.reload(keyPair);
      Object.assign(current, { keyPair, motd });
    },
    close: closing.close,
    async abandon() {
      // An error now would reach no one.
      await Promise.race([store.close().catch(() => {}), pause(limits.abandonMs, undefined, { ref: false })]);
    },
  };
}

function pushHostsOf({ pushHosts: listed }: ServerSettings): Pick<ChatServerOptions, 'pushHosts'> {
  if (listed === undefined) return {};
  const pushHosts = parsePushHosts(listed);
  if (pushHosts === undefined) throw new RangeError('pushHosts: give HOST[:PORT] or http://HOST[:PORT]');
  return { pushHosts };
}

/** What a secret is appended to. */
function webhookBase({ publicHost, webhooks }: ServerSettings, port = webhooks?.port ?? 0): string {
  const [best] = reachable(
    { ...(publicHost && { publicHost }), ...(webhooks && { host: webhooks.host }) },
    port,
  );
  const { host } = best ?? { host: hostname() };
  return `https://${formatHost(host)}:${port}${webhookPath}`;
}

function nameOf({ name = hostname() }: ServerSettings): string {
  return printable(name).slice(0, 64);
}

/** By each address of the server, the best first; each also names other servers of the chat. */
export function joinLinks(
  settings: Pick<ServerSettings, 'publicHost' | 'host' | 'peerHosts'>,
  { pin, port, code }: { pin: string; port: number; code?: string | undefined },
): string[] {
  const { peerHosts = [] } = settings;
  return reachable(settings, port).map((endpoint) => {
    const [, ...others] = uniqueEndpoints([endpoint, ...peerHosts]).slice(0, limits.linkHosts);
    return formatJoinLink({ ...endpoint, others, pin, ...(code === undefined ? {} : { code }) });
  });
}

export function fileLimits({
  maxFile = limits.fileBytes,
  quota,
}: Pick<ServerSettings, 'maxFile' | 'quota'>): FileLimits {
  return { file: maxFile, account: quota ?? Math.max(limits.filesPerAccountBytes, 10 * maxFile) };
}

function readKeyPair({ cert, key, data }: ServerSettings): Promise<KeyPair> {
  const now = backgroundClock.now();
  if (cert === undefined) return ensureKeyPair({ folder: data, hosts: machineHosts(thisMachine()), now });
  return loadKeyPair({ cert, now, ...(key === undefined ? {} : { key }) });
}

async function firstInvite({ app: { accounts } }: ChatServer, { peering }: Store): Promise<string> {
  const others = ((await peering?.look()) ?? []).filter(({ server }) => server !== peering?.server);
  return accounts.createInvite({
    besideOthers: others.some(({ serves }) => serves === 1),
    role: 'admin',
    uses: 1,
    expires: backgroundClock.now() + firstInviteMs,
    first: true,
  });
}

function thisMachine() {
  return { interfaces: networkInterfaces(), hostname: hostname() };
}

/** Where join links can point, the best first. */
function reachable(
  { publicHost, host }: Pick<ServerSettings, 'publicHost' | 'host'>,
  port: number,
): Endpoint[] {
  if (publicHost !== undefined) {
    const bare = canonicalHost(publicHost);
    if (bare !== undefined) return [{ host: bare, port }];
    const parsed = parseEndpoint(publicHost);
    if (!parsed.ok) throw new RangeError(parsed.message);
    return [parsed.value];
  }
  if (host !== undefined && host !== '::' && host !== '0.0.0.0') return [{ host, port }];
  return usableAddresses(thisMachine())
    .filter((address) => host !== '0.0.0.0' || !address.includes(':'))
    .map((address) => ({ host: address, port }));
}

/** The exit, with one line that says what to do; other errors are returned as they are. */
export function startFailure(
  error: unknown,
  {
    port,
    host,
    data,
    database,
    webhooks,
  }: Pick<ServerSettings, 'port' | 'host' | 'data' | 'webhooks'> & {
    readonly database?: string | undefined;
  },
): unknown {
  if (error instanceof CertificateError || error instanceof ControlError) {
    return new Exit('configuration', error.message, { cause: error });
  }
  if (error instanceof StoreInUse && database !== undefined) {
    return new Exit('configuration', error.message, { cause: error });
  }
  if (error instanceof StoreInUse) {
    const message = `Another server or operator command is using ${data}. Stop it, or choose another folder with --data.`;
    return new Exit('configuration', message, { cause: error });
  }
  if (error instanceof BlobError) {
    const message = `Cannot use the files folder in ${data}: ${causeOf(error)}. Check its permissions and disk.`;
    return new Exit('io', message, { cause: error });
  }
  if (error instanceof StoreError) return new Exit('io', error.message, { cause: error });
  if (!(error instanceof Error) || !('code' in error)) return error;
  const configuration = (message: string) => new Exit('configuration', message, { cause: error });
  if (webhooks !== undefined && 'port' in error && error.port === webhooks.port && error.port !== port) {
    return configuration(
      `Cannot take webhooks: ${error.message}. Choose another address or port with --webhooks.`,
    );
  }
  switch (error.code) {
    case 'EADDRINUSE':
      return configuration(
        `Port ${port} is in use. Stop the other program, or choose another port with --port.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return configuration(`${host} is not an address of this machine. Choose another --host, or omit it.`);
    case 'EMFILE':
    case 'ENFILE':
      return new Exit('io', `Too many open files. ${filesAdvice}`, { cause: error });
    case 'EACCES':
      return 'syscall' in error && error.syscall === 'listen'
        ? configuration(`No permission to listen on port ${port}. Choose 1024 or above with --port.`)
        : new Exit('io', `Cannot write to ${data}: ${error.message}. Choose another folder with --data.`);
    default:
      return String(error.code) in constants.errno
        ? new Exit('io', `Cannot start the server: ${error.message}.`, { cause: error })
        : error;
  }
}

const filesAdvice =
  'A server needs about 200, and one for each connection. Allow more (ulimit -n 1024, LimitNOFILE= in its systemd unit).';

function causeOf({ cause, message }: Error): string {
  return cause instanceof Error ? cause.message : message;
}
