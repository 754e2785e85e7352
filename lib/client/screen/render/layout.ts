/** Where everything goes on the screen, and the input as rows. Pure; knows rows and columns, not what is in them. */
import stringWidth from 'string-width';
import { printable } from '../../../protocol/printable.js';
import { usageOf } from '../../commands/usage.js';
import { selectedMessage } from '../state/conversation.js';
import { completing, current } from '../state/conversations.js';
import type { Editor } from '../state/editor.js';
import { betweenCharacters } from '../state/graphemes.js';
import type { Completion, ScreenState } from '../state/state.js';
import { wrapTyped } from './wrap.js';

export interface Layout {
  readonly topLine: boolean;
  /** The pane of messages: rows from `top`, columns from 0. */
  readonly pane: { readonly top: number; readonly height: number; readonly width: number };
  /** The lists at the side: in the rows of the pane, from column `left`. */
  readonly side:
    | { readonly left: number; readonly width: number; readonly conversations: boolean }
    | undefined;
  /** Who is typing, below the pane. Its place is kept while no one is, so that nothing moves. */
  readonly typing: boolean;
  readonly hint: boolean;
  /** The status line, or in its place a question or the keys for a selected message. */
  readonly status: boolean;
  /** What Enter does instead of posting the input, above it. */
  readonly task: boolean;
  /** Rows of the input. */
  readonly input: number;
  /** A row below the input: the choices of a completion, or the usage of a command that is being typed. */
  readonly below: boolean;
}

/** Columns of a message's parts. Every row of its text begins at `text`. */
export interface Margins {
  /** Too narrow for times and for a column of names. */
  readonly compact: boolean;
  readonly name: number;
  readonly text: number;
}

const sideFrom = 100;
const sideShownFrom = 40;
const conversationsFrom = 120;
const longestName = 12;
/** The mark of a notice stands in the column of the names. */
const shortestLabel = '--'.length;
const hintFrom = 10;
const statusFrom = 6;
const topLineFrom = 5;
const taskFrom = 3;

/** Without enough rows the hint and who is typing go first, then the status line, then the top line. */
export function layout(state: ScreenState): Layout {
  const columns = sizeOf(state.columns);
  const rows = sizeOf(state.rows);
  const topLine = rows >= topLineFrom;
  const asks = state.question !== undefined || selectedMessage(current(state)) !== undefined;
  const status = rows >= statusFrom || (asks && rows >= 2);
  const task = current(state).task !== undefined && rows >= taskFrom;
  const hint = state.hint && rows >= hintFrom;
  const typed = inputRows(current(state).draft, { columns, rows, prompt: promptColumns(state) });
  const input = Math.min(typed.rows.length, rows);
  const below =
    rows >= hintFrom && (choicesOf(state) !== undefined || usageOf(current(state).draft.text) !== '');
  const typing = rows >= hintFrom && state.settings.typing === 'on';
  const others = [topLine, status, hint, below, typing, task].filter(Boolean).length;
  const side = showsSide(state, columns) ? sideWidth(columns) : 0;
  return {
    topLine,
    pane: {
      top: topLine ? 1 : 0,
      height: Math.max(0, rows - others - input),
      width: side === 0 ? columns : columns - side - 1,
    },
    side:
      side === 0
        ? undefined
        : { left: columns - side, width: side, conversations: columns >= conversationsFrom },
    typing,
    hint,
    status,
    task,
    input,
    below,
  };
}

/** What Tab goes through, if there is more than one. */
export function choicesOf(state: ScreenState): Completion | undefined {
  const completion = completing(state);
  return completion === undefined || completion.choices.length < 2 ? undefined : completion;
}

/** How a pane of this width is divided. @param shown columns of the longest name and of the times in it */
export function margins(width: number, shown: { readonly name: number; readonly time: number }): Margins {
  if (width < 40) return { compact: true, name: 0, text: 2 };
  const most = width < 50 ? 8 : width < 60 ? 10 : longestName;
  const name = Math.max(shortestLabel, Math.min(most, shown.name));
  return { compact: false, name, text: shown.time + ' '.length + name + ' | '.length };
}

/** Width of the prompt: a third of the screen at most. */
export function promptColumns(state: ScreenState): number {
  const most = Math.floor(sizeOf(state.columns) / 3);
  const whole = state.current.length + 3;
  return whole <= most ? whole : Math.min(2, most);
}

/** Whole and not negative, whatever the terminal reports. */
export function sizeOf(size: number): number {
  return Number.isFinite(size) ? Math.max(0, Math.floor(size)) : 0;
}

function showsSide({ sideLists }: ScreenState, columns: number): boolean {
  if (sideLists === 'hidden') return false;
  return columns >= (sideLists === 'shown' ? sideShownFrom : sideFrom);
}

function sideWidth(columns: number): number {
  if (columns < 60) return 14;
  return columns < conversationsFrom ? 18 : 24;
}

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

interface LaidOut extends Omit<InputRows, 'more'> {
  readonly width: number;
  readonly whole: boolean;
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
