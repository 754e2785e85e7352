/** The sessions that `--remember` keeps for one server. Knows this process and where its complaints go. */
import { openSavedSession } from '../client/sign-in/saved-sessions.js';
import { printable } from '../protocol/printable.js';
import type { Endpoint } from '../trust/endpoint.js';
import { makeFolder } from './folders.js';
import type { Io } from './io.js';

/** By name. */
export interface Keeper {
  find(name: string): Promise<string | undefined>;
  drop(name: string): Promise<void>;
  keep(name: string, token: string): Promise<void>;
  release(): Promise<void>;
}

export interface KeeperDeps {
  /** Made where it is missing. */
  readonly folder: string;
  readonly server: Endpoint;
  readonly io: Pick<Io, 'stderr'>;
}

export function createKeeper({ folder, server, io }: KeeperDeps): Keeper {
  let used: string | undefined;
  let warned = false;
  async function of(name: string) {
    const deps = { folder: await makeFolder(folder), pid: process.pid, running: isRunning };
    return openSavedSession(deps, server, name);
  }
  return {
    find: async (name) => (await of(name)).find(),
    drop: async (name) => (await of(name)).drop(),
    // A session that cannot be kept is a session all the same.
    async keep(name, token) {
      used = name;
      try {
        await (await of(name)).keep(token);
      } catch (error) {
        if (!warned) warn(io, 'The session is not kept', error);
        warned = true;
      }
    },
    async release() {
      if (used === undefined) return;
      await (await of(used)).release().catch((error) => warn(io, 'The session is not kept', error));
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Tells of something that failed and that one can do without. */
export function warn({ stderr }: Pick<Io, 'stderr'>, what: string, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  stderr.write(`secure-chat: ${what}: ${printable(why)}\n`);
}
