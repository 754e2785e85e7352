/** Where a file that somebody sent is put. Knows paths and folders, not bytes. */
import { lstat, mkdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { printable } from '../../protocol/printable.js';
import { errorCode } from '../../system/atomic-file.js';
import { type PathBase, typedPath } from '../../system/typed-path.js';
import { diskTrouble, Refusal } from './trouble.js';

export interface TargetPlaces extends PathBase {
  /** Where it goes when nothing was said. */
  readonly downloads: string;
}

export interface Target {
  readonly folder: string;
  /** Where a file was named; the file's own, made harmless, else. */
  readonly name: string | undefined;
}

/**
 * A folder that is there stands for a place in it; the folders on the way may be links.
 * @throws Refusal where there is something of that name, or no folder for it
 */
export async function findTarget(typed: string | undefined, places: TargetPlaces): Promise<Target> {
  if (typed === undefined) {
    const folder = places.downloads;
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => {
      throw diskTrouble(folder, error);
    });
    return { folder, name: undefined };
  }
  const path = typedPath(typed, places);
  if (await isFolder(path)) return { folder: path, name: undefined };
  if (await isThere(path)) {
    throw new Refusal(`there is ${printable(path)} already, and nothing is replaced; say another name`);
  }
  const folder = /[/\\]['"]?\s*$/.test(typed) ? path : dirname(path);
  if (!(await isFolder(folder))) {
    throw new Refusal(`there is no folder ${printable(folder)}; make it first, or say another one`);
  }
  return { folder, name: basename(path) };
}

async function isFolder(path: string): Promise<boolean> {
  return found(path, async () => (await stat(path)).isDirectory());
}

/** Also true for a link that leads nowhere. */
async function isThere(path: string): Promise<boolean> {
  return found(path, async () => (await lstat(path)) !== undefined);
}

async function found(path: string, look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return false;
    throw diskTrouble(path, error);
  }
}
