/** What is typed, as rows of the screen, and where the cursor is in them. Knows no prompt but its width. */
import stringWidth from 'string-width';
import { printable } from '../../../protocol/printable.js';
import type { Editor } from '../input/editor.js';
import { betweenCharacters } from '../input/graphemes.js';
import { wrapTyped } from './wrap.js';

export interface InputRows {
  /** Those that are shown, at least one. */
  readonly rows: readonly string[];
  /** More is typed above or below. */
  readonly more: boolean;
  /** Among `rows`; `column` counts from the end of the prompt. */
  readonly cursor: { readonly row: number; readonly column: number };
}

export interface InputSpace {
  readonly columns: number;
  /** Of the whole screen: the input takes a third at most. */
  readonly rows: number;
  /** Columns of the prompt, which every row leaves free. */
  readonly prompt: number;
}

interface Laid {
  readonly width: number;
  readonly whole: boolean;
  readonly rows: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}

// A draft can be a whole paste of a megabyte. More than fills a screen is laid out around the cursor, from a
// place that stays while a block is typed in.
const block = 16 * 1024;

// A draft is drawn again with every message that comes.
const laid = new WeakMap<Editor, Laid>();

export function inputRows(draft: Editor, { columns, rows, prompt }: InputSpace): InputRows {
  // The cursor needs a column after the last character.
  const width = Math.max(1, columns - prompt - 1);
  const known = laid.get(draft);
  const all = known?.width === width ? known : layOut(draft, width);
  if (all !== known) laid.set(draft, all);
  const height = Math.max(1, Math.min(all.rows.length, Math.floor(rows / 3)));
  const first = Math.min(Math.max(0, all.cursor.row - height + 1), all.rows.length - height);
  return {
    rows: all.rows.slice(first, first + height),
    more: !all.whole || all.rows.length > height,
    cursor: { row: all.cursor.row - first, column: all.cursor.column },
  };
}

function layOut({ text, cursor }: Editor, width: number): Laid {
  const from = betweenCharacters(text, Math.max(0, Math.floor(cursor / block) - 1) * block);
  const to = betweenCharacters(text, Math.min(text.length, cursor + block));
  const before = printable(text.slice(from, cursor), { newlines: true });
  const shown = before + printable(text.slice(cursor, to), { newlines: true });
  const rows: string[] = [];
  let at = { row: 0, column: 0 };
  let offset = 0;
  for (const line of shown.split('\n')) {
    for (const { start, end } of wrapTyped(line, width)) {
      const inside = before.length - offset - start;
      if (inside >= 0)
        at = { row: rows.length, column: stringWidth(line.slice(start, Math.min(end, start + inside))) };
      rows.push(line.slice(start, end));
    }
    offset += line.length + 1;
  }
  const whole = from === 0 && to === text.length;
  return { width, rows, whole, cursor: { row: at.row, column: Math.min(at.column, width) } };
}
