/** A path as a person types it. Knows words, not what is there. */
import { join, resolve } from 'node:path';

export interface PathPlaces {
  readonly home: string;
  /** What a relative path is relative to. */
  readonly folder: string;
}

/**
 * The full path: spaces and one pair of quotes around it are no part of it, a backslash before a space or a
 * quote neither (terminals put them there when a file is dropped on them), and `~` is the home folder.
 */
export function typedPath(typed: string, { home, folder }: PathPlaces): string {
  const trimmed = typed.trim();
  const quoted = /^(['"])(.+)\1$/s.exec(trimmed)?.[2];
  const path = quoted ?? trimmed.replace(/\\([ '"()&])/g, '$1');
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : resolve(folder, path);
}
