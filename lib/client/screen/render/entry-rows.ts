/**
 * One entry of a conversation as rows of the pane. Knows how a message, comings and goings and a notice look,
 * not which entries are shown.
 */

import { byteCount } from '../../../protocol/byte-count.js';
import { duration } from '../../../protocol/duration.js';
import { findLinks } from '../../../protocol/links.js';
import { findMentions } from '../../../protocol/mentions.js';
import { printable } from '../../../protocol/printable.js';
import type { Entry } from '../state/state.js';
import type { Glyphs } from './glyphs.js';
import { type Margins, margins } from './layout.js';
import { fit, gap, type Row, rowColumns, type Span, span, wrapRow } from './spans.js';
import { glyphsOf, type Look, type Styles, stylesOf } from './theme.js';
import { columnsOf } from './wrap.js';

/** What an entry's rows depend on besides the entry. */
export interface Surroundings {
  /** Of the pane. */
  readonly width: number;
  /** Who reads. */
  readonly me: string;
  /** Only two read this conversation. */
  readonly direct: boolean;
  /** The day to be named above the entry; empty for none. */
  readonly day: string;
  /** The line "new" stands above the entry. */
  readonly fresh: boolean;
  /** The entry goes on from the one above: its name is not shown again. */
  readonly grouped: boolean;
  /** It was said in the same minute as the one above. */
  readonly sameMinute: boolean;
  /** Somebody jumped to it. */
  readonly marked: boolean;
}

type Message = Extract<Entry, { kind: 'message' }>;
type Presence = Extract<Entry, { kind: 'presence' }>;

interface Drawing {
  readonly look: Look;
  readonly around: Surroundings;
  readonly styles: Styles;
  readonly glyphs: Glyphs;
  readonly columns: Margins;
}

/** What stands left of an entry's text. */
interface Head {
  readonly time: string;
  readonly label: Span;
  readonly bar: Span;
}

// A room of hundreds can come and go at once.
const namesShown = 12;

/** The rows, first to last, none wider than the pane. */
export function entryRows(entry: Entry, around: Surroundings, look: Look): Row[] {
  const drawing: Drawing = {
    look,
    around,
    styles: stylesOf(look),
    glyphs: glyphsOf(look),
    columns: margins(around.width),
  };
  const rows: Row[] = [];
  if (around.day !== '') rows.push(rule(around.day, drawing.styles.dim, drawing));
  if (around.fresh) rows.push(rule('new since you left', drawing.styles.fresh, drawing));
  rows.push(...bodyRows(entry, drawing));
  return rows.map((row) => fit(row, around.width));
}

/** A line across the pane with words in it. */
export function ruleRow(words: string, width: number, look: Look): Row {
  const { rule: dash } = glyphsOf(look);
  const label = ` ${printable(words)} `;
  const text = `${dash.repeat(2)}${label}${dash.repeat(Math.max(0, width - columnsOf(label) - 2))}`;
  return fit([{ text, sgr: stylesOf(look).dim }], width);
}

function rule(words: string, sgr: string, { look, around }: Drawing): Row {
  return ruleRow(words, around.width, look).map((piece) => ({ ...piece, sgr }));
}

function bodyRows(entry: Entry, drawing: Drawing): Row[] {
  switch (entry.kind) {
    case 'message':
      return messageRows(entry, drawing);
    case 'presence':
      return aside(presenceWords(entry, drawing.glyphs), entry.at, { drawing, bad: false });
    case 'notice':
      if (entry.tone === 'code') return pictureRows(entry.text, drawing);
      return aside(entry.text, entry.at, { drawing, bad: entry.tone === 'bad' });
    default:
      return absurd(entry);
  }
}

