/** Times in the past, as people type them: ages, days, times of day. Knows the local calendar. */
import { parseDuration } from '../../protocol/duration.js';

/** For usage errors. */
export const momentForms = '2h, 3d, yesterday, 2026-11-20, 2026-11-20T14:30 or 14:30';

/**
 * Milliseconds since the epoch, in the system's time zone: so long ago, the beginning of a day, or a time of day.
 * Undefined for anything else, also for days that do not exist.
 */
export function parseMoment(text: string, now: number): number | undefined {
  const typed = text.trim().toLowerCase();
  const age = parseDuration(typed);
  if (age !== undefined) return now - age;
  const today = new Date(now);
  const [year, month, day] = [today.getFullYear(), today.getMonth(), today.getDate()];
  if (typed === 'today') return new Date(year, month, day).getTime();
  if (typed === 'yesterday') return new Date(year, month, day - 1).getTime();
  const clock = /^(\d{1,2}):(\d\d)$/.exec(typed);
  if (clock !== null) return at([year, month, day], clock.slice(1));
  const date = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ](\d{1,2}):(\d\d))?$/.exec(typed);
  if (date === null) return undefined;
  const [, years, months, days, ...time] = date;
  return at([Number(years), Number(months) - 1, Number(days)], time);
}

function at(
  [year, month, day]: readonly [number, number, number],
  [hours = '0', minutes = '0']: readonly (string | undefined)[],
): number | undefined {
  const [hour, minute] = [Number(hours), Number(minutes)];
  const date = new Date(year, month, day, hour, minute);
  const real = date.getMonth() === month && date.getDate() === day && hour < 24 && minute < 60;
  return real ? date.getTime() : undefined;
}
