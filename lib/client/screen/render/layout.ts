/** What stands where on the screen. Knows rows and columns, not what is in them. */

import { current } from '../state/conversations.js';
import type { ScreenState } from '../state/state.js';
import { inputRows } from './input-rows.js';

export interface Layout {
  readonly topLine: boolean;
  /** The pane of messages: rows from `top`, columns from 0. */
  readonly pane: { readonly top: number; readonly height: number; readonly width: number };
  /** The people, in the rows of the pane, from this column on. */
  readonly side: { readonly left: number; readonly width: number } | undefined;
  readonly hint: boolean;
  /** The conversations, or a question in their place. */
  readonly status: boolean;
  /** Rows of the input. */
  readonly input: number;
}

/** Columns of a message's parts. Texts begin at `text`, on every row, and no name does. */
export interface Margins {
  /** Too narrow for times and for a column of names. */
  readonly compact: boolean;
  readonly name: number;
  readonly text: number;
}

const sideFrom = 80;
const sideShownFrom = 40;
const hintFrom = 10;
const statusFrom = 6;
const topLineFrom = 5;

/** Where everything goes. Where there is no room the hint goes first, then the status line, then the top line. */
export function layout(state: ScreenState): Layout {
  const columns = sizeOf(state.columns);
  const rows = sizeOf(state.rows);
  const topLine = rows >= topLineFrom;
  const status = rows >= statusFrom || (state.question !== undefined && rows >= 2);
  const hint = state.hint && rows >= hintFrom;
  const typed = inputRows(current(state).draft, { columns, rows, prompt: promptColumns(state) });
  const input = Math.min(typed.rows.length, rows);
  const others = [topLine, status, hint].filter(Boolean).length;
  const side = showsSide(state, columns) ? sideWidth(columns) : 0;
  return {
    topLine,
    pane: {
      top: topLine ? 1 : 0,
      height: Math.max(0, rows - others - input),
      width: side === 0 ? columns : columns - side - 1,
    },
    side: side === 0 ? undefined : { left: columns - side, width: side },
    hint,
    status,
    input,
  };
}

/** How a pane of that width is divided. */
export function margins(width: number): Margins {
  if (width < 40) return { compact: true, name: 0, text: 2 };
  const name = width < 50 ? 8 : width < 72 ? 10 : width < 100 ? 12 : 16;
  return { compact: false, name, text: 'HH:MM '.length + name + ' | '.length };
}

/** Columns of the prompt with its mark and spaces: a third of the screen at most. */
export function promptColumns(state: ScreenState): number {
  const most = Math.floor(sizeOf(state.columns) / 3);
  const whole = state.current.length + 3;
  return whole <= most ? whole : Math.min(2, most);
}

/** Whole and not negative, whatever a terminal says about itself. */
export function sizeOf(size: number): number {
  return Number.isFinite(size) ? Math.max(0, Math.floor(size)) : 0;
}

function showsSide({ side }: ScreenState, columns: number): boolean {
  if (side === 'hidden') return false;
  return columns >= (side === 'shown' ? sideShownFrom : sideFrom);
}

function sideWidth(columns: number): number {
  if (columns < 60) return 14;
  return columns < 110 ? 18 : 22;
}