function messageRows(message: Message, drawing: Drawing): Row[] {
  const { styles, glyphs, columns, around } = drawing;
  const name = span(message.from, styles.name(message.from));
  const action = message.action;
  const head: Head = {
    time: around.grouped && around.sameMinute ? '' : drawing.look.time.minute(message.at),
    label: action ? span(glyphs.action, styles.bold) : around.grouped ? gap(0) : name,
    bar: barOf(message, drawing),
  };
  const lines = textLines(message, drawing);
  const between = message.mention ? span(`${glyphs.mention} `, styles.mention) : span(': ');
  if (action) lines[0] = [name, span(' '), ...(lines[0] ?? [])];
  // The narrow pane has the name in front of the text.
  else if (columns.compact && !around.grouped) lines[0] = [name, between, ...(lines[0] ?? [])];
  const width = around.width - columns.text;
  const mark = deliveryMark(message, drawing);
  const rows = lines.flatMap((line) => wrapRow(line, width - rowColumns(mark)));
  const last = rows.length - 1;
  if (mark.length > 0) rows[last] = [...(rows[last] ?? []), ...mark];
  rows.push(...deliveryRows(message, drawing).flatMap((row) => wrapRow(row, width)));
  return withHead(rows, head, drawing);
}

/** The text, one row for each of its lines, with its links and the names that concern the reader. */
function textLines(message: Message, { styles, look, around }: Drawing): Row[] {
  const { removed, file } = message;
  if (removed !== undefined) return [[span(`message removed by ${removed}`, styles.dim)]];
  if (file !== undefined) return [fileLine(message, file, styles)];
  const sgr = message.mention ? styles.bold : message.delivery.state === 'sending' ? styles.dim : '';
  const lines = printable(message.text, { newlines: true }).split('\n');
  const rows = lines.map((line) => {
    const pieces: Span[] = [];
    let at = 0;
    for (const mark of marksOf(line, message.mention ? around.me : '')) {
      if (mark.start > at) pieces.push(span(line.slice(at, mark.start), sgr));
      pieces.push(...mark.show(line.slice(mark.start, mark.end), styles, look));
      at = mark.end;
    }
    if (at < line.length || pieces.length === 0) pieces.push(span(line.slice(at), sgr));
    return pieces;
  });
  if (message.edited) rows.at(-1)?.push(span(' (edited)', styles.dim));
  return rows;
}

/** What was sent, and how to get it. */
function fileLine(message: Message, { name, size }: NonNullable<Message['file']>, styles: Styles): Row {
  const how = message.seq === undefined ? '' : `, /get ${message.seq} fetches it`;
  return [span(name, styles.bold), span(` (${byteCount(size)}${how})`, styles.dim)];
}

interface Mark {
  readonly start: number;
  readonly end: number;
  readonly show: (text: string, styles: Styles, look: Look) => Span[];
}

/** What stands out in a line, from left to right. */
function marksOf(line: string, name: string): Mark[] {
  const links = findLinks(line).map(({ start, end, href, host }): Mark => {
    return {
      start,
      end,
      show(text, styles, look) {
        const shown = { ...span(text, styles.link), ...(look.links ? { href } : {}) };
        return host === undefined ? [shown] : [shown, span(` [${host}]`, styles.host)];
      },
    };
  });
  const names = findMentions(line, name).map((range): Mark => {
    return { ...range, show: (text, styles) => [span(text, styles.mention)] };
  });
  return [...links, ...names].sort((a, b) => a.start - b.start);
}

/** How far a message of one's own has come; its place is kept free from the start, so that nothing moves. */
function deliveryMark({ mine, delivery }: Message, { styles, glyphs }: Drawing): Row {
  if (!mine || delivery.state === 'failed') return [];
  if (delivery.state === 'sent') return [span(` ${glyphs.sent}`, styles.dim)];
  return [span(` ${glyphs.sending}`, styles.dim)];
}

/** What there is to say about a message of one's own that is not there yet. */
function deliveryRows({ delivery }: Message, { styles, glyphs }: Drawing): Row[] {
  if (delivery.state === 'failed') {
    return [
      [span(`${glyphs.bad} not sent: ${withoutStop(delivery.why)}. /retry sends it again.`, styles.bad)],
    ];
  }
  if (delivery.state === 'sent' || delivery.waitMs === undefined) return [];
  return [[span(`waiting ${duration(delivery.waitMs)}: the server asks to slow down`, styles.warn)]];
}

