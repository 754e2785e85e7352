/** The lists beside the messages: the conversations, where there is room, and who is online. Pure. */
import { allConversations, current, isConnected, serversOf } from '../state/conversations.js';
import { listedPeople } from '../state/people.js';
import type { ConversationState, PersonState, ScreenState, ServerSummary } from '../state/state.js';
import { counts } from './bars.js';
import { fill, gap, rowColumns, type Span, span, type TextRow } from './spans.js';
import { type Appearance, glyphsOf, stylesOf } from './theme.js';
import { columnsOf, cut } from './wrap.js';

export interface SideSpace {
  readonly width: number;
  readonly height: number;
  /** Also list the conversations. */
  readonly conversations: boolean;
}

/** Exactly `height` rows of at most `width` columns, with a border on the left. */
export function sideRows(state: ScreenState, appearance: Appearance, space: SideSpace): TextRow[] {
  const { height } = space;
  const border = span(`${glyphsOf(appearance).bar} `, stylesOf(appearance).dim);
  const room = space.width - columnsOf(border.text);
  const above = space.conversations
    ? conversationRows(state, appearance, { room, height: Math.floor(height / 2) })
    : [];
  const rows = [...above, ...peopleRows(state, appearance, { room, height: height - above.length })];
  return Array.from({ length: height }, (_, i) => [border, ...(rows[i] ?? [])]);
}

/** Columns, and the most rows. */
interface ListSpace {
  readonly room: number;
  readonly height: number;
}

/** As many as fit, the current one among them, and an empty row; with several servers, each below its name. */
function conversationRows(
  state: ScreenState,
  appearance: Appearance,
  { room, height }: ListSpace,
): TextRow[] {
  const open = current(state);
  const servers = serversOf(state);
  const numbers = new Map(allConversations(state).map(({ conversation }, i) => [conversation, i + 1]));
  const all = servers.flatMap((server): readonly (ServerSummary | ConversationState)[] =>
    servers.length === 1 ? server.conversations : [server, ...server.conversations],
  );
  const shown = Math.min(all.length, height - 1);
  if (shown <= 0) return [];
  const first = Math.max(0, Math.min(all.indexOf(open) - Math.floor(shown / 2), all.length - shown));
  const rows = all.slice(first, first + shown).map((each) => {
    if ('server' in each) return serverRow(each, appearance, room);
    return conversationRow(each, appearance, { number: numbers.get(each) ?? 0, isOpen: each === open, room });
  });
  return [...rows, []];
}

function serverRow({ server, ...summary }: ServerSummary, appearance: Appearance, room: number): TextRow {
  const styles = stylesOf(appearance);
  const down = isConnected(summary) ? '' : ' !';
  const name = cut(server, room - down.length, glyphsOf(appearance).cut);
  return [span(name, styles.dim), span(down, styles.bad)];
}

function conversationRow(
  conversation: ConversationState,
  appearance: Appearance,
  { number, isOpen, room }: { number: number; isOpen: boolean; room: number },
): TextRow {
  const styles = stylesOf(appearance);
  const found = counts(conversation, appearance);
  // An urgent count brings its own blank.
  const unread = found.at(-1)?.text.endsWith(' ') ? found : [...found, gap(1)];
  const label = `${String(number).padStart(2)} `;
  const name = cut(conversation.id, room - label.length - rowColumns(unread), glyphsOf(appearance).cut);
  if (isOpen) return fill([span(`${label}${name}`, styles.barCurrent)], room, styles.barCurrent);
  const quiet = conversation.unread === 0;
  const row = [span(label, styles.dim), span(name, quiet ? styles.dim : styles.bold)];
  return [...row, gap(room - rowColumns(row) - rowColumns(unread)), ...unread];
}

function peopleRows(state: ScreenState, appearance: Appearance, { room, height }: ListSpace): TextRow[] {
  const styles = stylesOf(appearance);
  const { people, unnamed } = listedPeople(state);
  const online = people.filter((person) => person.online).length + unnamed;
  const head = span(cut(`${online} online`, room, ''), styles.dim);
  // The last row counts the rest.
  const rest = people.length + unnamed;
  const named = rest <= height - 1 ? people.length : Math.max(0, Math.min(people.length, height - 2));
  const rows: TextRow[] = [
    [head],
    ...people.slice(0, named).map((person) => personRow(person, appearance, room)),
  ];
  if (rest > named) rows.push([span(cut(`+${rest - named} more`, room, ''), styles.dim)]);
  return rows;
}

function personRow(
  { name, role, room: inRoom, online, away }: PersonState,
  appearance: Appearance,
  room: number,
): TextRow {
  const styles = stylesOf(appearance);
  const glyphs = glyphsOf(appearance);
  const here = online && !away;
  const mark = span(
    here ? glyphs.online : online ? glyphs.away : glyphs.offline,
    here ? styles.good : styles.dim,
  );
  const rank = inRoom ?? (role === 'admin' ? 'owner' : role === 'moderator' ? 'moderator' : 'member');
  const badge: Span[] =
    rank === 'member' ? [] : [gap(1), span(rank === 'owner' ? glyphs.admin : glyphs.moderator, styles.warn)];
  const shown = cut(span(name).text, room - 2 - (badge.length > 0 ? 2 : 0), glyphs.cut);
  return [mark, gap(1), span(shown, here ? styles.name(name) : styles.dim), ...badge];
}
