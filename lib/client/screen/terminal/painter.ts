/** The difference between two frames, as sequences for a terminal. Pure; knows frames, no stream. */
import type { Frame } from '../render/render.js';

// DECSET 2026, synchronized output; terminals without it ignore it.
const begin = '\x1b[?2026h\x1b[?25l';
const end = '\x1b[?25h\x1b[?2026l';
const clear = '\x1b[0m\x1b[2J';

/**
 * Writes only the rows that changed, each at its absolute position. The cursor is hidden meanwhile and placed last.
 * @param previous what the terminal shows; undefined if unknown, so that everything is written
 * @returns empty if nothing changed
 */
export function paint(previous: Frame | undefined, next: Frame): string {
  if (next.plainText !== undefined) {
    return next.plainText === previous?.plainText
      ? ''
      : `${begin}${clear}${place(0, 0)}${wrapped(next.plainText)}${end}`;
  }
  const known =
    previous?.plainText === undefined && previous?.lines.length === next.lines.length ? previous : undefined;
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

/** With DECAWM, which is off otherwise: see terminal.ts. */
function wrapped(text: string): string {
  return `\x1b[?7h${text}\x1b[?7l`;
}

/** CUP. A row is erased before it is written: after a full last column, erasing would take that too. */
function place(row: number, column: number): string {
  return `\x1b[${row + 1};${column + 1}H`;
}
