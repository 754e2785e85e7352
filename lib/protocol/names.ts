/**
 * Names of people and of rooms: which are allowed, and which look alike. Knows words, not who has taken which.
 */
import { limits } from './limits.js';

/**
 * A name as a regular expression (ECMAScript, also JSON Schema `pattern`). The lookahead is for a letter:
 * bare numbers are left to seqs and window numbers, as in `/history 100`.
 */
export const namePattern = `^(?=.*[a-z])[a-z0-9][a-z0-9_.-]{0,${limits.nameLength - 1}}$`;

/** The same for people, to follow the words "a name has". */
export const nameRule = `1 to ${limits.nameLength} of the characters a-z, 0-9, "_", "." and "-", begins with a letter or a digit and has at least one letter`;

export type ParsedName =
  /** `skeleton` is what has to be unique. */
  | { readonly ok: true; readonly name: string; readonly skeleton: string }
  | { readonly ok: false; readonly code: 'name-invalid' | 'name-reserved'; readonly message: string };

export type ParsedRoomName =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly code: 'name-invalid'; readonly message: string };

// Words that a reader takes for the program, for its operator or for everybody, not for one person.
const reservedWords = [
  ...['server', 'system', 'service', 'secure-chat', 'notice', 'error', 'info', 'help', 'support', 'security'],
  ...['admin', 'admins', 'administrator', 'root', 'owner', 'operator', 'op', 'host', 'staff', 'sysop'],
  ...['mod', 'mods', 'moderator', 'moderators'],
  ...['everyone', 'everybody', 'all', 'here', 'channel', 'room', 'lobby', 'group'],
  ...['nobody', 'anonymous', 'anyone', 'guest', 'unknown', 'deleted', 'me', 'you', 'self', 'null'],
];

const pattern = new RegExp(namePattern);
const reserved = new Set(reservedWords.map(skeleton));
// Looks like "all", and is the name of millions.
const allowedLookAlikes = new Set(['ali']);

/** A person's name as typed: surrounding white space and capitals do not matter. */
export function parseName(text: string): ParsedName {
  const name = tidied(text.trim());
  if (name === undefined) return { ok: false, code: 'name-invalid', message: `A name has ${nameRule}.` };
  const form = skeleton(name);
  if (reserved.has(form) && !allowedLookAlikes.has(name)) {
    return {
      ok: false,
      code: 'name-reserved',
      message:
        'That name, or one that looks like it, could be taken for the server or for everybody: choose another.',
    };
  }
  return { ok: true, name, skeleton: form };
}

/** A room's name as typed, with or without one "#" before it. No word is reserved: "lobby" is a room. */
export function parseRoomName(text: string): ParsedRoomName {
  const name = tidied(text.trim().replace(/^#/, ''));
  if (name === undefined)
    return { ok: false, code: 'name-invalid', message: `A room's name has ${nameRule}.` };
  return { ok: true, name };
}

/**
 * A name that fits `namePattern`, in the form in which all that look like it are equal: 1 and i are l, 0 is o,
 * m is rn, w is vv, and "_", "." and "-" count for nothing (`alice_` passes for `alice`). Letters are taken
 * apart rather than put together, for "vvv" looks like both "vw" and "wv". At most twice as long as the name.
 */
export function skeleton(name: string): string {
  return name
    .replace(/[._-]/g, '')
    .replace(/[1i]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('m', 'rn')
    .replaceAll('w', 'vv');
}

function tidied(text: string): string | undefined {
  // Before the capitals go: the Kelvin sign is no K.
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  const name = text.toLowerCase();
  return pattern.test(name) ? name : undefined;
}
