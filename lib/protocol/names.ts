/**
 * Names of people, rooms and files: which are valid, reserved, look alike or are unsafe, and how a conversation is written,
 * `#room` or `@person`. Does not know which are taken.
 */
import { limits } from './limits.js';
import { cutToBytes, printable } from './printable.js';

/**
 * A valid name (ECMAScript, also JSON Schema `pattern`). The lookahead requires a letter: bare numbers are seqs
 * and window numbers, as in `/history 100`.
 */
export const namePattern = `^(?=.*[a-z])[a-z0-9][a-z0-9_.-]{0,${limits.nameLength - 1}}$`;

/** The rule in words, for error messages. */
export const nameRule = `Use 1 to ${limits.nameLength} of a-z, 0-9, "_", "." and "-", with at least one letter and a letter or digit first.`;

type ParsedName =
  /** `skeleton` must be unique. */
  | { readonly ok: true; readonly name: string; readonly skeleton: string }
  | { readonly ok: false; readonly code: 'name-invalid' | 'name-reserved'; readonly message: string };

type ParsedRoomName =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly code: 'name-invalid'; readonly message: string };

// Words that could be mistaken for the program, its operator or a group.
const reservedWords = [
  ...['server', 'system', 'service', 'secure-chat', 'notice', 'error', 'info', 'help', 'support', 'security'],
  ...['admin', 'admins', 'administrator', 'root', 'owner', 'operator', 'op', 'host', 'staff', 'sysop'],
  ...['mod', 'mods', 'moderator', 'moderators'],
  ...['everyone', 'everybody', 'all', 'here', 'channel', 'room', 'lobby', 'group'],
  ...['nobody', 'anonymous', 'anyone', 'guest', 'unknown', 'deleted', 'me', 'you', 'self', 'null'],
];

const pattern = new RegExp(namePattern);
const reserved = new Set(reservedWords.map(skeleton));
// Looks like "all", but millions have this name.
const allowedLookAlikes = new Set(['ali']);

/** Parses a person's name as typed; ignores surrounding white space and case. */
export function parseName(text: string): ParsedName {
  const name = normalized(text.trim());
  if (name === undefined)
    return { ok: false, code: 'name-invalid', message: `Not a valid name. ${nameRule}` };
  const form = skeleton(name);
  if (reserved.has(form) && !allowedLookAlikes.has(name)) {
    return {
      ok: false,
      code: 'name-reserved',
      message: 'That name is reserved.',
    };
  }
  return { ok: true, name, skeleton: form };
}

/** Parses a room's name as typed, with or without "#". No names are reserved. */
export function parseRoomName(text: string): ParsedRoomName {
  const name = normalized(text.trim().replace(/^#/, ''));
  if (name === undefined)
    return { ok: false, code: 'name-invalid', message: `Not a valid room name. ${nameRule}` };
  return { ok: true, name };
}

/**
 * Maps names that look alike to the same text: 1 and i become l, 0 becomes o, m becomes rn, w becomes vv, and
 * "_", "." and "-" are dropped (`alice_` looks like `alice`). Letters are split rather than joined, since "vvv"
 * looks like both "vw" and "wv". At most twice as long as the name.
 */
export function skeleton(name: string): string {
  return name
    .replace(/[._-]/g, '')
    .replace(/[1i]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('m', 'rn')
    .replaceAll('w', 'vv');
}

function normalized(text: string): string | undefined {
  // Before lower-casing, which turns the Kelvin sign into k.
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  const name = text.toLowerCase();
  return pattern.test(name) ? name : undefined;
}

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

/** A room, or the other person of a direct message. */
export type RoomOrPerson = { readonly room: string } | { readonly with: string };

/** Of a record or an event, which has one of them. */
export function roomOrPersonOf({ room, with: person = '' }: { room?: string; with?: string }): RoomOrPerson {
  return room === undefined ? { with: person } : { room };
}

/** The same where a message goes, as `say` and transfers want it. */
export type Recipient = { readonly room: string } | { readonly to: string };

type ParsedRoomOrPerson =
  | { readonly ok: true; readonly conversation: RoomOrPerson }
  | { readonly ok: false; readonly message: string };

/**
 * What a person typed.
 * @param bare what a word without `#` or `@` means
 */
export function parseRoomOrPerson(typed: string, bare: 'room' | 'person'): ParsedRoomOrPerson {
  if (typed.startsWith('@') || (bare === 'person' && !typed.startsWith('#'))) {
    const parsed = parseName(typed.replace(/^@/, ''));
    return parsed.ok ? { ok: true, conversation: { with: parsed.name } } : parsed;
  }
  const parsed = parseRoomName(typed);
  return parsed.ok ? { ok: true, conversation: { room: parsed.name } } : parsed;
}

/** `#room` or `@person`. */
export function formatRoomOrPerson(conversation: RoomOrPerson): `#${string}` | `@${string}` {
  return 'room' in conversation ? `#${conversation.room}` : `@${conversation.with}`;
}

/** The reverse of `formatRoomOrPerson`; checks nothing. */
export function toRoomOrPerson(formatted: `#${string}` | `@${string}`): RoomOrPerson {
  return formatted.startsWith('#') ? { room: formatted.slice(1) } : { with: formatted.slice(1) };
}

export function recipientOf(conversation: RoomOrPerson): Recipient {
  return 'room' in conversation ? conversation : { to: conversation.with };
}
