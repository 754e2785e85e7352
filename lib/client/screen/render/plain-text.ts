/** Conversations as plain text: the view for copying with the mouse, and what /save writes. Pure; knows no styles. */
import { spoken } from '../../text/transcript.js';
import { current } from '../state/conversations.js';
import type { PaneEntry, ScreenState } from '../state/state.js';
import { sizeOf } from './layout.js';
import type { Appearance } from './theme.js';
import { columnsOf } from './wrap.js';

/** An entry as printable texts, each of one line or several. */
export function entryLines(entry: PaneEntry): string[] {
  switch (entry.kind) {
    case 'message': {
      const { from, text, action, delivery } = entry;
      const note =
        delivery.state === 'failed'
          ? ` (not sent: ${delivery.why})`
          : delivery.state === 'sending'
            ? ' (sending)'
            : '';
      return [spoken({ from, text: `${text}${note}`, action })];
    }
    case 'presence': {
      const { joined, left } = entry;
      return [
        ...(joined.length === 0 ? [] : [`-- ${joined.join(', ')} joined`]),
        ...left.map(({ name, reason }) => `-- ${name} left${reason === undefined ? '' : ` (${reason})`}`),
      ];
    }
    default:
      return [entry.text];
  }
}

const footer = '-- select and copy; any key goes back --';
// No continuation line looks like another message.
const indent = '  ';

/** As many lines as fit on the screen, up to the scroll position; the terminal wraps them, so each is copied whole. */
export function plainText(state: ScreenState, appearance: Appearance): string {
  const columns = sizeOf(state.columns);
  const { entries, at } = current(state);
  const end = at === undefined ? entries.length : entries.findIndex(({ id }) => id === at.id) + 1;
  const lines = [footer.slice(0, columns)];
  let room = sizeOf(state.rows) - 1;
  for (const entry of entries.slice(0, end).toReversed()) {
    for (const line of linesOf(entry, appearance).toReversed()) {
      room -= Math.max(1, Math.ceil(columnsOf(line) / columns));
      if (room < 0) return lines.join('\r\n');
      lines.unshift(line);
    }
  }
  return lines.join('\r\n');
}

function linesOf(entry: PaneEntry, appearance: Appearance): string[] {
  // Notices need no time, and are copied as they are.
  if (entry.kind === 'notice') return entry.text.split('\n');
  return entryLines(entry).flatMap((words) => {
    const [first = '', ...more] = words.split('\n');
    return [`${appearance.time.minute(entry.at)} ${first}`, ...more.map((line) => `${indent}${line}`)];
  });
}
