/** The lists that commands answer with, as lines: rooms, search results, files, bans, links. Knows no screen. */
import stringWidth from 'string-width';
import { quoteText } from '../../protocol/message-text.js';
import { printable } from '../../protocol/printable.js';
import { byteCount } from '../../protocol/quantities.js';
import { reactionCodes, reactionEmoji } from '../../protocol/reactions.js';
import type {
  AuditEntry,
  BanInfo,
  Conversation,
  Found,
  InviteInfo,
  Message,
  RoomInfo,
  SessionInfo,
  WebhookInfo,
  Whois,
} from '../../protocol/records.js';
import { otherHosts } from '../../trust/endpoint.js';
import { shortRules } from './event-words.js';
import type { LocalTime } from './local-time.js';
import { mentionCount, unreadNumber } from './wording.js';

/** One line per room: whether you are a member, its name, how many members, its topic. */
export function roomLines(rooms: readonly RoomInfo[]): string[] {
  const sorted = rooms.toSorted((one, other) => rank(one) - rank(other) || (one.room < other.room ? -1 : 1));
  const names = columns(sorted.map(({ room }) => `#${printable(room)}`));
  const lines = sorted.map(({ role, members, invited, topic, rules, ...room }, at) => {
    const marks = [
      room.private ? 'private' : '',
      shortRules(rules).join(', '),
      role === undefined || role === 'member' ? '' : `you: ${role}`,
      invited === undefined ? '' : `${printable(invited)} invited you: /join #${printable(room.room)}`,
    ].filter((mark) => mark !== '');
    const about = [...marks.map((mark) => `(${mark})`), printable(topic ?? '')].join(' ').trim();
    const count = `${members}`.padStart(4);
    return `${role === undefined ? ' ' : '*'} ${names[at]} ${count}  ${about}`.trimEnd();
  });
  return [...lines, '* = you are a member. Join or create a room with /join #ROOM.'];
}

/** One line per conversation: its name, what is unread, when it was last active. */
export function conversationLines(
  conversations: readonly Conversation[],
  { more, time }: { more: boolean; time: LocalTime },
): string[] {
  const names = columns(
    conversations.map(({ room, with: peer }) => printable(room === undefined ? `@${peer}` : `#${room}`)),
  );
  const unread = columns(conversations.map(unreadWords));
  const lines = conversations.map(({ at }, index) => {
    const when = at === undefined ? 'no messages' : dateAndTime(at, time);
    return [names[index], unread[index], when].filter(Boolean).join('  ');
  });
  const next = more ? ' More: /list more.' : '';
  return [...lines, `Go to one with /window NAME. Rooms to join: /rooms.${next}`];
}

/** `2 unread`, `14 unread, 1 mention`. */
function unreadWords({ room, unread, mentions }: Conversation): string {
  if (unread === 0) return '';
  const named = room === undefined || mentions === 0 ? '' : `, ${mentionCount(mentions)}`;
  return `${unreadNumber(unread)} unread${named}`;
}

function rank({ role, invited }: RoomInfo): number {
  if (role !== undefined) return 0;
  return invited === undefined ? 2 : 1;
}

interface FoundList {
  readonly more: boolean;
  /** The search took too long and ended at this time. */
  readonly reached: string | undefined;
  /** These are not the first results. */
  readonly further: boolean;
  readonly time: LocalTime;
}

