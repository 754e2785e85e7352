/** The whole screen as lines for a terminal. Pure: the same state and look are the same picture. */

import { current } from '../state/conversations.js';
import type { Frame, ScreenState } from '../state/state.js';
import { inputRows } from './input-rows.js';
import { type Layout, layout, promptColumns, sizeOf } from './layout.js';
import { peopleRows } from './people-list.js';
import { paneRows } from './rows.js';
import { encode, encodeUpTo, fill, fit, gap, type Row, type Span, span } from './spans.js';
import { questionCursor, statusLine } from './status-line.js';
import { glyphsOf, type Look, stylesOf } from './theme.js';
import { type TwoParts, topLine } from './top-line.js';
import { columnsOf, cut } from './wrap.js';

/**
 * The frame. Besides SGR and OSC 8 its lines have CHA and EL, where something stands at the right edge: a
 * painter draws each from column 0 on, with what was on the line before cleared.
 */
export function render(state: ScreenState, look: Look): Frame {
  if (state.bare !== undefined) return { lines: [], cursor: { row: 0, column: 0 }, bare: state.bare };
  const columns = sizeOf(state.columns);
  const rows = sizeOf(state.rows);
  const where = layout(state);
  const lines: string[] = [];
  if (where.topLine) lines.push(bar(topLine(state, look, columns), look, columns));
  lines.push(...paneLines(state, look, where));
  if (where.hint) lines.push(encode(fit(hintRow(look, columns), columns)));
  if (where.status) lines.push(bar(statusLine(state, look, columns), look, columns));
  const input = inputLines(state, look, columns);
  const first = lines.length;
  lines.push(...input.lines.slice(0, where.input));
  const asked = where.status ? questionCursor(state, columns) : undefined;
  const cursor =
    asked === undefined
      ? { row: first + input.cursor.row, column: input.cursor.column }
      : { row: first - 1, column: asked };
  return {
    lines: lines.slice(0, rows),
    cursor: { row: clamp(cursor.row, rows), column: clamp(cursor.column, columns) },
  };
}

/** The pane and the people beside it; what was said last stands at the bottom. */
function paneLines(state: ScreenState, look: Look, { pane, side }: Layout): string[] {
  const rows = paneRows(state, look);
  const above = Array.from({ length: Math.max(0, pane.height - rows.length) }, () => emptyRow);
  const left = [...above, ...rows].map((row) => paneLine(row, pane.width, side?.left));
  if (side === undefined) return left;
  const people = peopleRows(state, look, { width: side.width, height: pane.height });
  return left.map((line, i) => `${line}${encode(fill(people[i] ?? [], side.width))}`);
}

const emptyRow: Row = [];
// The rows of a pane are the same ones from frame to frame.
const encoded = new WeakMap<
  Row,
  { readonly width: number; readonly upTo: number | undefined; readonly line: string }
>();

function paneLine(row: Row, width: number, upTo: number | undefined): string {
  const known = encoded.get(row);
  if (known?.width === width && known.upTo === upTo) return known.line;
  const fitting = fit(row, width);
  // So that no style runs on to the right of the row.
  const line = upTo === undefined ? encode(fitting) : encodeUpTo([...fitting, gap(0)], upTo);
  encoded.set(row, { width, upTo, line });
  return line;
}

function bar({ left, right, from }: TwoParts, look: Look, columns: number): string {
  const { bar: sgr } = stylesOf(look);
  const room = fit(left, from);
  if (right.length === 0) return encode(fill(room, columns, sgr));
  return `${encodeUpTo([...room, gap(0, sgr)], from)}${encode(fill(right, columns - from, sgr))}`;
}

/** The three things a newcomer needs. */
function hintRow(look: Look, columns: number): Row {
  const { dim, bold } = stylesOf(look);
  const { dot } = glyphsOf(look);
  const parts: Span[] = [];
  for (const [key, does] of [
    ['/help', 'shows what there is'],
    ['Tab', 'completes names'],
    ['/quit', 'leaves'],
  ] as const) {
    parts.push(span(parts.length === 0 ? ' ' : `  ${dot}  `, dim), span(key, bold), span(` ${does}`, dim));
  }
  if (parts.reduce((sum, { text }) => sum + columnsOf(text), 0) <= columns) return parts;
  return [span(` /help  ${dot}  Tab completes  ${dot}  /quit`, dim)];
}

interface Input {
  readonly lines: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}

function inputLines(state: ScreenState, look: Look, columns: number): Input {
  const width = promptColumns(state);
  const { draft } = current(state);
  const { rows, more, cursor } = inputRows(draft, { columns, rows: sizeOf(state.rows), prompt: width });
  const prompt = fill(promptRow(state, look, { width, more }), width);
  return {
    lines: rows.map((text, i) =>
      encode(fit([...(i === 0 ? prompt : [gap(width)]), { text, sgr: '' }], columns)),
    ),
    cursor: { row: cursor.row, column: width + cursor.column },
  };
}

function promptRow(state: ScreenState, look: Look, { width, more }: { width: number; more: boolean }): Row {
  const glyphs = glyphsOf(look);
  const styles = stylesOf(look);
  const mark = span(more ? glyphs.promptMore : glyphs.prompt, styles.dim);
  const direct = state.current.startsWith('@');
  const room = width - 3;
  if (room < 1) return [mark, gap(1)];
  const place = cut(span(state.current).text, room, glyphs.cut);
  return [span(place, direct ? styles.direct : styles.bold), gap(1), mark, gap(1)];
}

function clamp(at: number, size: number): number {
  return Math.max(0, Math.min(at, size - 1));
}
