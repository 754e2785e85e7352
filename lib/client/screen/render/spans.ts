/**
 * Rows of styled text, and their sequences for a terminal. Pure; knows SGR, OSC 8 and columns, not what the text says.
 * All text becomes printable here, the last point before the terminal.
 */
import type { TextRange } from '../../../protocol/links.js';
import { printable } from '../../../protocol/printable.js';
import { clustersOf, columnsOf, wrap } from './wrap.js';

export interface Span {
  readonly text: string;
  /** SGR parameters; empty for none. */
  readonly sgr: string;
  /** An absolute URL in printable ASCII. */
  readonly href?: string;
}

export type TextRow = readonly Span[];

/** A piece of a row; printable and on one line, whatever the text is. */
export function span(text: string, sgr = ''): Span {
  return { text: printable(text), sgr };
}

/** SGR parameters one after the other: of two that contradict each other, the later one holds. */
export function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(';');
}

/** A sentence within another one: printable, without its full stop. */
export function withoutStop(text: string): string {
  return printable(text).trim().replace(/\.$/, '');
}

export function gap(columns: number, sgr = ''): Span {
  return { text: ' '.repeat(Math.max(0, columns)), sgr };
}

/** The most columns a row can take. */
export function rowColumns(row: TextRow): number {
  return row.reduce((sum, { text }) => sum + columnsOf(text), 0);
}

/** The row, cut after `width` columns. */
export function fit(row: TextRow, width: number): TextRow {
  if (rowColumns(row) <= width) return row;
  const kept: Span[] = [];
  let column = 0;
  for (const piece of row) {
    let end = 0;
    for (const cluster of clustersOf(piece.text)) {
      column += cluster.width;
      if (column > width) {
        kept.push({ ...piece, text: piece.text.slice(0, end) });
        return kept;
      }
      end = cluster.end;
    }
    kept.push(piece);
  }
  return kept;
}

/** The row, cut after `width` columns, with `mark` at its end then. */
export function cutRow(row: TextRow, width: number, mark: string): TextRow {
  if (rowColumns(row) <= width) return row;
  const kept = fit(row, width - columnsOf(mark));
  return [...kept, { text: mark, sgr: kept.at(-1)?.sgr ?? '' }];
}

/** The row cut or padded to `width` columns; where terminals disagree about widths it may be less, never more. */
export function fill(row: TextRow, width: number, sgr = ''): TextRow {
  const fitting = fit(row, width);
  const columns = rowColumns(fitting);
  return columns < width ? [...fitting, gap(width - columns, sgr)] : fitting;
}

/** One line of spans without line feeds as rows of at most `width` columns. */
export function wrapRow(row: TextRow, width: number): TextRow[] {
  const text = row.map((piece) => piece.text).join('');
  const ranges = wrap(text, width);
  return ranges.length === 1 ? [row] : ranges.map((range) => slice(row, range));
}

/** The sequences that draw the row, independent of what is around it. */
export function encode(row: TextRow): string {
  let encoded = '';
  let run = '';
  row.forEach((piece, i) => {
    run += piece.text;
    const next = row[i + 1];
    if (next !== undefined && next.sgr === piece.sgr && next.href === piece.href) return;
    if (run !== '') encoded += sequence({ ...piece, text: run });
    run = '';
  });
  return encoded;
}

/**
 * The row padded to `column` (0 the first), and the cursor moved there, so that what follows begins at `column` even
 * in a terminal that disagrees about the width of a character (EL and CHA, ECMA-48 8.3.41 and 8.3.9). The style of
 * the last piece continues up to there.
 */
export function encodeUpTo(row: TextRow, column: number): string {
  const sgr = row.at(-1)?.sgr ?? '';
  const erase = sgr === '' ? '\x1b[K' : `\x1b[${sgr}m\x1b[K\x1b[0m`;
  return `${encode(fill(row, column, sgr))}${erase}\x1b[${column + 1}G`;
}

function sequence({ text, sgr, href }: Span): string {
  const styled = sgr === '' ? text : `\x1b[${sgr}m${text}\x1b[0m`;
  return href === undefined ? styled : `\x1b]8;id=${linkId(href)};${href}\x1b\\${styled}\x1b]8;;\x1b\\`;
}

/** Pieces with the same id and address are one link, however they are wrapped. */
function linkId(href: string): string {
  let hash = 0;
  for (let i = 0; i < href.length; i++) hash = (Math.imul(hash, 31) + href.charCodeAt(i)) >>> 0;
  return hash.toString(36);
}

function slice(row: TextRow, { start, end }: TextRange): TextRow {
  const pieces: Span[] = [];
  let at = 0;
  for (const piece of row) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, piece.text.length);
    if (from < to) pieces.push({ ...piece, text: piece.text.slice(from, to) });
    at += piece.text.length;
    if (at >= end) break;
  }
  return pieces;
}
