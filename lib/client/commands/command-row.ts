/** What a slash command is, and how the words after it are read. Knows no command. */
import { limits } from '../../protocol/limits.js';
import { parseName, parseRoomName } from '../../protocol/names.js';
import type { Act } from './act.js';

export const groups = ['talk', 'rooms', 'reading', 'files', 'people', 'account', 'screen', 'more'] as const;
export type Group = (typeof groups)[number];

export const groupTitles: Readonly<Record<Group, string>> = {
  talk: 'talking',
  rooms: 'rooms',
  reading: 'reading back',
  files: 'files',
  people: 'looking after',
  account: 'your account',
  screen: 'the view',
  more: 'and',
};

export interface Command {
  readonly group: Group;
  /** Only on the full screen. */
  readonly screen?: true;
  /** What cannot be undone is spelled in full. */
  readonly whole?: true;
  /** What is typed after it is said elsewhere. */
  readonly turns?: true;
  readonly name: string;
  readonly aliases: readonly string[];
  /** What comes after the name. */
  readonly usage: string;
  readonly help: string;
  /**
   * What the rest of the line, without the space before it, makes the command do; a text where it is malformed:
   * why, '' for no more than the usage.
   */
  readonly parse: (rest: string, surroundings: { now: number; screen: boolean }) => Act | string;
}

export function nothing(act: Act): Command['parse'] {
  return (rest) => (rest.trim() === '' ? act : '');
}

export function firstWord(text: string): [word: string, rest: string] {
  const [, word = '', rest = ''] = /^\s*(\S*)\s?([\s\S]*)$/.exec(text) ?? [];
  return [word, rest];
}

export function named(typed: string, act: (name: string) => Act | string): Act | string {
  if (typed === '') return '';
  const parsed = parseName(typed.replace(/^@/, ''));
  if (parsed.ok) return act(parsed.name);
  return 'Nobody can have that name; nothing was sent. /list says who is here.';
}

export function roomed(typed: string, act: (room: string) => Act): Act | string {
  if (typed === '') return '';
  const parsed = parseRoomName(typed);
  return parsed.ok ? act(parsed.name) : parsed.message;
}

/** A seq, or the number of a transfer. */
export function parseId(typed: string): number | undefined {
  return /^\d{1,15}$/.test(typed) && Number(typed) > 0 ? Number(typed) : undefined;
}

/** Why a reason, or what somebody says who goes away, cannot be taken; undefined where it can. */
export function tooLong(text: string): string | undefined {
  const over = new TextEncoder().encode(text).length > limits.reasonBytes;
  return over ? `It may have ${limits.reasonBytes} bytes; this is longer.` : undefined;
}

export const serverRoles = ['admin', 'moderator', 'member', 'bot'] as const;
