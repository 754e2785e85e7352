/** Makes file names from others safe to use. Knows names, not folders. */
import { limits } from './limits.js';
import { cutToBytes, printable } from './printable.js';

// Reserved by Windows for devices, with any extension.
const devices = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
/** Leaves room for the ` (2)` of a second file with the same name. */
const maxBytes = limits.fileNameBytes - 55;

/**
 * The last part of a path as a name that is safe on every system: printable, no separators, not hidden, not an
 * option, not a device, at most 200 bytes of UTF-8 with its extension kept; `file` if nothing remains.
 * Idempotent.
 */
export function fileName(raw: string): string {
  // Repeated, since removing the first characters can leave a mark without its base.
  for (let name = raw; ; ) {
    const next = harmless(name);
    if (next === name) return name;
    name = next;
  }
}

function harmless(raw: string): string {
  // Cut first, so that a huge path costs little.
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
  if (Buffer.byteLength(name) <= maxBytes) return name;
  const ending = /\.[A-Za-z0-9]{1,16}(\.[A-Za-z0-9]{1,8})?$/.exec(name)?.[0] ?? '';
  const stem = ending === '' ? name : name.slice(0, -ending.length);
  return `${cutToBytes(stem, maxBytes - Buffer.byteLength(ending))}${ending}`;
}
