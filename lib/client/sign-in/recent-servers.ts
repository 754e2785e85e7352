/** The servers and names used last, as defaults for questions. Holds no secrets. */
import { readFile } from 'node:fs/promises';
import { parseName } from '../../protocol/names.js';
import { writeAtomically } from '../../system/atomic-file.js';
import { type Endpoint, formatEndpoint, parseEndpoint } from '../../trust/endpoint.js';

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
      await writeAtomically(path, `${JSON.stringify(list, undefined, 2)}\n`, 0o600);
    },
  };
}

function isEntry(value: unknown): value is { server: string; name: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { server, name } = value as Record<string, unknown>;
  return typeof server === 'string' && typeof name === 'string';
}
