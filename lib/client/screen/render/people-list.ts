/** Who is in the room, as a column of the screen. */

import { peopleBeside } from '../state/people.js';
import type { PersonState, ScreenState } from '../state/state.js';
import { gap, type Row, type Span, span } from './spans.js';
import { glyphsOf, type Look, stylesOf } from './theme.js';
import { columnsOf, cut } from './wrap.js';

/** So many rows of so many columns, a border at their left included. */
export function peopleRows(
  state: ScreenState,
  look: Look,
  { width, height }: { width: number; height: number },
): Row[] {
  const styles = stylesOf(look);
  const border = span(`${glyphsOf(look).bar} `, styles.dim);
  const room = width - columnsOf(border.text);
  const { people, beyond } = peopleBeside(state);
  const online = people.filter((person) => person.online).length + beyond;
  const head = span(cut(`${online} here`, room, ''), styles.dim);
  // The last row counts those for whom there is none.
  const rest = people.length + beyond;
  const named = rest <= height - 1 ? people.length : Math.max(0, Math.min(people.length, height - 2));
  const rows: Row[] = [[head], ...people.slice(0, named).map((person) => personRow(person, look, room))];
  if (rest > named) rows.push([span(cut(`+${rest - named} more`, room, ''), styles.dim)]);
  return Array.from({ length: height }, (_, i) => [border, ...(rows[i] ?? [])]);
}

function personRow({ name, role, room: inRoom, online, away }: PersonState, look: Look, room: number): Row {
  const styles = stylesOf(look);
  const glyphs = glyphsOf(look);
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
