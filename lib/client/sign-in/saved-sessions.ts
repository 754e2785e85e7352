/**
 * What is remembered of servers: the sessions that `--remember` saves, one file with one token per name, readable by its
 * owner alone; and the servers and names used last. Knows files, not what a token opens.
 */
import { createHash } from 'node:crypto';
import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parseName } from '../../protocol/names.js';
import { errorCode } from '../../system/disk-errors.js';
import { rewriteAtomically } from '../../system/shared-file.js';
import { type Endpoint, formatEndpoint, parseEndpoint } from '../../trust/endpoint.js';

/** By name, as `parseName` makes it. Each rejects with the system's error. */
export interface SavedSessions {
  /** The token; undefined where none is saved for the server's key, or a running program uses it. */
  find(name: string): Promise<string | undefined>;
  /** Whether one is saved, also for another key or in use. */
  exists(name: string): Promise<boolean>;
  /** Saves the newest token, marked as in use by this program. */
  save(name: string, token: string): Promise<void>;
  /** This program is done with the session it saved; the next one may use it. */
  release(): Promise<void>;
  drop(name: string): Promise<void>;
}

interface SavedSessionsDeps {
  /** Creates the folder where it is missing, with mode 0700. */
  readonly folder: () => Promise<string>;
  readonly server: Endpoint;
  /** Of the key that the server has shown; undefined before it has. A token is for the key it came from alone. */
  readonly pin: () => string | undefined;
  readonly pid: number;
  /** Whether a process of this id runs. Two programs with one token would end each other's sessions. */
  readonly running: (pid: number) => boolean;
}

interface SavedSession {
  readonly server: string;
  readonly pin: string;
  readonly name: string;
  readonly token: string;
  readonly usedBy?: number;
}

export function createSavedSessions(deps: SavedSessionsDeps): SavedSessions {
  const server = formatEndpoint(deps.server);
  let used: string | undefined;

  async function pathOf(name: string): Promise<string> {
    // Hashed, because a host and a name together can be longer than a file name may be.
    const id = createHash('sha256').update(`${server} ${name}`).digest('hex').slice(0, 32);
    return join(await deps.folder(), `${id}.json`);
  }
  async function read(name: string): Promise<SavedSession | undefined> {
    try {
      const saved: unknown = JSON.parse(await readFile(await pathOf(name), 'utf8'));
      return isSavedSession(saved) && saved.server === server && saved.name === name ? saved : undefined;
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
  async function write(saved: SavedSession): Promise<void> {
    // Its token is a secret, whatever mode the file was given.
    const modes = { mode: 0o600, widest: 0o700 };
    await rewriteAtomically(await pathOf(saved.name), `${JSON.stringify(saved)}\n`, modes);
  }

  return {
    async find(name) {
      const saved = await read(name);
      const pin = deps.pin();
      if (pin !== undefined && saved?.pin !== pin) return undefined;
      const usedBy = saved?.usedBy;
      if (usedBy !== undefined && usedBy !== deps.pid && deps.running(usedBy)) return undefined;
      return saved?.token;
    },
    exists: async (name) => (await read(name)) !== undefined,
    async save(name, token) {
      const pin = deps.pin();
      if (pin === undefined) throw new Error('the key that this token is for is not known');
      used = name;
      await write({ server, pin, name, token, usedBy: deps.pid });
    },
    async release() {
      if (used === undefined) return;
      const saved = await read(used);
      if (saved?.usedBy === deps.pid) await write({ server, pin: saved.pin, name: used, token: saved.token });
    },
    async drop(name) {
      await unlink(await pathOf(name)).catch((error) => {
        if (errorCode(error) !== 'ENOENT') throw error;
      });
    },
  };
}

function isSavedSession(value: unknown): value is SavedSession {
  if (typeof value !== 'object' || value === null) return false;
  const { server, pin, name, token, usedBy } = value as Record<string, unknown>;
  const texts = [server, pin, name, token].every((each) => typeof each === 'string');
  return texts && (usedBy === undefined || Number.isSafeInteger(usedBy));
}

export interface RecentServers {
  /** The server used last comes last. */
  servers(): Promise<readonly Endpoint[]>;
  /** The name used last on this server. */
  name(endpoint: Endpoint): Promise<string | undefined>;
  /** Whether the person answered that they do not want to stay signed in there. */
  declined(endpoint: Endpoint): Promise<boolean>;
  /** Also that, if given; else that stays as it is. Rejects with the system's error. */
  remember(endpoint: Endpoint, name: string, declined?: true): Promise<void>;
}

interface RecentServer {
  readonly server: string;
  readonly name: string;
  readonly declined?: true;
}

const serversKept = 100;

/** @param path of a file in an existing folder; a missing or damaged file counts as empty */
export function openRecentServers(path: string): RecentServers {
  // Oldest first.
  async function read(): Promise<Map<string, RecentServer>> {
    try {
      const kept: unknown = JSON.parse(await readFile(path, 'utf8'));
      return new Map((Array.isArray(kept) ? kept : []).filter(isEntry).map((entry) => [entry.server, entry]));
    } catch {
      return new Map();
    }
  }

  return {
    async servers() {
      const parsed = [...(await read()).keys()].map(parseEndpoint);
      return parsed.flatMap((each) => (each.ok ? [each.value] : []));
    },
    async name(endpoint) {
      const parsed = parseName((await read()).get(formatEndpoint(endpoint))?.name ?? '');
      return parsed.ok ? parsed.name : undefined;
    },
    async declined(endpoint) {
      return (await read()).get(formatEndpoint(endpoint))?.declined === true;
    },
    async remember(endpoint, name, answered) {
      const entries = await read();
      const server = formatEndpoint(endpoint);
      const declined = answered ?? entries.get(server)?.declined;
      entries.delete(server);
      const entry = { server, name, ...(declined && { declined }) };
      const list = [...[...entries.values()].slice(1 - serversKept), entry];
      await rewriteAtomically(path, `${JSON.stringify(list, undefined, 2)}\n`, { mode: 0o600 });
    },
  };
}

function isEntry(value: unknown): value is RecentServer {
  if (typeof value !== 'object' || value === null) return false;
  const { server, name } = value as Record<string, unknown>;
  return typeof server === 'string' && typeof name === 'string';
}
