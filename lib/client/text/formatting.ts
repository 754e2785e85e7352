/**
 * What people mark in their messages: `*bold*`, `_italic_`, code in backticks, `>` quotes, and blocks of code between
 * lines of three backticks. Pure; knows ranges of text, not how they are drawn.
 */
import { findLinks, type TextRange } from '../../protocol/links.js';

/** A line of a message, without what marks it as a quote or as code. */
export interface FormattedLine {
  readonly kind: 'text' | 'quote' | 'code';
  readonly text: string;
}

/** A part of a line with its marks, which take `marks` characters at either end. */
export interface Format extends TextRange {
  readonly kind: 'bold' | 'italic' | 'code';
  readonly marks: number;
}

const fence = /^\s*```[\w+#.-]*\s*$/;
const quote = /^> ?/;

/** The lines without those that begin and end a block of code; a block without an end goes to the last line. */
export function formattedLines(lines: readonly string[]): FormattedLine[] {
  const formatted: FormattedLine[] = [];
  let inBlock = false;
  for (const text of lines) {
    if (fence.test(text)) inBlock = !inBlock;
    else if (inBlock) formatted.push({ kind: 'code', text });
    else if (quote.test(text)) formatted.push({ kind: 'quote', text: text.replace(quote, '') });
    else formatted.push({ kind: 'text', text });
  }
  // A message of nothing else still has a line.
  return formatted.length > 0 ? formatted : [{ kind: 'text', text: lines.join(' ') }];
}

// Marks stand at the edges of words, so that 2*3*4, *.ts and snake_case stay as they are.
const patterns = {
  code: /(?<!`)(`{1,3})(?!`)([^`]+)\1(?!`)/g,
  bold: /(?<![\p{L}\p{N}*\\])(\*{1,2})(?=[^\s*])([^*]*[^\s*])\1(?![\p{L}\p{N}*])/gu,
  italic: /(?<![\p{L}\p{N}_\\])(_)(?=[^\s_])([^_]*[^\s_])\1(?![\p{L}\p{N}_])/gu,
};

/** From left to right; they may lie within each other. Linear time. @param links in which nothing is a mark */
export function formatsOf(line: string, links: readonly TextRange[]): Format[] {
  if (!/[`*_]/.test(line)) return [];
  const code = found('code', masked(line, links));
  const rest = masked(line, [...links, ...code]);
  return [...code, ...found('bold', rest), ...found('italic', rest)].sort((a, b) => a.start - b.start);
}

/** The text with a change to what is neither code nor a link. */
export function changeProse(text: string, change: (prose: string) => string): string {
  let inBlock = false;
  const changed = text.split('\n').map((line) => {
    const isFence = fence.test(line);
    if (isFence) inBlock = !inBlock;
    return isFence || inBlock ? line : changeOutside(line, change);
  });
  return changed.join('\n');
}

function changeOutside(line: string, change: (prose: string) => string): string {
  const links = findLinks(line);
  const kept = [...links, ...found('code', masked(line, links))].sort((a, b) => a.start - b.start);
  let changed = '';
  let from = 0;
  for (const { start, end } of kept) {
    changed += change(line.slice(from, start)) + line.slice(start, end);
    from = end;
  }
  return changed + change(line.slice(from));
}

function found(kind: Format['kind'], line: string): Format[] {
  return Array.from(line.matchAll(patterns[kind]), ({ index, 0: whole, 1: mark = '' }) => ({
    kind,
    ...{ start: index, end: index + whole.length, marks: mark.length },
  }));
}

/** The line with letters in place of these ranges. */
function masked(line: string, ranges: readonly TextRange[]): string {
  const letters = line.split('');
  for (const { start, end } of ranges) letters.fill('x', start, end);
  return letters.join('');
}
