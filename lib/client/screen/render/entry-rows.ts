/** One entry of a conversation as rows of the pane: a message, people who joined and left, or a notice. Pure; knows no other entries. */
import { printable } from '../../../protocol/printable.js';
import { duration } from '../../../protocol/quantities.js';
import { reactionCode } from '../../../protocol/reactions.js';
import type { Settings } from '../../commands/settings.js';
import type { MessageEntry, NoticeEntry, PaneEntry, PresenceEntry } from '../state/state.js';
import { type Margins, margins } from './layout.js';
import { type TextLine, textLines } from './message-text.js';
import {
  cutRow,
  fill,
  fit,
  gap,
  joined,
  rowColumns,
  type Span,
  span,
  type TextRow,
  withoutStop,
  wrapRow,
} from './spans.js';
import { type Appearance, type Glyphs, glyphsOf, type Styles, stylesOf } from './theme.js';
import { columnsOf, cut } from './wrap.js';

/** What the rows depend on besides the entry. */
export interface EntryContext {
  /** Of the pane. */
  readonly width: number;
  /** Columns of the longest name in the pane. */
  readonly longestName: number;
  readonly settings: Settings;
  /** The reader. */
  readonly me: string;
  /** It is a direct message. */
  readonly direct: boolean;
  /** The day shown above the entry; empty for none. */
  readonly day: string;
  /** The line "new" is above the entry. */
  readonly fresh: boolean;
  /** The entry continues the one above: its name is not repeated. */
  readonly grouped: boolean;
  /** When it was, as shown. */
  readonly time: string;
  /** The same is shown for the one above. */
  readonly sameTime: boolean;
  /** What is folded is shown in full. */
  readonly unfolded: boolean;
  /** The reader jumped to it. */
  readonly marked: boolean;
  /** Keys act on it. */
  readonly selected: boolean;
  /** Who has read it, in words; empty if that is not shown. */
  readonly seenBy: string;
}

interface Drawing {
  readonly appearance: Appearance;
  readonly around: EntryContext;
  readonly styles: Styles;
  readonly glyphs: Glyphs;
  readonly columns: Margins;
}

/** The part to the left of an entry's text. */
interface Head {
  readonly time: string;
  readonly label: Span;
  readonly bar: Span;
}

// Hundreds can join or leave at once.
const namesShown = 12;

/** The rows, first to last, none wider than the pane. */
export function entryRows(entry: PaneEntry, around: EntryContext, appearance: Appearance): TextRow[] {
  const drawing: Drawing = {
    appearance,
    around,
    styles: stylesOf(appearance),
    glyphs: glyphsOf(appearance),
    columns: margins(around.width, { name: around.longestName, time: around.time.length }),
  };
  const rows: TextRow[] = [];
  if (around.day !== '') rows.push(rule(around.day, drawing.styles.dim, drawing));
  if (around.fresh) rows.push(rule('new messages', drawing.styles.fresh, drawing));
  const body = bodyRows(entry, drawing);
  rows.push(...(around.selected ? body.map((row) => highlighted(row, drawing)) : body));
  return rows.map((row) => fit(row, around.width));
}

/** Across the pane; what has a background of its own keeps it. */
function highlighted(row: TextRow, { around, styles }: Drawing): TextRow {
  return fill(row, around.width).map((piece) => ({ ...piece, sgr: joined(styles.selected, piece.sgr) }));
}

/** A line across the pane with a text in it. */
export function ruleRow(words: string, width: number, appearance: Appearance): TextRow {
  const { rule: dash } = glyphsOf(appearance);
  const label = ` ${printable(words)} `;
  const text = `${dash.repeat(2)}${label}${dash.repeat(Math.max(0, width - columnsOf(label) - 2))}`;
  return fit([{ text, sgr: stylesOf(appearance).dim }], width);
}

function rule(words: string, sgr: string, { appearance, around }: Drawing): TextRow {
  return ruleRow(words, around.width, appearance).map((piece) => ({ ...piece, sgr }));
}

function bodyRows(entry: PaneEntry, drawing: Drawing): readonly TextRow[] {
  switch (entry.kind) {
    case 'message':
      return messageRows(entry, drawing);
    case 'presence':
      return aside(presenceWords(entry, drawing.glyphs), { drawing, bad: false });
    case 'notice':
      if (entry.tone === 'code') return pictureRows(entry.text, drawing);
      return foldedRows(entry, aside(entry.text, { drawing, bad: entry.tone === 'bad' }), drawing);
    default:
      return entry satisfies never;
  }
}