/** Two lines per message: its ID, time, conversation and sender; then the text, with the [matches] in brackets. */
export function foundLines(found: readonly Found[], { more, reached, further, time }: FoundList): string[] {
  const none = further ? 'No more results' : 'No messages found';
  const back = reached === undefined ? undefined : `back to ${dateAndTime(reached, time)}`;
  if (found.length === 0)
    return [back === undefined ? `${none}.` : `${none} ${back}. Continue with /search.`];
  const lines = found.flatMap(({ seq, at, from, room, with: peer, excerpt, marks }) => {
    const where = room === undefined ? `@${printable(peer ?? '')}` : `#${printable(room)}`;
    const head = `${seq}  ${time.date(at)} ${time.minute(at)}  ${where}  ${printable(from)}:`;
    return [head, `    ${marked(excerpt, marks)}`];
  });
  if (back !== undefined) {
    return [...lines, `See one in context with /jump ID. Searched ${back}: continue with /search.`];
  }
  const next = more ? ', more results with /search' : '';
  return [...lines, `See one in context with /jump ID${next}.`];
}

function marked(excerpt: string, marks: Found['marks']): string {
  let text = '';
  let from = 0;
  for (const [start = 0, end = 0] of marks) {
    if (start < from || end > excerpt.length) continue;
    text += `${excerpt.slice(from, start)}[${excerpt.slice(start, end)}]`;
    from = end;
  }
  return printable(text + excerpt.slice(from));
}

/** One line per file, the newest last. */
export function fileLines(
  messages: readonly Message[],
  { more, time }: { more: boolean; time: LocalTime },
): string[] {
  const files = messages.flatMap(({ seq, at, from, file }) =>
    file === undefined ? [] : [{ seq, at, from, file }],
  );
  if (files.length === 0) return ['No files were sent here. Send one with /send PATH.'];
  const ids = columns(files.map(({ seq }) => `${seq}`));
  const names = columns(files.map(({ file }) => printable(file.name)));
  const lines = files.map(({ at, from, file }, index) => {
    const size = byteCount(file.size).padStart(9);
    return `${ids[index]}  ${names[index]}  ${size}  ${printable(from)}, ${time.date(at)} ${time.minute(at)}`;
  });
  return [...lines, `Download one with /get ID.${more ? ' There are older ones.' : ''}`];
}

/** One line per pinned message, in the order in which they were pinned. */
export function pinLines(messages: readonly Message[], time: LocalTime): string[] {
  if (messages.length === 0) return ['No message is pinned here. Pin one with /pin.'];
  const ids = columns(messages.map(({ seq }) => `${seq}`));
  const lines = messages.map(
    ({ at, from, text }, index) =>
      `${ids[index]}  ${dateAndTime(at, time)}  ${printable(from)}: ${quoteText(text)}`,
  );
  return [...lines, 'See one in context with /jump ID.'];
}

/** What can be typed as a reaction. */
export function reactionLines(): string[] {
  const codes = reactionCodes.map((code) => `${code} ${reactionEmoji(code)}`);
  return ['React with any emoji, or with a short code:', codes.join(', ')];
}

/** Padded to the width of the widest. */
export function columns(words: readonly string[]): string[] {
  const width = Math.max(0, ...words.map((word) => stringWidth(word)));
  return words.map((word) => word + ' '.repeat(width - stringWidth(word)));
}

function dateAndTime(at: string, time: LocalTime): string {
  return `${time.date(at)} ${time.minute(at)}`;
}

