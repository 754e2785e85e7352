/** Durations and byte counts as people write and read them. */

const secondMs = 1_000;
const unitMs: Readonly<Record<string, number>> = {
  s: secondMs,
  m: 60 * secondMs,
  h: 60 * 60 * secondMs,
  d: 24 * 60 * 60 * secondMs,
  w: 7 * 24 * 60 * 60 * secondMs,
};

/** `45s`, `30m`, `12h`, `7d`, `2w` in milliseconds; undefined for anything else, and for 0. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text.trim().toLowerCase()) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? Number.NaN);
  return ms > 0 ? ms : undefined;
}

/** `3 s`, `2 min`, `1 h 5 min`, `7 d`. Rounded up, at least 1 s. */
export function duration(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 48 * 60) return both(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.ceil(minutes / 60);
  return both(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function both(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

const sizeUnits = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1 byte`, `999 bytes`, `1.4 KiB`, `100 MiB`: at most three digits, or four before the next unit. */
export function byteCount(bytes: number): string {
  if (bytes === 1) return '1 byte';
  let [count, unit] = [bytes, 0];
  // Rounded first: never `1024 KiB`.
  while (Math.round(count) >= 1024 && unit < sizeUnits.length - 1) {
    count /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || count >= 99.95 ? 0 : 1;
  return `${Number(count.toFixed(digits))} ${sizeUnits[unit]}`;
}
