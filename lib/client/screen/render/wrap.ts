/** Where a text breaks into rows, and how wide it is. Pure; knows columns and grapheme clusters, not styles. */
import stringWidth from 'string-width';
import type { TextRange } from '../../../protocol/links.js';

/** A grapheme cluster, and how many columns it takes at most. */
export interface Cluster extends TextRange {
  readonly width: number;
}

const segmenter = new Intl.Segmenter();
const ascii = /^[\x20-\x7e]*$/;
// Never at the start of a row, and never at the end of one (after JIS X 4051).
const closing =
  /^[\u3001\u3002\uff0c\uff0e\uff01\uff1f\uff1a\uff1b\u30fb\u30fc\u3005\u2026\u300d\u300f\uff09\u3011\u300b\u3009\u3015\uff5d\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7]/;
const opening = /^[\u300c\u300e\uff08\u3010\u300a\u3008\u3014\uff5b]/;

const widths = new Map<string, number>();
const widthsKept = 4096;

/**
 * Columns of one cluster. Terminals without clusters draw each of its characters, so that a family takes eight
 * columns rather than two: this is the larger count.
 */
function clusterWidth(cluster: string): number {
  if (cluster.length === 1 && ascii.test(cluster)) return 1;
  const known = widths.get(cluster);
  if (known !== undefined) return known;
  let apart = 0;
  for (const character of cluster) apart += stringWidth(character);
  const width = Math.max(stringWidth(cluster), apart);
  if (widths.size >= widthsKept) widths.clear();
  if (cluster.length <= 32) widths.set(cluster, width);
  return width;
}

/** The clusters of a text; one wider than `widest` is split into its characters. */
export function clustersOf(text: string, widest = Number.POSITIVE_INFINITY): Cluster[] {
  if (ascii.test(text)) return Array.from(text, (_, start) => ({ start, end: start + 1, width: 1 }));
  const clusters: Cluster[] = [];
  for (const { segment, index: start } of segmenter.segment(text)) {
    const width = clusterWidth(segment);
    if (width <= widest) clusters.push({ start, end: start + segment.length, width });
    else clusters.push(...partsOf(segment, start));
  }
  return clusters;
}

/** The most columns a text takes in any terminal that follows Unicode. */
export function columnsOf(text: string): number {
  if (ascii.test(text)) return text.length;
  if (text.length === 1) return clusterWidth(text);
  return clustersOf(text).reduce((sum, { width }) => sum + width, 0);
}

/**
 * The rows of one line (no line feeds) in `width` columns, at least one: broken at a space, which is dropped, and
 * between wide characters; inside a word only if it is longer than a row. A character wider than `width` gets a row
 * of its own. Linear time.
 */
export function wrap(text: string, width: number): TextRange[] {
  if (text.length <= width && ascii.test(text)) return [{ start: 0, end: text.length }];
  const room = Math.max(1, width);
  const clusters = clustersOf(text, room);
  const rows: TextRange[] = [];
  let start = 0;
  let breakAt = 0;
  let column = 0;
  for (let i = 0; i < clusters.length; i++) {
    const cluster = clusters[i];
    if (cluster === undefined) break;
    const space = text[cluster.start] === ' ';
    if (i > start && mayBreak(text, clusters[i - 1], cluster)) breakAt = i;
    if (column + cluster.width <= room || i === start) {
      column += cluster.width;
      continue;
    }
    // The space at the edge is dropped; otherwise the word moves down if it fits there.
    const next = space ? i + 1 : breakAt > start && fits(text, clusters, breakAt, room) ? breakAt : i;
    rows.push(rowOf(text, clusters, start, next));
    start = next;
    breakAt = next;
    column = 0;
    i = next - 1;
  }
  if (start < clusters.length || rows.length === 0) rows.push(rowOf(text, clusters, start, clusters.length));
  return rows;
}

/** The rows of a line that is being typed: no space is dropped, and words are cut at the end of a row. */
export function wrapTyped(text: string, width: number): TextRange[] {
  const room = Math.max(1, width);
  const rows: TextRange[] = [];
  let start = 0;
  let column = 0;
  for (const cluster of clustersOf(text, room)) {
    if (column + cluster.width > room && cluster.start > start) {
      rows.push({ start, end: cluster.start });
      start = cluster.start;
      column = 0;
    }
    column += cluster.width;
  }
  rows.push({ start, end: text.length });
  return rows;
}

/** As much of one line as fits in `width` columns, with `mark` at the end if it was cut. */
export function cut(text: string, width: number, mark: string): string {
  if (columnsOf(text) <= width) return text;
  const room = width - columnsOf(mark);
  if (room < 0) return '';
  let column = 0;
  for (const cluster of clustersOf(text)) {
    column += cluster.width;
    if (column > room) return `${text.slice(0, cluster.start)}${mark}`;
  }
  return text;
}

/** The end of one line, as much as fits in `width` columns. */
export function endOf(text: string, width: number): string {
  let from = text.length;
  let column = 0;
  for (const cluster of clustersOf(text).reverse()) {
    column += cluster.width;
    if (column > width) break;
    from = cluster.start;
  }
  return text.slice(from);
}

function partsOf(cluster: string, offset: number): Cluster[] {
  const parts: Cluster[] = [];
  let start = offset;
  for (const character of cluster) {
    const end = start + character.length;
    const width = stringWidth(character);
    const before = parts.at(-1);
    // A character without width stays with the one before it.
    if (width === 0 && before !== undefined) parts[parts.length - 1] = { ...before, end };
    else parts.push({ start, end, width });
    start = end;
  }
  return parts;
}

function mayBreak(text: string, before: Cluster | undefined, after: Cluster): boolean {
  if (before === undefined || text[after.start] === ' ') return false;
  if (text[before.start] === ' ') return true;
  if (before.width < 2 && after.width < 2) return false;
  return (
    !closing.test(text.slice(after.start, after.end)) && !opening.test(text.slice(before.start, before.end))
  );
}

/** Whether the unbreakable part from here on fits in one row. */
function fits(text: string, clusters: readonly Cluster[], from: number, room: number): boolean {
  let column = 0;
  for (let i = from; i < clusters.length; i++) {
    const cluster = clusters[i];
    if (cluster === undefined || text[cluster.start] === ' ') return true;
    if (i > from && mayBreak(text, clusters[i - 1], cluster)) return true;
    column += cluster.width;
    if (column > room) return false;
  }
  return true;
}

function rowOf(text: string, clusters: readonly Cluster[], from: number, to: number): TextRange {
  const start = clusters[from]?.start ?? text.length;
  const end = clusters[to]?.start ?? text.length;
  return { start, end: to < clusters.length && end > start && text[end - 1] === ' ' ? end - 1 : end };
}
