/** The view of an image: a bar above with what it is, one below with the keys, the image between them. Pure. */
import { byteCount } from '../../../protocol/quantities.js';
import { unreadCount } from '../state/conversations.js';
import type { ImageView, ScreenState } from '../state/state.js';
import type { TwoParts } from './bars.js';
import { sizeOf } from './layout.js';
import { encode, fit, gap, rowColumns, span } from './spans.js';
import { type Appearance, glyphsOf, stylesOf } from './theme.js';
import { cut } from './wrap.js';

const bars = 2;

/** Cells for an image; 0 rows if the screen is too small. */
export function imageRoom({ columns, rows }: Pick<ScreenState, 'columns' | 'rows'>): {
  readonly columns: number;
  readonly rows: number;
} {
  return { columns: sizeOf(columns), rows: Math.max(0, sizeOf(rows) - bars) };
}

export function imageTitle(image: ImageView, appearance: Appearance, columns: number): TwoParts {
  const { bar, barStrong, barDim } = stylesOf(appearance);
  const { dot, cut: mark } = glyphsOf(appearance);
  const { name, size, dimensions } = image;
  const facts = [
    ...(dimensions === undefined ? [] : [`${dimensions.width} by ${dimensions.height} pixels`]),
    ...(size === undefined ? [] : [byteCount(size)]),
  ];
  const right = facts.length === 0 ? [] : [span(` ${facts.join(` ${dot} `)} `, barDim)];
  const from = Math.max(0, columns - rowColumns(right));
  // The name is worth more than its size.
  if (from < columns / 3) return { left: [gap(1, bar), span(name, barStrong)], right: [], from: columns };
  return { left: [gap(1, bar), span(cut(name, from - 1, mark), barStrong)], right, from };
}

export function imageStatus(
  state: ScreenState,
  { unreadBefore }: ImageView,
  { appearance, columns }: { readonly appearance: Appearance; readonly columns: number },
): TwoParts {
  const { bar, barAlert } = stylesOf(appearance);
  const arrived = unreadCount(state) - unreadBefore;
  const words = arrived === 1 ? ' 1 new message ' : ` ${arrived} new messages `;
  const right = arrived <= 0 || words.length > columns / 2 ? [] : [span(words, barAlert)];
  return { left: [span(' Esc or q closes ', bar)], right, from: columns - rowColumns(right) };
}

/** In the middle: the rows of the image, or what is happening to it. */
export function imageLines(
  { drawing, progress }: ImageView,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string[] {
  const words = encode(fit([span(progress)], columns));
  const shown = drawing === undefined ? [words] : drawing.kind === 'rows' ? drawing.rows : [];
  const width = drawing?.columns ?? progress.length;
  const indent = ' '.repeat(middle(width, columns));
  const above = Array.from({ length: middle(shown.length, rows) }, () => '');
  const lines = [...above, ...shown.map((row) => `${indent}${row}`)].slice(0, rows);
  return [...lines, ...Array.from({ length: rows - lines.length }, () => '')];
}

/** Where something begins that is in the middle of a space. */
export function middle(size: number, space: number): number {
  return Math.max(0, Math.floor((space - size) / 2));
}