function messageRows(message: MessageEntry, drawing: Drawing): TextRow[] {
  const { styles, glyphs, columns, around } = drawing;
  const name = span(message.from, styles.name(message.from));
  const action = message.action;
  const head: Head = {
    time: around.grouped && around.sameTime ? '' : around.time,
    label: action ? span(glyphs.action, styles.bold) : around.grouped ? gap(0) : name,
    bar: barOf(message, drawing),
  };
  const quoted = quoteLine(message, drawing);
  const lines = [...quoted, ...textLines(message, drawing)];
  const between = message.mention ? span(`${glyphs.mention} `, styles.mention) : span(': ');
  // A narrow pane has no column for the name.
  const names = action ? [name, span(' ')] : columns.compact && !around.grouped ? [name, between] : [];
  const named = action ? quoted.length : 0;
  const width = around.width - columns.text;
  const mark = deliveryMark(message, drawing);
  const rows: TextRow[] = lines.flatMap(({ before, row }, i) => {
    const [ahead, text] =
      i === named && names.length > 0 ? [[], [...names, ...before, ...row]] : [before, row];
    if (i < quoted.length) return [cutRow(text, width, glyphs.cut)];
    return wrapRow(text, width - rowColumns(mark) - rowColumns(ahead)).map((part) => [...ahead, ...part]);
  });
  const last = rows.length - 1;
  if (mark.length > 0 && around.seenBy === '') rows[last] = [...(rows[last] ?? []), ...mark];
  addSeen(rows, width, drawing);
  rows.push(...reactionRows(message, width, drawing));
  rows.push(...deliveryRows(message, drawing).flatMap((row) => wrapRow(row, width)));
  return withHead(rows, head, drawing);
}

/** What a reply is to; none for other messages. */
function quoteLine({ of, removed }: MessageEntry, { styles, glyphs }: Drawing): TextLine[] {
  if (of === undefined || removed !== undefined) return [];
  const gone = of.from === undefined || of.text === undefined;
  const words = gone ? 'deleted message' : `${of.from}: ${of.text}`;
  return [{ before: [], row: [span(`${glyphs.reply} ${words}`, styles.dim)] }];
}

/** The reactions, as many in a row as fit; the reader's own are in brackets. */
function reactionRows({ reactions = [] }: MessageEntry, width: number, drawing: Drawing): TextRow[] {
  const { styles, appearance } = drawing;
  const rows: Span[][] = [];
  for (const { emoji, count, mine } of reactions) {
    const shown = (appearance.glyphs === 'ascii' ? reactionCode(emoji) : undefined) ?? emoji;
    const [before, after] = mine ? ['[', ']'] : [' ', ' '];
    const chip = span(`${before}${shown} ${count}${after}`, mine ? styles.bold : styles.dim);
    const last = rows.at(-1);
    if (last !== undefined && rowColumns(last) + columnsOf(chip.text) <= width) last.push(chip);
    else rows.push([chip]);
  }
  return rows;
}

/** How far an own message has come; its place is reserved from the start, so that nothing moves. */
function deliveryMark({ mine, delivery }: MessageEntry, { styles, glyphs, around }: Drawing): TextRow {
  if (!mine || delivery.state === 'failed') return [];
  if (delivery.state === 'sent')
    return [around.settings.ticks === 'on' ? span(` ${glyphs.sent}`, styles.dim) : gap(2)];
  return [span(` ${glyphs.sending}`, styles.dim)];
}

/** At the end of the last row, so that nothing moves; only if there is no room, below it. */
function addSeen(rows: TextRow[], width: number, { around, styles, glyphs }: Drawing): void {
  if (around.seenBy === '') return;
  const row = [span(`${glyphs.seen}${around.seenBy}`, styles.dim)];
  const last = rows.at(-1) ?? [];
  const fits = rowColumns(last) + 1 + rowColumns(row) <= width;
  if (fits) rows[rows.length - 1] = [...last, gap(1), ...row];
  else rows.push(...wrapRow(row, width));
}

/** Why an own message is not delivered. */
function deliveryRows({ delivery }: MessageEntry, { styles, glyphs }: Drawing): TextRow[] {
  if (delivery.state === 'failed') {
    return [
      [span(`${glyphs.bad} not sent: ${withoutStop(delivery.why)}. Try again with /retry.`, styles.bad)],
    ];
  }
  if (delivery.state === 'sent' || delivery.waitMs === undefined) return [];
  return [[span(`sending in ${duration(delivery.waitMs)} (rate limit)`, styles.warn)]];
}

function barOf(message: MessageEntry, { styles, glyphs, around }: Drawing): Span {
  if (around.selected) return span(glyphs.selected, styles.bold);
  if (around.marked) return span(glyphs.mention, styles.fresh);
  if (message.mention) return span(glyphs.mention, styles.mention);
  return around.direct ? span(glyphs.direct, styles.direct) : span(glyphs.bar, styles.dim);
}

