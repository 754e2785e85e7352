/**
 * What the pane shows as text alone, without bars or people, for the terminal to wrap: what somebody marks with the
 * mouse then is whole lines. Pure.
 */
import { entryWords } from '../entry-words.js';
import { current } from '../state/conversations.js';
import type { Entry, ScreenState } from '../state/state.js';
import { sizeOf } from './layout.js';
import type { Look } from './theme.js';
import { columnsOf } from './wrap.js';

const footer = '-- mark and copy; any key goes back --';
// So that nobody's further line looks like a message of another.
const indent = '  ';

/** As many of the lines up to where the reader is as the screen has room for. */
export function bareText(state: ScreenState, look: Look): string {
  const columns = sizeOf(state.columns);
  const { entries, at } = current(state);
  const end = at === undefined ? entries.length : entries.findIndex(({ id }) => id === at.id) + 1;
  const lines = [footer.slice(0, columns)];
  let room = sizeOf(state.rows) - 1;
  for (const entry of entries.slice(0, end).toReversed()) {
    for (const line of linesOf(entry, look).toReversed()) {
      room -= Math.max(1, Math.ceil(columnsOf(line) / columns));
      if (room < 0) return lines.join('\r\n');
      lines.unshift(line);
    }
  }
  return lines.join('\r\n');
}

function linesOf(entry: Entry, look: Look): string[] {
  // What the program says needs no time, and is copied as it is.
  if (entry.kind === 'notice') return entry.text.split('\n');
  return entryWords(entry).flatMap((words) => {
    const [first = '', ...more] = words.split('\n');
    return [`${look.time.minute(entry.at)} ${first}`, ...more.map((line) => `${indent}${line}`)];
  });
}