function barOf(message: Message, { styles, glyphs, around }: Drawing): Span {
  if (around.marked) return span(glyphs.mention, styles.fresh);
  if (message.mention) return span(glyphs.mention, styles.mention);
  return around.direct ? span(glyphs.direct, styles.direct) : span(glyphs.bar, styles.dim);
}

/** What nobody said. */
function aside(text: string, at: number, { drawing, bad }: { drawing: Drawing; bad: boolean }): Row[] {
  const { styles, glyphs, columns, around, look } = drawing;
  const sgr = bad ? styles.bad : styles.dim;
  const lines = printable(text, { newlines: true }).split('\n');
  if (lines.length > 1 && !columns.compact) return answerRows(lines, { drawing, sgr });
  const rows = lines.flatMap((line) => wrapRow([span(line, sgr)], around.width - columns.text));
  const label = span(bad ? glyphs.bad : glyphs.notice, sgr);
  return withHead(rows, { time: look.time.minute(at), label, bar: span(glyphs.bar, styles.dim) }, drawing);
}

/** Several lines, such as help: across the pane, with what goes on under the last of their columns. */
function answerRows(lines: readonly string[], { drawing, sgr }: { drawing: Drawing; sgr: string }): Row[] {
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

/** For a camera: light on dark, whatever the theme. */
function pictureRows(text: string, { styles, glyphs }: Drawing): Row[] {
  const bar = span(glyphs.bar, styles.dim);
  return text.split('\n').map((line) => [bar, gap(1), span(line, styles.code)]);
}

function withHead(rows: readonly Row[], head: Head, drawing: Drawing): Row[] {
  const { columns, around, styles } = drawing;
  if (columns.compact) return compactRows(rows, head, drawing);
  const before = 'HH:MM '.length;
  const time = span(head.time.padEnd(before), styles.dim);
  const under = [gap(before + columns.name + 1), head.bar, gap(1)];
  const used = columnsOf(head.label.text);
  if (used > columns.name) {
    // A name that is too long for its column has a row of its own; it is never cut where there is room.
    const own = fit([time, head.label], around.width);
    return [own, ...rows.map((row) => [...under, ...row])];
  }
  const first = [time, gap(columns.name - used), head.label, gap(1), head.bar, gap(1)];
  return rows.map((row, i) => [...(i === 0 ? first : under), ...row]);
}

/** Names begin in the first column, on the first row; what goes on stands behind a bar. */
function compactRows(rows: readonly Row[], head: Head, { around, glyphs, styles }: Drawing): Row[] {
  const isAside = [glyphs.notice, glyphs.bad, glyphs.action].includes(head.label.text);
  return rows.map((row, i) => {
    if (i > 0 || (around.grouped && !isAside)) return [head.bar, gap(1), ...row];
    return isAside ? [span(head.label.text.slice(0, 1), head.label.sgr || styles.dim), gap(1), ...row] : row;
  });
}

function presenceWords({ joined, left }: Presence, { dot }: Glyphs): string {
  const reasonOf = (reason: string | undefined): string => printable(reason ?? '').trim();
  const silent = left.filter(({ reason }) => reasonOf(reason) === '').map(({ name }) => printable(name));
  const said = left
    .filter(({ reason }) => reasonOf(reason) !== '')
    .map(({ name, reason }) => `${printable(name)} left (${reasonOf(reason)})`);
  return [
    joined.length === 0 ? '' : `${listed(joined.map((name) => printable(name)))} joined`,
    silent.length === 0 ? '' : `${listed(silent)} left`,
    ...said.slice(0, namesShown),
    said.length > namesShown ? `${said.length - namesShown} more left` : '',
  ]
    .filter((words) => words !== '')
    .join(` ${dot} `);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(', ');
  return names.length > namesShown ? `${shown} and ${names.length - namesShown} more` : shown;
}

function withoutStop(text: string): string {
  return printable(text).trim().replace(/\.$/, '');
}

function absurd(value: never): never {
  throw new TypeError(`unexpected ${JSON.stringify(value)}`);
}
