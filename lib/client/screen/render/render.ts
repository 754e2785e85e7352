/** Renders the state as lines for a terminal. Pure: the same state and appearance give the same frame. */
import { printable } from '../../../protocol/printable.js';
import { usageOf } from '../../commands/usage.js';
import { current } from '../state/conversations.js';
import type { Completion, GraphicsDrawing, ImageView, ScreenState } from '../state/state.js';
import { questionCursor, statusLine, type TwoParts, topLine } from './bars.js';
import { imageLines, imageRoom, imageStatus, imageTitle, middle } from './image-view.js';
import { choicesOf, inputRows, type Layout, layout, promptColumns, sizeOf } from './layout.js';
import { paneRows } from './rows.js';
import { sideRows } from './side.js';
import { encode, encodeUpTo, fill, fit, gap, type Span, span, type TextRow } from './spans.js';
import { type Appearance, glyphsOf, stylesOf } from './theme.js';
import { columnsOf, cut } from './wrap.js';

/** What the terminal shows. */
export interface Frame {
  /** In place of lines, without sequences; wrapped by the terminal. */
  readonly plainText?: string;
  /** Exactly `rows` strings of at most `columns` columns, with SGR and OSC 8 sequences, each complete in itself. */
  readonly lines: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
  /** Drawn over the lines, from this cell on. */
  readonly graphics?: {
    readonly drawing: GraphicsDrawing;
    readonly row: number;
    readonly column: number;
  };
}

/**
 * Lines with something at the right edge also have CHA and EL: the painter draws each from column 0 on a cleared
 * row.
 */
export function render(state: ScreenState, appearance: Appearance): Frame {
  if (state.plainText !== undefined)
    return { lines: [], cursor: { row: 0, column: 0 }, plainText: state.plainText };
  if (state.image !== undefined) return imageFrame(state, state.image, appearance);
  const columns = sizeOf(state.columns);
  const rows = sizeOf(state.rows);
  const where = layout(state);
  const lines: string[] = [];
  if (where.topLine) lines.push(bar(topLine(state, appearance, columns), appearance, columns));
  lines.push(...paneLines(state, appearance, where));
  if (where.typing) lines.push(encode(typingRow(state, appearance, columns)));
  if (where.hint) lines.push(encode(fit(hintRow(appearance, columns), columns)));
  if (where.status) lines.push(bar(statusLine(state, appearance, columns), appearance, columns));
  if (where.task) lines.push(encode(fit(taskRow(state, appearance, columns), columns)));
  const input = inputLines(state, appearance, columns);
  const first = lines.length;
  lines.push(...input.lines.slice(0, where.input));
  if (where.below) lines.push(encode(rowBelow(state, appearance, columns)));
  const asked = where.status ? questionCursor(state, columns) : undefined;
  const cursor =
    asked === undefined
      ? { row: first + input.cursor.row, column: input.cursor.column }
      : { row: first - (where.task ? 2 : 1), column: asked };
  return {
    lines: lines.slice(0, rows),
    cursor: { row: clamp(cursor.row, rows), column: clamp(cursor.column, columns) },
  };
}

function imageFrame(state: ScreenState, image: ImageView, appearance: Appearance): Frame {
  const room = imageRoom(state);
  const { columns } = room;
  const rows = sizeOf(state.rows);
  const { drawing } = image;
  const all = [
    bar(imageTitle(image, appearance, columns), appearance, columns),
    ...imageLines(image, room),
    bar(imageStatus(state, image, { appearance, columns }), appearance, columns),
  ];
  const lines = all.slice(all.length - rows);
  const frame = { lines, cursor: { row: Math.max(0, rows - 1), column: 0 } };
  if (drawing?.kind !== 'graphics') return frame;
  const [row, column] = [1 + middle(drawing.rows, room.rows), middle(drawing.columns, columns)];
  return { ...frame, graphics: { drawing, row, column } };
}

/** The pane with the newest message at the bottom, and the lists beside it. */
function paneLines(state: ScreenState, appearance: Appearance, { pane, side }: Layout): string[] {
  const rows = paneRows(state, appearance);
  const above = Array.from({ length: Math.max(0, pane.height - rows.length) }, () => emptyRow);
  const left = [...above, ...rows].map((row) => paneLine(row, pane.width, side?.left));
  if (side === undefined) return left;
  const right = sideRows(state, appearance, { ...side, height: pane.height });
  return left.map((line, i) => `${line}${encode(fill(right[i] ?? [], side.width))}`);
}

const emptyRow: TextRow = [];
// Most rows stay the same from frame to frame.
const encoded = new WeakMap<
  TextRow,
  { readonly width: number; readonly upTo: number | undefined; readonly line: string }
>();

function paneLine(row: TextRow, width: number, upTo: number | undefined): string {
  const known = encoded.get(row);
  if (known?.width === width && known.upTo === upTo) return known.line;
  const fitting = fit(row, width);
  // So that no style runs on to the right of the row.
  const line = upTo === undefined ? encode(fitting) : encodeUpTo([...fitting, gap(0)], upTo);
  encoded.set(row, { width, upTo, line });
  return line;
}

