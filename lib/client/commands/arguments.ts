/** How the words after a command are read. Knows names, numbers and limits, not commands. */
import { limits } from '../../protocol/limits.js';
import { parseName, parseRoomName } from '../../protocol/names.js';
import { excerpt } from '../text/wording.js';
import type { UsageError } from './command.js';

export function noArguments(rest: string): object | UsageError {
  return rest.trim() === '' ? {} : '';
}

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
  return `${why}; nothing was sent. List who is here with /list.`;
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
