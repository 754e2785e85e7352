/** Events in words: joins, kicks, topics, roles, rules. No text of theirs can drive a terminal. Knows no colours. */
import { printable } from '../../protocol/printable.js';
import { duration } from '../../protocol/quantities.js';
import type { Conversation, Restriction, Role, RoomRole, RoomRules } from '../../protocol/records.js';
import type { ServerEvent } from '../wire/connection.js';
import { quoteWords } from './wording.js';

type EventOf<T extends ServerEvent['type']> = Extract<ServerEvent, { type: T }>;

/**
 * What a front end shows for an event in one line; undefined for events that have none, such as messages.
 * @param me what this person did to others has an answer of its own already
 */
export function eventWords(event: ServerEvent, me: string): string | undefined {
  if ((event.type === 'left' || event.type === 'rank') && event.by === me) return undefined;
  // Each row takes the event of its own type.
  return (wordsByType[event.type] as (event: ServerEvent) => string | undefined)(event);
}

// They end the session, which says why.
const final: ReadonlySet<string> = new Set(['signed-out', 'taken-over', 'kicked', 'banned']);

const wordsByType: { readonly [T in ServerEvent['type']]: (event: EventOf<T>) => string | undefined } = {
  message: () => undefined,
  seen: () => undefined,
  typing: () => undefined,
  receipts: () => undefined,
  online: ({ name }) => `${printable(name)} is online now`,
  joined: ({ name, room }) => `${printable(name)} joined${unlessLobby('', room)}`,
  left: leftWords,
  crowd({ joined, left, online, room }) {
    const moves = [counted(joined, 'joined'), counted(left, 'left')].filter((words) => words !== '');
    return [moves.join(', '), `${online} online${unlessLobby('in', room)}`].filter(Boolean).join('; ');
  },
  gap({ room = '', with: peer }) {
    const where = peer === undefined ? `in #${printable(room)}` : `with ${printable(peer)}`;
    return `older messages ${where} are not shown`;
  },
  database: ({ reached }) =>
    reached
      ? 'the server reaches its database again'
      : "the server can't reach its database: what you send waits until it is back",
  closing: ({ code, message }) => (final.has(code) ? undefined : `the server says: ${printable(message)}`),
  edited: ({ from, room, text }) =>
    `${printable(from)} edited a message${unlessLobby('in', room)}: ${printable(text, { newlines: true })}`,
  removed: ({ from, room }) => `${printable(from)} deleted a message${unlessLobby('in', room)}`,
  reaction({ from, room, of, emoji }) {
    const what = emoji === undefined ? 'took back a reaction' : `reacted ${printable(emoji)}`;
    return `${printable(from)} ${what}${unlessLobby('in', room)} to ${quoteWords(of)}`;
  },
  pinned: (event) => pinWords('pinned', event),
  unpinned: (event) => pinWords('unpinned', event),
  reacted: () => undefined,
  topic({ from, room, topic }) {
    const what = `the topic of #${printable(room)}`;
    return topic === ''
      ? `${printable(from)} cleared ${what}`
      : `${printable(from)} set ${what}: ${printable(topic)}`;
  },
  room: ({ conversation }) => roomWords(conversation),
  parted({ room, by, reason }) {
    const left = `#${printable(room)}`;
    if (by !== undefined) return `you were kicked from ${left} by ${printable(by)}${afterColon(reason)}`;
    return `you are no longer in ${left}${inParentheses(reason)}`;
  },
  invited({ room, by, topic }) {
    const to = `#${printable(room)}`;
    return `${printable(by)} invited you to ${to}${inParentheses(topic)}: /join ${to}, or /leave ${to} to decline`;
  },
  role: ({ name, role, room, by }) =>
    `${printable(by)} made ${printable(name)} ${withArticle(role)} of #${printable(room)}`,
  rank: ({ name, role, by }) =>
    `${printable(by)} made ${printable(name)} ${withArticle(role)} on this server`,
  rules({ room, by, rules }) {
    const words = rulesWords(rules);
    const what = `the rules of #${printable(room)}`;
    return words === '' ? `${printable(by)} cleared ${what}` : `${printable(by)} set ${what}: ${words}`;
  },
  muted({ by, room, ms, reason }) {
    const time = ms === undefined ? 'permanently' : `for ${duration(ms)}`;
    const how = `${unlessLobby('in', room)} ${time}${inParentheses(reason)}`;
    return `${printable(by)} muted you${how}; your messages won't be delivered`;
  },
  unmuted: ({ by, room }) => `${printable(by)} unmuted you${unlessLobby('in', room)}`,
  away: ({ name, text }) => `${printable(name)} is away${inParentheses(text)}`,
  back: ({ name }) => `${printable(name)} is back`,
};

