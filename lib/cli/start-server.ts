/**
 * Starts a server on a data folder: key pair, store, hasher, listener, control socket. Chooses the drivers; knows no
 * command line and prints nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { limits } from '../protocol/limits.js';
import type { Registration, Role } from '../protocol/records.js';
import type { LiveSettings } from '../server/app.js';
import { createHasher, type Hasher } from '../server/auth/hasher.js';
import { defaultInviteMs } from '../server/auth/invites.js';
import { type ChatServer, startChatServer } from '../server/chat-server.js';
import type { Retention } from '../server/files/cleanup.js';
import { silentLog } from '../server/log.js';
import type { Monitoring } from '../server/monitoring/monitoring.js';
import { openControl } from '../server/operator/control-socket.js';
import { operatorCommands } from '../server/operator/operator-commands.js';
import { openFolderBlobs } from '../store/folder/blobs.js';
import type { LoadingThread } from '../store/sql/thread.js';
import { openSqliteStore, type SqliteOptions } from '../store/sqlite/open.js';
import type { Store } from '../store/store.js';
import { backgroundClock } from '../system/clock.js';
import { type Endpoint, formatEndpoint } from '../trust/endpoint.js';
import { type KeyPair, loadKeyPair } from '../trust/key-pair.js';
import { machineHosts } from '../trust/machine-addresses.js';
import { ensureKeyPair } from '../trust/renewal.js';
import { Exit } from './command.js';
import { controlSocket, filesFolder, makeFolder, refuseOpenFolder, shareFiles } from './folders.js';
import { removeLeftovers } from './leftovers.js';
import { liveSettings, type ReloadableSettings } from './live-settings.js';
import { machineTime } from './machine-time.js';
import { readMotd } from './option-values.js';
import { joinLinks, reachable, thisMachine, webhookBase } from './server-links.js';
import { chatOptions, nameOf, type ServerSettings } from './server-settings.js';
import { openServerStore } from './server-store.js';
import { listenReason } from './start-failure.js';

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
  /**
   * Reads the key pair and the MOTD again.
   * @param settings replace those of before, with defaults for what is left out; default: as before
   * @throws CertificateError, Exit, RangeError; nothing has changed then
   */
  reload(settings?: ReloadableSettings): Promise<void>;
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

/** As startServer. @param writer the thread for a database file, if it was started before; may go on where the start fails */
export function startServerOn(
  writer: LoadingThread | undefined,
  settings: ServerSettings,
): Promise<RunningServer> {
  const hasher = createHasher(settings.log === undefined ? {} : { log: settings.log });
  return startServerWith({ hasher, openStore: (options) => openSqliteStore(options, writer) }, settings);
}

interface ServerDrivers {
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
  const live = liveSettings(settings, await readMotd(settings.motd));
  const current: Current = { keyPair: await readKeyPair(settings), live, settings };
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
      ...chatOptions(settings),
      ...{ keyPair: current.keyPair, live },
      ...{ links, notices, timekeeping: machineTime(data) },
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
    const facts = { database: place, metrics: monitoring?.address, firstLink, links };
    return runningServer(settings, { current, chat, store, closing, ...facts });
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
    const why = listenReason(cause);
    const message = `Cannot serve metrics on ${where}: ${why}. Choose another address or port with --metrics.`;
    throw new Exit('configuration', message, { cause });
  }
}

/** Read at start and at each reload. */
interface Current {
  keyPair: KeyPair;
  settings: ReloadableSettings;
  /** Stays the same object. */
  readonly live: LiveSettings;
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

interface Running extends Pick<RunningServer, 'database' | 'metrics' | 'firstLink' | 'links'> {
  readonly current: Current;
  readonly chat: ChatServer;
  readonly store: Store;
  readonly closing: CloseList;
}

function runningServer(
  settings: ServerSettings,
  { current, chat, store, closing, ...facts }: Running,
): RunningServer {
  return {
    address: chat.address,
    name: nameOf(settings),
    data: settings.data,
    get registration() {
      return current.live.registration;
    },
    webhooks: settings.webhooks && new URL(webhookBase(settings, chat.webhookPort)).origin,
    get keep() {
      return current.settings.keep;
    },
    get online() {
      return chat.online;
    },
    get certificate() {
      return current.keyPair;
    },
    ...facts,
    invite({ role = 'member', uses = 1, expiresMs = defaultInviteMs }) {
      return chat.app.invites.issue({ role, uses, expires: backgroundClock.now() + expiresMs });
    },
    async reload(given = current.settings) {
      const { cert, key, motd } = given;
      const { data, publicHost } = settings;
      const keyPair = await readKeyPair({ data, publicHost, cert, key });
      const live = liveSettings(given, await readMotd(motd));
      chat.reload(keyPair);
      Object.assign(current.live, live);
      Object.assign(current, { keyPair, settings: given });
    },
    close: closing.close,
    async abandon() {
      // An error now would reach no one.
      await Promise.race([store.close().catch(() => {}), pause(limits.abandonMs, undefined, { ref: false })]);
    },
  };
}

interface KeyPairPlace {
  readonly data: string;
  readonly publicHost?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

function readKeyPair({ cert, key, data, publicHost }: KeyPairPlace): Promise<KeyPair> {
  const now = backgroundClock.now();
  if (cert === undefined) {
    const [reached] = publicHost === undefined ? [] : reachable({ publicHost }, 0);
    const hosts = machineHosts(thisMachine());
    return ensureKeyPair({ folder: data, hosts, publicHost: reached?.host, now });
  }
  return loadKeyPair({ cert, now, ...(key === undefined ? {} : { key }) });
}

async function firstInvite({ app: { invites } }: ChatServer, { peering }: Store): Promise<string> {
  const others = ((await peering?.look()) ?? []).filter(({ server }) => server !== peering?.server);
  return invites.issue({
    besideOthers: others.some(({ serves }) => serves === 1),
    role: 'admin',
    uses: 1,
    expires: backgroundClock.now() + firstInviteMs,
    first: true,
  });
}