function bar({ left, right, from }: TwoParts, appearance: Appearance, columns: number): string {
  const { bar: sgr } = stylesOf(appearance);
  const room = fit(left, from);
  if (right.length === 0) return encode(fill(room, columns, sgr));
  return `${encodeUpTo([...room, gap(0, sgr)], from)}${encode(fill(right, columns - from, sgr))}`;
}

/** More names would say no more. */
const typingNames = 3;

/** Who is typing in the current conversation; empty for no one. */
function typingRow(state: ScreenState, appearance: Appearance, columns: number): TextRow {
  const { typing = [] } = current(state);
  if (typing.length === 0) return [];
  const [last = '', ...before] = typing.toReversed();
  const names = before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`;
  const who = typing.length > typingNames ? `${typing.length} people` : names;
  const words = ` ${who} ${typing.length === 1 ? 'is' : 'are'} typing`;
  return [span(cut(words, columns, glyphsOf(appearance).cut), stylesOf(appearance).dim)];
}

/** The hint for newcomers. */
function hintRow(appearance: Appearance, columns: number): TextRow {
  const { dim, bold } = stylesOf(appearance);
  const { dot } = glyphsOf(appearance);
  const parts: Span[] = [];
  for (const [key, does] of [
    ['/help', 'for commands'],
    ['Tab', 'to complete a name'],
    ['/quit', 'to leave'],
  ] as const) {
    parts.push(span(parts.length === 0 ? ' ' : `  ${dot}  `, dim), span(key, bold), span(` ${does}`, dim));
  }
  if (parts.reduce((sum, { text }) => sum + columnsOf(text), 0) <= columns) return parts;
  return [span(` /help  ${dot}  Tab completes  ${dot}  /quit`, dim)];
}

/** What Enter does with the input. */
function taskRow(state: ScreenState, appearance: Appearance, columns: number): TextRow {
  const { dim, bold } = stylesOf(appearance);
  const { cut: mark } = glyphsOf(appearance);
  const { task } = current(state);
  if (task === undefined) return [];
  const end = '  Esc cancels';
  const what = span(` ${taskWords[task.kind]} `, bold);
  const room = columns - columnsOf(what.text);
  const about = span(cut(task.about, room - end.length, mark), dim);
  // Where there is no room for all of it, the beginning says enough.
  return room < 2 * end.length
    ? [what, span(cut(task.about, room, mark), dim)]
    : [what, about, span(end, dim)];
}

const taskWords = { edit: 'editing', reply: 'replying to' } as const;

/** The choices of a completion, else the usage of a command that is typed. */
function rowBelow(state: ScreenState, appearance: Appearance, columns: number): TextRow {
  const choices = choicesOf(state);
  if (choices !== undefined) return choicesRow(choices, appearance, columns);
  const words = ` ${usageOf(current(state).draft.text)}`;
  return [span(cut(words, columns, glyphsOf(appearance).cut), stylesOf(appearance).dim)];
}

const countColumns = ' +1000'.length;

/** As many choices as fit, from the beginning of a page, with the chosen one in brackets, and how many more there are. */
function choicesRow({ labels, chosen }: Completion, appearance: Appearance, columns: number): TextRow {
  const { dim, bold } = stylesOf(appearance);
  const { cut: mark } = glyphsOf(appearance);
  const room = Math.max(1, columns - countColumns);
  let page: Span[] = [];
  let taken = 0;
  for (const [i, label] of labels.entries()) {
    const word = cut(printable(label), room - '[]'.length, mark);
    const width = columnsOf(word) + '[]'.length;
    if (taken + width > room) {
      if (i > chosen) break;
      page = [];
      taken = 0;
    }
    page.push(i === chosen ? span(`[${word}]`, bold) : span(` ${word} `, dim));
    taken += width;
  }
  const rest = labels.length - page.length;
  return rest === 0 ? page : [...page, span(` +${rest}`, dim)];
}

interface Input {
  readonly lines: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}

function inputLines(state: ScreenState, appearance: Appearance, columns: number): Input {
  const width = promptColumns(state);
  const { draft } = current(state);
  const { rows, more, cursor } = inputRows(draft, { columns, rows: sizeOf(state.rows), prompt: width });
  const prompt = fill(promptRow(state, appearance, { width, more }), width);
  return {
    lines: rows.map((text, i) =>
      encode(fit([...(i === 0 ? prompt : [gap(width)]), { text, sgr: '' }], columns)),
    ),
    cursor: { row: cursor.row, column: width + cursor.column },
  };
}

function promptRow(
  state: ScreenState,
  appearance: Appearance,
  { width, more }: { width: number; more: boolean },
): TextRow {
  const glyphs = glyphsOf(appearance);
  const styles = stylesOf(appearance);
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
