/** Names of files as strangers give them, made harmless. Knows words, not folders. */
import { cut } from './cut.js';
import { limits } from './limits.js';
import { printable } from './printable.js';

// Windows gives these to devices, with any ending.
const devices = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
/** Also for the ` (2)` that a second file of the name gets. */
const mostBytes = limits.fileNameBytes - 55;

/**
 * The last part of a path as a name that is only a name on every system: printable, no separators, nothing
 * hidden, no option, no device, at most 200 bytes of UTF-8 with its ending kept; `file` where nothing remains.
 * Unchanged when given what it returned.
 */
export function fileName(raw: string): string {
  // What goes from the beginning can bare a mark that then has nothing to stand on, and so on.
  for (let name = raw; ; ) {
    const next = harmless(name);
    if (next === name) return name;
    name = next;
  }
}

function harmless(raw: string): string {
  // A path of any length costs little.
  const last =
    raw
      .slice(-4 * limits.fileNameBytes)
      .split(/[/\\]/)
      .findLast((part) => part.trim() !== '') ?? '';
  const plain = printable(last)
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[\s.\-~]+/u, '')
    .replace(/[\s.]+$/u, '');
  const short = shortened(plain)
    .replace(/^[\s.\-~]+/u, '')
    .replace(/[\s.]+$/u, '');
  if (short === '') return 'file';
  return devices.test(short) ? `_${short}` : short;
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= mostBytes) return name;
  const ending = /\.[A-Za-z0-9]{1,16}(\.[A-Za-z0-9]{1,8})?$/.exec(name)?.[0] ?? '';
  const stem = ending === '' ? name : name.slice(0, -ending.length);
  return `${cut(stem, mostBytes - Buffer.byteLength(ending))}${ending}`;
}
