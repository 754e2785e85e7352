/** How long, as people write it. */

const secondMs = 1_000;
const units: Readonly<Record<string, number>> = {
  s: secondMs,
  m: 60 * secondMs,
  h: 60 * 60 * secondMs,
  d: 24 * 60 * 60 * secondMs,
  w: 7 * 24 * 60 * 60 * secondMs,
};

/** `45s`, `30m`, `12h`, `7d`, `2w` in milliseconds; undefined for anything else and for nothing at all. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text.trim().toLowerCase()) ?? [];
  const ms = Number(count) * (units[unit] ?? Number.NaN);
  return ms > 0 ? ms : undefined;
}
