/** Lists that commands answer with, as lines: rooms, search results, files. Knows words, no screen. */
import stringWidth from 'string-width';
import { printable } from '../../protocol/printable.js';
import type { Found, Message, RoomInfo } from '../../protocol/records.js';
import { byteCount } from '../byte-count.js';
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
