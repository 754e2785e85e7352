/** Lists that commands answer with, as lines: rooms, search results, files. Knows words, no screen. */
import stringWidth from 'string-width';
import { printable } from '../../protocol/printable.js';
import type {
  AuditEntry,
  Ban,
  Found,
  InviteInfo,
  Message,
  RoomInfo,
  SessionInfo,
  Whois,
} from '../../protocol/records.js';
import { byteCount } from './byte-count.js';
import type { LocalTime } from './local-time.js';

/** One line a room: whether this person is in it, its name, how many are, what it is about. */
export function roomLines(rooms: readonly RoomInfo[]): string[] {
  const sorted = rooms.toSorted((one, other) => rank(one) - rank(other) || (one.room < other.room ? -1 : 1));
  const names = columns(sorted.map(({ room }) => `#${printable(room)}`));
  const lines = sorted.map(({ role, members, invited, topic, ...room }, at) => {
    const marks = [
      room.private ? 'private' : '',
      role === undefined || role === 'member' ? '' : `you: ${role}`,
      invited === undefined ? '' : `${printable(invited)} invites you: /join #${printable(room.room)}`,
    ].filter((mark) => mark !== '');
    const about = [...marks.map((mark) => `(${mark})`), printable(topic ?? '')].join(' ').trim();
    const count = `${members}`.padStart(4);
    return `${role === undefined ? ' ' : '*'} ${names[at]} ${count}  ${about}`.trimEnd();
  });
  return [...lines, '* you are in it. /join #ROOM goes into another one, or makes it.'];
}

function rank({ role, invited }: RoomInfo): number {
  if (role !== undefined) return 0;
  return invited === undefined ? 2 : 1;
}

export interface FoundList {
  readonly more: boolean;
  /** It is not the first page. */
  readonly further: boolean;
  readonly time: LocalTime;
}

/** Two lines a message: its ID, when and where and by whom; then the text, with [what was found] in brackets. */
export function foundLines(found: readonly Found[], { more, further, time }: FoundList): string[] {
  if (found.length === 0) return [further ? 'There is nothing more.' : 'Nothing was found.'];
  const lines = found.flatMap(({ seq, at, from, room, with: peer, excerpt, marks }) => {
    const where = room === undefined ? `@${printable(peer ?? '')}` : `#${printable(room)}`;
    const head = `${seq}  ${time.date(at)} ${time.minute(at)}  ${where}  ${printable(from)}:`;
    return [head, `    ${marked(excerpt, marks)}`];
  });
  const next = more ? '; /search shows the next ones' : '';
  return [...lines, `/jump ID shows one in its place${next}.`];
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

/** One line a file, the newest last. */
export function fileLines(
  messages: readonly Message[],
  { more, time }: { more: boolean; time: LocalTime },
): string[] {
  const files = messages.flatMap(({ seq, at, from, file }) =>
    file === undefined ? [] : [{ seq, at, from, file }],
  );
  if (files.length === 0) return ['No files were sent here. /send PATH sends one.'];
  const ids = columns(files.map(({ seq }) => `${seq}`));
  const names = columns(files.map(({ file }) => printable(file.name)));
  const lines = files.map(({ at, from, file }, index) => {
    const size = byteCount(file.size).padStart(9);
    return `${ids[index]}  ${names[index]}  ${size}  ${printable(from)}, ${time.date(at)} ${time.minute(at)}`;
  });
  return [...lines, `/get ID fetches one.${more ? ' There are older ones.' : ''}`];
}

/** Filled up to the width of the widest. */
export function columns(words: readonly string[]): string[] {
  const width = Math.max(0, ...words.map((word) => stringWidth(word)));
  return words.map((word) => word + ' '.repeat(width - stringWidth(word)));
}

function when(at: string, time: LocalTime): string {
  return `${time.date(at)} ${time.minute(at)}`;
}

function ofReason(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${printable(reason)}`;
}

export function banLines(bans: readonly Ban[], time: LocalTime): string[] {
  if (bans.length === 0) return ['Nobody is banned.'];
  const who = columns(bans.map(({ name, address }) => printable(name ?? address ?? '')));
  return bans.map(({ by, at, until, reason }, index) => {
    const end = until === undefined ? 'for good' : `until ${when(until, time)}`;
    return `${who[index]}  ${end}, by ${printable(by)} on ${when(at, time)}${ofReason(reason)}`;
  });
}

export function inviteLines(invites: readonly InviteInfo[], time: LocalTime): string[] {
  if (invites.length === 0) return ['No join link is good any more. /invite-link makes one.'];
  const lines = invites.map(({ id, by, role, uses, expires }) => {
    const times = uses === 1 ? 'once' : `${uses} times`;
    return `${id}  ${role}, ${times}, until ${when(expires, time)}, by ${printable(by ?? 'the operator')}`;
  });
  return [...lines, '/uninvite NUMBER ends one.'];
}

export function sessionLines(sessions: readonly SessionInfo[], time: LocalTime): string[] {
  const lines = sessions.map(({ id, at, used, address, bot, current }) => {
    const what = [current ? 'this one' : '', bot ? 'a token' : ''].filter((word) => word !== '').join(', ');
    const from = address === undefined ? '' : ` from ${printable(address)}`;
    return `${id}  since ${when(at, time)}, used ${when(used, time)}${from}${what === '' ? '' : ` (${what})`}`;
  });
  return [...lines, '/logout NUMBER ends one, /logout all ends them all.'];
}

/** The newest last, as people read; a full page says how to go on. */
export function auditLines(entries: readonly AuditEntry[], time: LocalTime, page: number): string[] {
  if (entries.length === 0) return ['Nothing was done.'];
  const lines = entries.toReversed().map(({ at, by, action, on, room, detail, reason }) => {
    const where = room === undefined ? '' : ` in #${printable(room)}`;
    const more = detail === undefined ? '' : ` (${printable(detail)})`;
    const whom = on === undefined || on === by ? '' : ` ${printable(on)}`;
    return `${when(at, time)}  ${printable(by)} ${printable(action)}${whom}${where}${more}${ofReason(reason)}`;
  });
  if (entries.length === page) lines.push(`/audit ${entries.at(-1)?.id} shows what was before.`);
  return lines;
}

export function whoisLines(who: Whois, time: LocalTime): string[] {
  const { name, role, since, terminals, away, rooms, addresses, mutedUntil } = who;
  const here = terminals === 0 ? 'not here' : terminals === 1 ? 'here' : `here on ${terminals} terminals`;
  const absent = away === undefined ? '' : `, away${away === '' ? '' : `: ${printable(away)}`}`;
  const muted = mutedUntil === '' ? 'for good' : `until ${when(mutedUntil ?? '', time)}`;
  return [
    `${printable(name)}: ${role} since ${time.date(since)}, ${here}${absent}`,
    `  rooms you share: ${rooms.map((room) => `#${printable(room)}`).join(', ') || 'none'}`,
    ...(addresses === undefined
      ? []
      : [`  addresses: ${addresses.map((each) => printable(each)).join(', ') || 'none known'}`]),
    ...(mutedUntil === undefined ? [] : [`  muted ${muted}`]),
  ];
}
