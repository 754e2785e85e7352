/** What to write so that a terminal shows the next picture of the screen. Pure; knows frames, no stream. */
import type { Frame } from '../state/state.js';

// DECSET 2026: a terminal that knows it shows what is between all at once; others ignore it.
const begin = '\x1b[?2026h\x1b[?25l';
const end = '\x1b[?25h\x1b[?2026l';
const clear = '\x1b[0m\x1b[2J';

/**
 * Only rows that changed are written, each at its absolute place. The cursor is hidden meanwhile and placed
 * last.
 * @param previous what the terminal shows; undefined where that is unknown, so that everything is written
 * @returns empty where nothing changed
 */
export function paint(previous: Frame | undefined, next: Frame): string {
  if (next.bare !== undefined) {
    return next.bare === previous?.bare ? '' : `${begin}${clear}${place(0, 0)}${wrapped(next.bare)}${end}`;
  }
  const known =
    previous?.bare === undefined && previous?.lines.length === next.lines.length ? previous : undefined;
  const rows = next.lines.map((line, row) => {
    const before = known === undefined ? '' : known.lines[row];
    return line === before ? '' : `${place(row, 0)}${known === undefined ? '' : '\x1b[K'}${line}`;
  });
  const { row, column } = next.cursor;
  const changed =
    known === undefined || rows.some(Boolean) || row !== known.cursor.row || column !== known.cursor.column;
  if (!changed) return '';
  return `${begin}${known === undefined ? clear : ''}${rows.join('')}${place(row, column)}${end}`;
}

/** DECAWM is on for this text alone: see modes.ts. */
function wrapped(text: string): string {
  return `\x1b[?7h${text}\x1b[?7l`;
}

/** CUP. A row is erased before it is written: after a last column that is full, erasing would take that too. */
function place(row: number, column: number): string {
  return `\x1b[${row + 1};${column + 1}H`;
}