function reasonSuffix(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${printable(reason)}`;
}

export function banLines(bans: readonly BanInfo[], time: LocalTime): string[] {
  if (bans.length === 0) return ['There are no bans.'];
  const who = columns(bans.map(({ name, address }) => printable(name ?? address ?? '')));
  return bans.map(({ by, at, until, reason }, index) => {
    const end = until === undefined ? 'permanently' : `until ${dateAndTime(until, time)}`;
    return `${who[index]}  ${end}, by ${printable(by)} on ${dateAndTime(at, time)}${reasonSuffix(reason)}`;
  });
}

export function inviteLines(invites: readonly InviteInfo[], time: LocalTime): string[] {
  if (invites.length === 0) return ['There are no valid join links. Create one with /invite-link.'];
  const lines = invites.map(({ id, by, role, uses, expires }) => {
    const times = uses === 1 ? 'once' : `${uses} times`;
    return `${id}  ${role}, ${times}, until ${dateAndTime(expires, time)}, by ${printable(by ?? 'the operator')}`;
  });
  return [...lines, 'Revoke one with /uninvite NUMBER.'];
}

export function webhookLines(webhooks: readonly WebhookInfo[], time: LocalTime): string[] {
  if (webhooks.length === 0) {
    return ['There are no webhooks in the rooms that you moderate. Add one with /webhook add #ROOM NAME.'];
  }
  const names = columns(webhooks.map(({ name }) => printable(name)));
  const rooms = columns(webhooks.map(({ room }) => `#${printable(room)}`));
  const lines = webhooks.map(({ by, at, stopped }, index) => {
    const state = stopped ? ` (stopped: ${printable(by)} can't add webhooks there now)` : '';
    return `${names[index]}  ${rooms[index]}  by ${printable(by)} on ${dateAndTime(at, time)}${state}`;
  });
  return [...lines, 'Revoke one with /webhook remove NAME.'];
}

/** A new link, when it expires, and the other addresses of the server. */
export function linkLines(
  what: string,
  { links, expires, time }: { links: readonly string[]; expires: string; time: LocalTime },
): string[] {
  const others = otherHosts(links);
  return [
    `${what}, valid until ${dateAndTime(expires, time)}. Anyone who has it can use it: send it privately.`,
    `  ${printable(links[0] ?? '')}`,
    ...(others === undefined ? [] : [`${printable(others)}.`]),
  ];
}

export function sessionLines(sessions: readonly SessionInfo[], time: LocalTime): string[] {
  const lines = sessions.map(({ id, at, used, address, bot, current }) => {
    const what = [current ? 'this session' : '', bot ? 'bot token' : '']
      .filter((word) => word !== '')
      .join(', ');
    const from = address === undefined ? '' : ` from ${printable(address)}`;
    return `${id}  since ${dateAndTime(at, time)}, used ${dateAndTime(used, time)}${from}${what === '' ? '' : ` (${what})`}`;
  });
  return [...lines, 'End one with /logout NUMBER, or all with /logout all.'];
}

/** The newest last; a full page says how to see older actions. */
export function auditLines(entries: readonly AuditEntry[], time: LocalTime, page: number): string[] {
  if (entries.length === 0) return ['No moderation actions.'];
  const lines = entries.toReversed().map(({ at, by, action, on, room, detail, reason }) => {
    const where = room === undefined ? '' : ` in #${printable(room)}`;
    const more = detail === undefined ? '' : ` (${printable(detail)})`;
    const whom = on === undefined || on === by ? '' : ` ${printable(on)}`;
    return `${dateAndTime(at, time)}  ${printable(by)} ${printable(action)}${whom}${where}${more}${reasonSuffix(reason)}`;
  });
  if (entries.length === page) lines.push(`Older actions: /audit ${entries.at(-1)?.id}`);
  return lines;
}

export function whoisLines(who: Whois, time: LocalTime): string[] {
  const { name, role, since, terminals, away, rooms, addresses, mutedUntil } = who;
  const here = terminals === 0 ? 'offline' : terminals === 1 ? 'online' : `online on ${terminals} terminals`;
  const absent = away === undefined ? '' : `, away${away === '' ? '' : `: ${printable(away)}`}`;
  const muted = mutedUntil === '' ? 'permanently' : `until ${dateAndTime(mutedUntil ?? '', time)}`;
  return [
    `${printable(name)}: ${role} since ${time.date(since)}, ${here}${absent}`,
    `  shared rooms: ${rooms.map((room) => `#${printable(room)}`).join(', ') || 'none'}`,
    ...(addresses === undefined
      ? []
      : [`  addresses: ${addresses.map((each) => printable(each)).join(', ') || 'unknown'}`]),
    ...(mutedUntil === undefined ? [] : [`  muted ${muted}`]),
  ];
}
