/** Who else may read or change a file, by its mode. Knows no paths. */
import type { Stats } from 'node:fs';

// Windows has no mode bits: every file appears as 0666.
const hasModes = process.platform !== 'win32';

export function othersCanRead({ mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>): boolean {
  // A credential of systemd: a list names who else may read it, which shows as its group.
  if (uid === 0 && gid === 0 && (mode & 0o777) === 0o440) return false;
  return hasModes && (mode & 0o077) !== 0;
}

export function othersCanWrite({ mode }: Pick<Stats, 'mode'>): boolean {
  return hasModes && (mode & 0o022) !== 0;
}
