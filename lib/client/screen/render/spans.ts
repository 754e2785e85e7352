/**
 * Pieces of styled text, rows of them, and the sequences that a terminal draws them by. Knows SGR, OSC 8 and
 * columns, not what the text says. What comes from others becomes printable here, and only here.
 */

import type { TextRange } from '../../../protocol/links.js';
import { printable } from '../../../protocol/printable.js';
import { clustersOf, columnsOf, wrap } from './wrap.js';

export interface Span {
  readonly text: string;
  /** SGR parameters; empty for none. */
  readonly sgr: string;
  /** Where it leads: an absolute URL in printable ASCII. */
  readonly href?: string;
}

export type Row = readonly Span[];

/** A piece of a row, on one line, whatever the text is. */
export function span(text: string, sgr = ''): Span {
  return { text: printable(text), sgr };
}

export function gap(columns: number, sgr = ''): Span {
  return { text: ' '.repeat(Math.max(0, columns)), sgr };
}

/** The most columns that a row can take. */
export function rowColumns(row: Row): number {
  return row.reduce((sum, { text }) => sum + columnsOf(text), 0);
}

/** The row, cut after `width` columns. */
export function fit(row: Row, width: number): Row {
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

/** The row cut or filled up to `width` columns; less where terminals disagree about it, never more. */
export function fill(row: Row, width: number, sgr = ''): Row {
  const fitting = fit(row, width);
  const columns = rowColumns(fitting);
  return columns < width ? [...fitting, gap(width - columns, sgr)] : fitting;
}

/** One line of spans without line feeds as rows of at most `width` columns. */
export function wrapRow(row: Row, width: number): Row[] {
  const text = row.map((piece) => piece.text).join('');
  const ranges = wrap(text, width);
  return ranges.length === 1 ? [row] : ranges.map((range) => slice(row, range));
}

/** The row as a terminal is told to draw it; whatever was before and comes after does not matter to it. */
export function encode(row: Row): string {
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
 * The row filled up to `column` and the way there, so that what is put behind it stands from `column` (0 the
 * first) on, wherever the row ended: a terminal that disagrees about the width of a character moves nothing
 * (EL and CHA, ECMA-48 8.3.41 and 8.3.9). The style of the row's last piece goes on up to there.
 */
export function encodeUpTo(row: Row, column: number): string {
  const sgr = row.at(-1)?.sgr ?? '';
  const erase = sgr === '' ? '\x1b[K' : `\x1b[${sgr}m\x1b[K\x1b[0m`;
  return `${encode(fill(row, column, sgr))}${erase}\x1b[${column + 1}G`;
}

function sequence({ text, sgr, href }: Span): string {
  const styled = sgr === '' ? text : `\x1b[${sgr}m${text}\x1b[0m`;
  return href === undefined ? styled : `\x1b]8;id=${linkId(href)};${href}\x1b\\${styled}\x1b]8;;\x1b\\`;
}

/** Pieces with one id and one address are one link, however they are wrapped. */
function linkId(href: string): string {
  let hash = 0;
  for (let i = 0; i < href.length; i++) hash = (Math.imul(hash, 31) + href.charCodeAt(i)) >>> 0;
  return hash.toString(36);
}

function slice(row: Row, { start, end }: TextRange): Row {
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
