/** Turns a path as people type it into a full path. Does not look at the disk. */
import { join, resolve } from 'node:path';

export interface PathBase {
  readonly home: string;
  /** The base of a relative path. */
  readonly folder: string;
}

/**
 * Expands `~` and drops surrounding spaces, one pair of quotes, and backslashes before spaces or quotes, which
 * terminals add when a file is dropped on them.
 */
export function typedPath(typed: string, { home, folder }: PathBase): string {
  const trimmed = typed.trim();
  const quoted = /^(['"])(.+)\1$/s.exec(trimmed)?.[2];
  const path = quoted ?? trimmed.replace(/\\([ '"()&])/g, '$1');
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : resolve(folder, path);
}
