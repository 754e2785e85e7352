/** What backups and restores that were killed left in a data folder. Knows their folders, not what is in them. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock } from '../store/sqlite/database.js';

const leftBehind = /^\.(?:backup|restore)-/;
/** No restore takes that long. */
const staleMs = 24 * 60 * 60_000;

/** Held by the backup that made the folder, until its process ends in whatever way. */
export function lockOf(staging: string): { release(): void } {
  return takeLock(join(staging, 'backup'));
}

/** Removes the folders of backups and restores that were killed. */
export async function removeLeftovers(data: string): Promise<void> {
  const old = await leftovers(data, staleMs);
  for (const name of await leftovers(data, 0)) {
    const folder = join(data, name);
    if (name.startsWith('.backup-') ? isDead(folder) : old.includes(name)) {
      // A folder of root's, say, disturbs nothing.
      await rm(folder, { recursive: true, force: true }).catch(() => {});
    }
  }
}

function isDead(staging: string): boolean {
  try {
    lockOf(staging).release();
    return true;
  } catch {
    return false;
  }
}

/** Folders of unfinished backups and restores that are older than this. */
export async function leftovers(data: string, ms: number): Promise<string[]> {
  const names = (await readdir(data)).filter((name) => leftBehind.test(name));
  const old = names.map(async (name) => {
    const about = await stat(join(data, name)).catch(() => undefined);
    return about !== undefined && (ms === 0 || Date.now() - about.mtimeMs > ms) ? [name] : [];
  });
  return (await Promise.all(old)).flat();
}
