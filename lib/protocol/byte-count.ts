/** A number of bytes for people. */

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1 byte`, `999 bytes`, `1.4 KiB`, `100 MiB`: at most three digits, or four before the next unit. */
export function byteCount(bytes: number): string {
  if (bytes === 1) return '1 byte';
  let [count, unit] = [bytes, 0];
  // Rounded first: never `1024 KiB`.
  while (Math.round(count) >= 1024 && unit < units.length - 1) {
    count /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || count >= 99.95 ? 0 : 1;
  return `${Number(count.toFixed(digits))} ${units[unit]}`;
}
