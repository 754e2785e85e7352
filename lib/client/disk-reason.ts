/** Why the system did not let a file be read or written, in words. Knows codes, not files. */
import { errorCode } from '../trust/atomic-file.js';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'that is a folder',
  EACCES: 'you may not do that there',
  EPERM: 'you may not do that there',
  EROFS: 'nothing can be written there',
  ENOSPC: 'the disk is full; make room, then try again',
  EDQUOT: 'your share of the disk is full; make room, then try again',
  EFBIG: 'it is larger than files may be there',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'it is a link to itself',
  EIO: 'the disk does not work',
};

/** The end of a sentence; undefined where the error is none of the system's. */
export function diskReason(error: unknown): string | undefined {
  const code = errorCode(error);
  if (code === '') return undefined;
  if (code.startsWith('ERR_')) return 'a file cannot have that name';
  return reasons[code] ?? `the system says ${code}`;
}
