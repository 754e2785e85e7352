/** What backups and restores that were killed left in a data folder and beside it. Knows their folders, not what is in them. */
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { lockFile } from '../store/sqlite/last-entry.js';

const lockName = 'backup';

/** In the folder that is locked. */
export const stagingLock = lockFile(lockName);

/** Held by the backup or restore that made the folder, until its process ends in whatever way. */
export async function lockOf(staging: string): Promise<{ release(): void }> {
  // Rarely needed at the start of a server, and the only reason to load SQLite there.
  const { takeLock } = await import('../store/sqlite/database.js');
  return takeLock(join(staging, lockName));
}

/** The beginning of the name of a folder beside the data folder, into which that is restored. */
export function besideName(data: string): string {
  return `.${basename(data)}.restore-`;
}

/** Removes the folders of backups and restores that were killed. */
export async function removeLeftovers(data: string): Promise<void> {
  const parent = dirname(data);
  const beside = (await namesIn(parent)).filter((name) => name.startsWith(besideName(data)));
  for (const folder of [...(await unfinished(data)), ...beside.map((name) => join(parent, name))]) {
    // A folder of root's, say, disturbs nothing.
    if (await isDead(folder)) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

async function isDead(staging: string): Promise<boolean> {
  try {
    (await lockOf(staging)).release();
    return true;
  } catch {
    return false;
  }
}

/** Names in a data folder of unfinished backups and restores that are older than this. */
export async function leftovers(data: string, ms: number): Promise<string[]> {
  const old = (await unfinished(data)).map(async (folder) => {
    const about = await stat(folder).catch(() => undefined);
    return about !== undefined && Date.now() - about.mtimeMs > ms ? [basename(folder)] : [];
  });
  return (await Promise.all(old)).flat();
}

async function unfinished(data: string): Promise<string[]> {
  const names = (await namesIn(data)).filter((name) => /^\.(?:backup|restore)-/.test(name));
  return names.map((name) => join(data, name));
}

/** None where it is missing, or not to be read. */
function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
