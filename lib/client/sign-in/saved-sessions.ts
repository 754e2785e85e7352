/**
 * Sessions that `--remember` keeps: one file with one token for a server and a name, readable by its owner
 * alone. Knows files, not what a token opens.
 */
import { createHash } from 'node:crypto';
import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, writeAtomically } from '../../system/atomic-file.js';
import { type Endpoint, formatEndpoint } from '../../trust/endpoint.js';

export interface SavedSession {
  /** The token; undefined where none is kept, or a running program uses it. */
  find(): Promise<string | undefined>;
  /** Keeps the newest token, marked as in use by this program. Rejects with the system's error. */
  keep(token: string): Promise<void>;
  /** This program is done with it; the next one may use it. */
  release(): Promise<void>;
  drop(): Promise<void>;
}

export interface SavedSessionDeps {
  /** An existing folder with mode 0700. */
  readonly folder: string;
  readonly pid: number;
  /** Whether a process of this id runs. Two programs with one token would end each other's sessions. */
  readonly running: (pid: number) => boolean;
}

interface Kept {
  readonly server: string;
  readonly name: string;
  readonly token: string;
  readonly usedBy?: number;
}

/** @param name as `parseName` makes it */
export function openSavedSession(deps: SavedSessionDeps, endpoint: Endpoint, name: string): SavedSession {
  const server = formatEndpoint(endpoint);
  // Hashed, for a host and a name together can be longer than a file's name may be.
  const id = createHash('sha256').update(`${server} ${name}`).digest('hex').slice(0, 32);
  const path = join(deps.folder, `${id}.json`);

  async function read(): Promise<Kept | undefined> {
    try {
      const kept: unknown = JSON.parse(await readFile(path, 'utf8'));
      return isKept(kept) && kept.server === server && kept.name === name ? kept : undefined;
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  function write(kept: Kept): Promise<void> {
    return writeAtomically(path, `${JSON.stringify(kept)}\n`, 0o600);
  }

  return {
    async find() {
      const kept = await read();
      const usedBy = kept?.usedBy;
      if (usedBy !== undefined && usedBy !== deps.pid && deps.running(usedBy)) return undefined;
      return kept?.token;
    },
    keep(token) {
      return write({ server, name, token, usedBy: deps.pid });
    },
    async release() {
      const kept = await read();
      if (kept?.usedBy === deps.pid) await write({ server, name, token: kept.token });
    },
    async drop() {
      await unlink(path).catch((error) => {
        if (errorCode(error) !== 'ENOENT') throw error;
      });
    },
  };
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const { server, name, token, usedBy } = value as Record<string, unknown>;
  const texts = [server, name, token].every((each) => typeof each === 'string');
  return texts && (usedBy === undefined || Number.isSafeInteger(usedBy));
}
