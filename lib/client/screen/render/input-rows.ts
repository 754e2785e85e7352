/** The input as rows of the screen, and the cursor in them. Pure; knows no prompt but its width. */
import stringWidth from 'string-width';
import { printable } from '../../../protocol/printable.js';
import type { Editor } from '../state/editor.js';
import { betweenCharacters } from '../state/graphemes.js';
import { wrapTyped } from './wrap.js';

export interface InputRows {
  /** The visible rows, at least one. */
  readonly rows: readonly string[];
  /** The input continues above or below. */
  readonly more: boolean;
  /** Among `rows`; `column` counts from the end of the prompt. */
  readonly cursor: { readonly row: number; readonly column: number };
}

export interface InputSpace {
  readonly columns: number;
  /** Of the whole screen: the input takes a third at most. */
  readonly rows: number;
  /** Width of the prompt, left free on every row. */
  readonly prompt: number;
}

interface LaidOut {
  readonly width: number;
  readonly whole: boolean;
  readonly rows: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}

// A draft can be a paste of a megabyte. Only the blocks around the cursor are laid out.
const block = 16 * 1024;

// A draft is drawn again with every message that arrives.
const laid = new WeakMap<Editor, LaidOut>();

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

function layOut({ text, cursor }: Editor, width: number): LaidOut {
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
