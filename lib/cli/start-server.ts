/**
 * A server on a data folder, whole: key pair, store, hasher, listener, control socket. The place where the
 * drivers are chosen; knows no command line and prints nothing.
 */
import { hostname, networkInterfaces } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/printable.js';
import type { Registration, Role } from '../protocol/records.js';
import { createHasher, type Hasher } from '../server/auth/hasher.js';
import { defaultInviteMs } from '../server/auth/invites.js';
import { type ChatServer, startChatServer } from '../server/chat-server.js';
import type { Retention } from '../server/files/cleanup.js';
import type { FileLimits } from '../server/files/offers.js';
import { type Log, silentLog } from '../server/log.js';
import { openControl } from '../server/operator/control-socket.js';
import { operatorCommands } from '../server/operator/operator-commands.js';
import { openFolderBlobs } from '../store/folder/blobs.js';
import { openSqliteStore } from '../store/sqlite/open.js';
import type { StoreError } from '../store/store.js';
import { backgroundClock } from '../system/clock.js';
import { canonicalHost, type Endpoint, parseEndpoint } from '../trust/endpoint.js';
import { formatJoinLink } from '../trust/join-link.js';
import { type KeyPair, loadKeyPair } from '../trust/key-pair.js';
import { machineHosts, usableAddresses } from '../trust/machine-addresses.js';
import { ensureKeyPair } from '../trust/renewal.js';
import { controlSocket, databaseFile, filesFolder } from './data-folder.js';
import { makeFolder } from './folders.js';
import { readMotd } from './motd.js';

export interface ServerSettings {
  /** Folder of the database, the files, the control socket and, without `cert`, the server's own key pair. */
  readonly data: string;
  /** PEM file; without it the server makes and keeps its own. */
  readonly cert?: string;
  /** PEM file; defaults to the `-key.pem` beside `cert`, or the key inside it. */
  readonly key?: string;
  /** Address to listen on; without it, all of this machine. */
  readonly host?: string;
  /** 0 for any free port. Default 6697. */
  readonly port?: number;
  /** What join links name, HOST or HOST:PORT, where that is not an address of this machine. */
  readonly publicHost?: string;
  /** Default `invite`. */
  readonly registration?: Registration;
  /** What people see the server called. Default: this machine's name. */
  readonly name?: string;
  /** Messages a second that one person may send; twice as many at once. Default 5. */
  readonly rate?: number;
  /** Connections of one address. Default 128. */
  readonly perAddress?: number;
  /** Who may make rooms: `members` (default) or `admins`. */
  readonly rooms?: 'members' | 'admins';
  /** Bytes of one file. Default 100 MiB. */
  readonly maxFile?: number;
  /** Bytes of all files of one account. Default 1 GiB, or ten times `maxFile` where that is more. */
  readonly quota?: number;
  /** Names that are here at once; admins come in beyond it. Default: any number. */
  readonly maxClients?: number;
  /** A text file that everybody who comes is shown; read again at a reload. */
  readonly motd?: string;
  /** What is kept of what was said; without it, all. */
  readonly keep?: Retention;
  readonly log?: Log;
  /** The store ended by itself; the server has been closed. */
  readonly onFailure?: (error: StoreError) => void;
}

export interface RunningServer {
  readonly address: Endpoint;
  readonly name: string;
  readonly data: string;
  readonly registration: Registration;
  /** What is kept of what was said; undefined for all. */
  readonly keep: Retention | undefined;
  /** The certificate that is served now. */
  readonly certificate: Pick<KeyPair, 'pin' | 'validTo' | 'hosts' | 'certFile'>;
  /** Names that are signed in. */
  readonly online: number;
  /** Makes an admin of the first person; undefined once there is an account. */
  readonly firstLink: string | undefined;
  /** Where others reach the server, the best first. Without a code: for those who have an account. */
  links(code?: string): string[];
  /** @returns the code of a new invite */
  invite(terms: { role?: Role; uses?: number; expiresMs?: number }): Promise<string>;
  /** Reads the key pair and the MOTD again. @throws CertificateError, Exit; what there was is served on */
  reload(): Promise<void>;
  /** Tells everybody, lets sends drain, closes. */
  close(): Promise<void>;
  /**
   * Closes the database alone, within 2 s, so that the process can be ended: while a thread of it is at work, an
   * exit aborts.
   */
  abandon(): Promise<void>;
}

