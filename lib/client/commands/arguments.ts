/** How the words after a command are read. Knows names, numbers, limits and times in the past, not commands. */
import { limits } from '../../protocol/limits.js';
import { parseName, parseRoomName } from '../../protocol/names.js';
import { parseDuration } from '../../protocol/quantities.js';
import { excerpt } from '../text/wording.js';
import type { UsageError } from './command.js';

export function firstWord(text: string): [word: string, rest: string] {
  const [, word = '', rest = ''] = /^\s*(\S*)\s?([\s\S]*)$/.exec(text) ?? [];
  return [word, rest];
}

export function wordsIn(text: string): string[] {
  return text.trim().split(/\s+/).filter(Boolean);
}

/** A person's name, with or without `@`. */
export function withName<A extends object>(
  typed: string,
  then: (name: string) => A | UsageError,
): A | UsageError {
  if (typed === '') return '';
  const parsed = parseName(typed.replace(/^@/, ''));
  if (parsed.ok) return then(parsed.name);
  const why =
    parsed.code === 'name-reserved' ? 'That name is reserved' : `"${excerpt(typed)}" is not a valid name`;
  return `${why}; nothing was sent. List who is here with /who.`;
}

/** A room's name, with or without `#`. */
export function withRoom<A extends object>(
  typed: string,
  then: (room: string) => A | UsageError,
): A | UsageError {
  if (typed === '') return '';
  const parsed = parseRoomName(typed);
  return parsed.ok ? then(parsed.name) : parsed.message;
}

/** The ID of a message, or the number of a transfer, a session or a link. */
export function parseId(typed: string): number | undefined {
  return /^\d{1,15}$/.test(typed) && Number(typed) > 0 ? Number(typed) : undefined;
}

/** What is wrong with a reason or an away message; undefined if it fits. */
export function tooLong(text: string): UsageError | undefined {
  const over = new TextEncoder().encode(text).length > limits.reasonBytes;
  return over ? `That text is too long: ${limits.reasonBytes} bytes at most.` : undefined;
}

/** For usage errors. */
export const momentForms = '2h, 3d, yesterday, 2026-11-20, 2026-11-20T14:30 or 14:30';

/**
 * Milliseconds since the epoch, in the system's time zone: so long ago, the beginning of a day, a time of day, or an instant.
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
  // As `at` in JSON, with its second and perhaps a zone.
  if (/^\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d(?:\.\d+)?(?:z|[+-]\d\d:\d\d)?$/.test(typed)) return instant(typed);
  const date = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ](\d{1,2}):(\d\d))?$/.exec(typed);
  if (date === null) return undefined;
  const [, years, months, days, ...time] = date;
  return at([Number(years), Number(months) - 1, Number(days)], time);
}

function instant(typed: string): number | undefined {
  const at = Date.parse(typed.toUpperCase());
  return Number.isNaN(at) ? undefined : at;
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