function pinWords(verb: string, { from, room, of }: EventOf<'pinned' | 'unpinned'>): string {
  return `${printable(from)} ${verb} a message${unlessLobby('in', room)}, ${quoteWords(of)}`;
}

function leftWords({ name, room, by, reason }: EventOf<'left'>): string {
  if (by === undefined) return `${printable(name)} left${unlessLobby('', room)}${inParentheses(reason)}`;
  const kicked = `${printable(name)} was kicked${unlessLobby('from', room)}`;
  return `${kicked} by ${printable(by)}${afterColon(reason)}`;
}

function roomWords({ room = '', role, topic, private: hidden, rules }: Conversation): string {
  const marks = [hidden ? 'private' : '', role === 'owner' ? 'you are the owner' : ''].filter(Boolean);
  const about = topic === undefined ? '' : `: ${printable(topic)}`;
  const ruled = rulesWords(rules);
  return [
    `you are in #${printable(room)}${inParentheses(marks.join(', '))}${about}`,
    ...(ruled === '' ? [] : [`rules: ${ruled}`]),
  ].join('; ');
}

/** The rules of a room, for those who come in; undefined if it has none. */
export function roomRulesWords(room: string, rules: RoomRules | undefined): string | undefined {
  const words = rulesWords(rules);
  return words === '' ? undefined : `the rules of #${printable(room)}: ${words}`;
}

/** Rules that changed while the connection was lost; undefined if they are the same. */
export function changedRulesWords(
  room: string,
  { before, now }: Readonly<Record<'before' | 'now', RoomRules | undefined>>,
): string | undefined {
  const words = rulesWords(now);
  if (words === rulesWords(before)) return undefined;
  const what = `the rules of #${printable(room)}`;
  return words === '' ? `${what} were cleared` : `${what} are now: ${words}`;
}

/** What a room forbids to members; empty for nothing. */
function rulesWords({ restrict, slow, locked }: RoomRules = {}): string {
  return [
    ...(locked ? ['locked (only owners and moderators can post)'] : []),
    ...(slow === undefined ? [] : [`slow mode (${duration(slow)} between messages)`]),
    ...restrictionsIn(restrict),
  ].join(', ');
}

/** The same in short, such as `locked`, `slow 30 s`, `no links`; the strictest first. */
export function shortRules({ restrict, slow, locked }: RoomRules = {}): string[] {
  return [
    ...(locked ? ['locked'] : []),
    ...(slow === undefined ? [] : [`slow ${duration(slow)}`]),
    ...restrictionsIn(restrict),
  ];
}

function restrictionsIn(restrict: readonly Restriction[] = []): string[] {
  return restrictions.filter((each) => restrict.includes(each)).map((each) => restrictionWords[each]);
}

export const restrictions = ['links', 'files', 'caps', 'rate'] as const satisfies readonly Restriction[];

const restrictionWords: Readonly<Record<Restriction, string>> = {
  links: 'no links',
  files: 'no files',
  caps: 'no all-caps',
  rate: 'rate limit',
};

/** `an owner`, `a moderator`. */
export function withArticle(role: RoomRole | Role): string {
  return role === 'owner' || role === 'admin' ? `an ${role}` : `a ${role}`;
}

/** ` in #dev`; empty for the lobby, which needs no naming. */
export function unlessLobby(preposition: '' | 'in' | 'from', room: string | undefined): string {
  if (room === undefined || room === 'lobby') return '';
  return `${preposition === '' ? '' : ` ${preposition}`} #${printable(room)}`;
}

function inParentheses(text: string | undefined): string {
  const shown = printable(text ?? '').trim();
  return shown === '' ? '' : ` (${shown})`;
}

function afterColon(text: string | undefined): string {
  const shown = printable(text ?? '').trim();
  return shown === '' ? '' : `: ${shown}`;
}

function counted(number: number, verb: string): string {
  return number === 0 ? '' : `${number} ${verb}`;
}