/** A line that is no message. */
function aside(text: string, { drawing, bad }: { drawing: Drawing; bad: boolean }): TextRow[] {
  const { styles, glyphs, columns, around } = drawing;
  const sgr = bad ? styles.bad : styles.dim;
  const lines = printable(text, { newlines: true }).split('\n');
  if (lines.length > 1 && !columns.compact) return answerRows(lines, { drawing, sgr });
  const rows: TextRow[] = lines.flatMap((line) => wrapRow([span(line, sgr)], around.width - columns.text));
  const label = span(bad ? glyphs.bad : glyphs.notice, sgr);
  return withHead(rows, { time: around.time, label, bar: span(glyphs.bar, styles.dim) }, drawing);
}

/** The beginning of a folded notice, how much more there is, and the key that shows it. */
function foldedRows(
  { folded }: NoticeEntry,
  rows: readonly TextRow[],
  { around, glyphs, styles }: Drawing,
): readonly TextRow[] {
  const [first, ...others] = rows;
  if (first === undefined || others.length === 0 || !folded || around.unfolded) return rows;
  const more = span(
    `${glyphs.cut} +${others.length} ${others.length === 1 ? 'row' : 'rows'} (Alt-O)`,
    styles.dim,
  );
  return [[...fit(first, around.width - rowColumns([more])), more]];
}

/** Several lines, such as help: across the pane, with continuation lines under the last column. */
function answerRows(
  lines: readonly string[],
  { drawing, sgr }: { drawing: Drawing; sgr: string },
): TextRow[] {
  const { styles, glyphs, around } = drawing;
  const before = [span(glyphs.bar, styles.dim), gap(1)];
  const width = around.width - rowColumns(before);
  return lines.flatMap((line) => {
    const [head = ''] = /^.*?\S {2,}(?=\S)|^ */.exec(line) ?? [];
    const hang = columnsOf(head) > width / 2 ? 0 : columnsOf(head);
    const left = hang === 0 ? line : line.slice(head.length);
    return wrapRow([span(left, sgr)], width - hang).map((row, i) => {
      if (hang === 0) return [...before, ...row];
      return [...before, i === 0 ? span(head, sgr) : gap(hang), ...row];
    });
  });
}

/** A QR code: light on dark, whatever the theme. */
function pictureRows(text: string, { styles, glyphs }: Drawing): TextRow[] {
  const bar = span(glyphs.bar, styles.dim);
  return text.split('\n').map((line) => [bar, gap(1), span(line, styles.code)]);
}

function withHead(rows: readonly TextRow[], head: Head, drawing: Drawing): TextRow[] {
  const { columns, around, styles, glyphs } = drawing;
  if (columns.compact) return compactRows(rows, head, drawing);
  const time = span(head.time.padEnd(around.time.length + 1), styles.dim);
  const under = [gap(around.time.length + 1 + columns.name + 1), head.bar, gap(1)];
  const label = { ...head.label, text: cut(head.label.text, columns.name, glyphs.cut) };
  const first = [time, gap(columns.name - columnsOf(label.text)), label, gap(1), head.bar, gap(1)];
  return rows.map((row, i) => [...(i === 0 ? first : under), ...row]);
}

/** The name begins the first row; continuation rows begin with a bar. */
function compactRows(rows: readonly TextRow[], head: Head, { around, glyphs, styles }: Drawing): TextRow[] {
  const isAside = [glyphs.notice, glyphs.bad, glyphs.action].includes(head.label.text);
  return rows.map((row, i) => {
    if (i > 0 || (around.grouped && !isAside)) return [head.bar, gap(1), ...row];
    return isAside ? [span(head.label.text.slice(0, 1), head.label.sgr || styles.dim), gap(1), ...row] : row;
  });
}

function presenceWords({ joined, left }: PresenceEntry, { dot }: Glyphs): string {
  const reasonOf = (reason: string | undefined): string => printable(reason ?? '').trim();
  const plain = left.filter(({ reason }) => reasonOf(reason) === '').map(({ name }) => printable(name));
  const explained = left
    .filter(({ reason }) => reasonOf(reason) !== '')
    .map(({ name, reason }) => `${printable(name)} left (${reasonOf(reason)})`);
  return [
    joined.length === 0 ? '' : `${listed(joined.map((name) => printable(name)))} joined`,
    plain.length === 0 ? '' : `${listed(plain)} left`,
    ...explained.slice(0, namesShown),
    explained.length > namesShown ? `${explained.length - namesShown} more left` : '',
  ]
    .filter((words) => words !== '')
    .join(` ${dot} `);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(', ');
  return names.length > namesShown ? `${shown} and ${names.length - namesShown} more` : shown;
}