const abandonMs = 2_000;

// Until there is an account; each start makes a new one anyway.
const firstInviteMs = 365 * 24 * 60 * 60_000;

/**
 * @throws CertificateError, StoreInUse, StoreError, ControlError, Exit (the folder), or the listener's error
 *   with a `code` (EADDRINUSE, EACCES, EADDRNOTAVAIL)
 */
export async function startServer(
  settings: ServerSettings,
  hasher: Hasher = createHasher(),
): Promise<RunningServer> {
  const { data, registration = 'invite', log = silentLog } = settings;
  const name = printable(settings.name ?? hostname()).slice(0, 64);
  await makeFolder(data);
  let keyPair = await readKeyPair(settings);
  let motd = await readMotd(settings.motd);
  // What has been opened is closed again, last first, at the end and where a later step fails.
  const opened: (() => Promise<void> | void)[] = [];
  let closing = Promise.resolve();
  function closeAll(): Promise<void> {
    // A second call waits for the first: nothing is closed under what still drains.
    closing = closing.then(async () => {
      for (let close = opened.pop(); close !== undefined; close = opened.pop()) await close();
    });
    return closing;
  }

  try {
    const store = await openSqliteStore({
      file: databaseFile(data),
      onFailure(error) {
        log.error('storage failed', error);
        void closeAll().then(() => settings.onFailure?.(error));
      },
    });
    opened.push(() => store.close());
    const blobs = await openFolderBlobs(filesFolder(data));
    opened.push(() => hasher.close());
    const perSecond = settings.rate ?? limits.messagesPerSecond;
    const chat = await startChatServer(
      {
        ...(settings.host === undefined ? {} : { host: settings.host }),
        port: settings.port ?? 6697,
        keyPair,
        perAddress: settings.perAddress ?? limits.connectionsPerAddress,
        name,
        registration,
        rooms: settings.rooms ?? 'members',
        files: fileLimits(settings),
        retention: settings.keep ?? {},
        links: (code) => links(code),
        ...(settings.maxClients === undefined ? {} : { maxClients: settings.maxClients }),
        motd: () => motd,
        rate: {
          burst: Math.max(1, Math.round((perSecond * limits.messageBurst) / limits.messagesPerSecond)),
          perSecond,
        },
      },
      { store, blobs, hasher, clock: backgroundClock, log },
    );
    opened.push(() => chat.close());

    function links(code?: string): string[] {
      const pin = keyPair.pin;
      const at = (endpoint: Endpoint) =>
        formatJoinLink({ ...endpoint, pin, ...(code === undefined ? {} : { code }) });
      return reachable(settings, chat.address.port).map(at);
    }
    const commands = new Map(operatorCommands(chat.app)).set('certificate', async () => {
      const { certFile, keyFile, validTo } = keyPair;
      return { certFile, keyFile, validTo: validTo.getTime() };
    });
    const control = await openControl(controlSocket(data), commands);
    opened.push(() => control.close());
    const first = (await store.countAccounts()) === 0 ? await firstInvite(chat) : undefined;

    return {
      address: chat.address,
      name,
      data,
      registration,
      keep: settings.keep,
      get online() {
        return chat.online;
      },
      get certificate() {
        return keyPair;
      },
      firstLink: first === undefined ? undefined : links(first)[0],
      links,
      invite({ role = 'member', uses = 1, expiresMs = defaultInviteMs }) {
        return chat.app.accounts.createInvite({ role, uses, expires: backgroundClock.now() + expiresMs });
      },
      async reload() {
        const next = await readKeyPair(settings);
        const said = await readMotd(settings.motd);
        chat.reload(next);
        keyPair = next;
        motd = said;
      },
      close: closeAll,
      async abandon() {
        // What fails now would not be told to anybody.
        await Promise.race([store.close().catch(() => {}), pause(abandonMs, undefined, { ref: false })]);
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
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

function firstInvite({ app: { accounts } }: ChatServer): Promise<string> {
  return accounts.createInvite({
    role: 'admin',
    uses: 1,
    expires: backgroundClock.now() + firstInviteMs,
    first: true,
  });
}

function thisMachine() {
  return { interfaces: networkInterfaces(), hostname: hostname() };
}

/** Where join links may point to, the best first. */
export function reachable(
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
