/** The text of a message as lines of styled text: links, mentions of the reader, formatting, files. Pure; knows no columns. */
import { findLinks, type TextRange } from '../../../protocol/links.js';
import { findMentions } from '../../../protocol/mentions.js';
import { printable } from '../../../protocol/printable.js';
import { byteCount } from '../../../protocol/quantities.js';
import type { Settings } from '../../commands/settings.js';
import { type FormattedLine, formatsOf, formattedLines } from '../../text/formatting.js';
import type { MessageEntry } from '../state/state.js';
import { joined, type Span, span, type TextRow } from './spans.js';
import type { Appearance, Glyphs, Styles } from './theme.js';

interface TextContext {
  readonly appearance: Appearance;
  readonly styles: Styles;
  readonly glyphs: Glyphs;
  /** The reader and their settings. */
  readonly around: { readonly me: string; readonly settings: Settings };
}

/** A line of a text, and what stands before each of its rows. */
export interface TextLine {
  readonly before: TextRow;
  readonly row: TextRow;
}

/** The text, with links, mentions of the reader, and formatting. */
export function textLines(message: MessageEntry, context: TextContext): TextLine[] {
  const { styles, around } = context;
  const { removed, file } = message;
  if (removed !== undefined)
    return [{ before: [], row: [span(`message deleted by ${removed}`, styles.dim)] }];
  if (file !== undefined) return [{ before: [], row: fileLine(message, file, styles) }];
  const typed = printable(message.text, { newlines: true }).split('\n');
  const lines =
    around.settings.formatting === 'on'
      ? formattedLines(typed)
      : typed.map((text) => ({ kind: 'text' as const, text }));
  return lines.map((line, i) => {
    const { before, row } = lineOf(line, message, context);
    const isEnd = message.edited === true && i === lines.length - 1;
    return { before, row: isEnd ? [...row, span(' (edited)', styles.dim)] : row };
  });
}

function lineOf({ kind, text }: FormattedLine, message: MessageEntry, context: TextContext): TextLine {
  const { styles, glyphs } = context;
  const bar = [span(`${glyphs.quote} `, styles.dim)];
  if (kind === 'code') return { before: bar, row: [span(text, styles.literal)] };
  const sgr = message.mention ? styles.bold : message.delivery.state === 'sending' ? styles.dim : '';
  if (kind === 'text') return { before: [], row: pieces(text, message, { sgr, context }) };
  return { before: bar, row: pieces(text, message, { sgr: joined(sgr, italic), context }) };
}

const italic = '3';

/** A line with its marks as they are shown; the characters that only mark are left out. */
function pieces(
  line: string,
  message: MessageEntry,
  { sgr, context }: { sgr: string; context: TextContext },
): TextRow {
  const { styles, appearance, around } = context;
  const marks = marksOf(line, message.mention ? around.me : '');
  const formats = around.settings.formatting === 'on' ? formatsOf(line, marks) : [];
  const sgrs = { bold: styles.bold, italic, code: styles.literal };
  // Without a style of its own, code keeps its backticks.
  const hiding = formats.filter(({ kind }) => kind !== 'code' || styles.literal !== '');
  const hidden = hiding.flatMap(({ start, end, marks: size }) => [
    { start, end: start + size },
    { start: end - size, end },
  ]);
  const edges = [...marks, ...formats, ...hidden].flatMap(({ start, end }) => [start, end]);
  const cuts = [...new Set([0, ...edges, line.length])].sort((a, b) => a - b);
  const row: Span[] = [];
  for (const [i, start] of cuts.slice(0, -1).entries()) {
    const end = cuts[i + 1] ?? start;
    const within = (range: TextRange) => range.start <= start && end <= range.end;
    if (hidden.some(within)) continue;
    const text = line.slice(start, end);
    const mark = marks.find(within);
    if (mark !== undefined) row.push(...mark.show(text, styles, appearance));
    else row.push(span(text, joined(sgr, ...formats.filter(within).map(({ kind }) => sgrs[kind]))));
  }
  return row.length > 0 ? row : [span('')];
}

/** A file, and how to see or download it. */
function fileLine(
  message: MessageEntry,
  { name, size }: NonNullable<MessageEntry['file']>,
  styles: Styles,
): TextRow {
  const { seq } = message;
  const isImage = /\.(?:png|jpe?g)$/i.test(name);
  const ways = isImage ? `/view ${seq} or /get ${seq}` : `/get ${seq} to download`;
  const how = seq === undefined ? '' : `, ${ways}`;
  return [span(name, styles.bold), span(` (${byteCount(size)}${how})`, styles.dim)];
}

interface Mark extends TextRange {
  readonly show: (text: string, styles: Styles, appearance: Appearance) => Span[];
}

/** Links and mentions in a line, from left to right. */
function marksOf(line: string, name: string): Mark[] {
  const links = findLinks(line).map(
    ({ start, end, href, host }): Mark => ({
      ...{ start, end },
      show(text, styles, appearance) {
        const shown = { ...span(text, styles.link), ...(appearance.links ? { href } : {}) };
        return host === undefined ? [shown] : [shown, span(` [${host}]`, styles.host)];
      },
    }),
  );
  const names = findMentions(line, name).map(
    (range): Mark => ({ ...range, show: (text, styles) => [span(text, styles.mention)] }),
  );
  return [...links, ...names].sort((a, b) => a.start - b.start);
}
