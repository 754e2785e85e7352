/** System errors: their codes, and these in words. Knows no file. */

/** The code of a system error, such as ENOENT; '' for any other error. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such folder',
  EISDIR: 'not a file',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'read-only file system',
  ENOSPC: 'the disk is full; free some space, then try again',
  EDQUOT: 'your disk quota is full; free some space, then try again',
  EFBIG: 'too large for this file system',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many symbolic links',
  EIO: 'disk I/O error',
};

/** The end of a sentence. @param code a system error code such as ENOENT, or Node's for an invalid path */
export function diskReason(code: string): string {
  if (code.startsWith('ERR_')) return 'not a valid file name';
  return reasons[code] ?? `system error ${code}`;
}
