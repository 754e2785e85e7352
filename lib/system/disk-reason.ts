/** Why the system did not let a file be read or written, in words. Knows codes, not files. */

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'that is not a file',
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

/** The end of a sentence. @param code the system's, such as ENOENT, or that of Node for what no file can have */
export function diskReason(code: string): string {
  if (code.startsWith('ERR_')) return 'a file cannot have that name';
  return reasons[code] ?? `the system says ${code}`;
}
