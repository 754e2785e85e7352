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
  /** The server used last. */
  server(): Promise<Endpoint | undefined>;
  /** The name used last on this server. */
  name(endpoint: Endpoint): Promise<string | undefined>;
  /** Rejects with the system's error. */
  remember(endpoint: Endpoint, name: string): Promise<void>;
}

const serversKept = 100;

/** @param path of a file in an existing folder; a missing or damaged file counts as empty */
export function openRecentServers(path: string): RecentServers {
  // Oldest first.
  async function read(): Promise<Map<string, string>> {
    try {
      const kept: unknown = JSON.parse(await readFile(path, 'utf8'));
      if (!Array.isArray(kept)) return new Map();
      return new Map(kept.flatMap((entry) => (isEntry(entry) ? [[entry.server, entry.name]] : [])));
    } catch {
      return new Map();
    }
  }

  return {
    async server() {
      const last = [...(await read()).keys()].at(-1);
      const parsed = last === undefined ? undefined : parseEndpoint(last);
      return parsed?.ok ? parsed.value : undefined;
    },
    async name(endpoint) {
      const parsed = parseName((await read()).get(formatEndpoint(endpoint)) ?? '');
      return parsed.ok ? parsed.name : undefined;
    },
    async remember(endpoint, name) {
      const entries = await read();
      const server = formatEndpoint(endpoint);
      entries.delete(server);
      const kept = [...[...entries].slice(1 - serversKept), [server, name] as const];
      const list = kept.map(([server, name]) => ({ server, name }));
      await rewriteAtomically(path, `${JSON.stringify(list, undefined, 2)}\n`, { mode: 0o600 });
    },
  };
}

function isEntry(value: unknown): value is { server: string; name: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { server, name } = value as Record<string, unknown>;
  return typeof server === 'string' && typeof name === 'string';
}
