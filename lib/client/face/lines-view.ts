/**
 * How the line interface words and lays out what happens, as text for a terminal of some width. Knows styles
 * and widths; it writes nothing.
 */
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { Message } from '../../protocol/events.js';
import { printable } from '../../protocol/printable.js';
import { duration, type LocalTime } from './local-time.js';
import type { Pen } from './pen.js';
import { elsewhere } from './wording.js';

export interface LinesView {
  /** A message, with the line of its day before it where that is another day than the last. */
  message(message: Message): string;
  /** Something that happened now and was not said by anybody. */
  notice(words: string, kind?: 'bad'): string;
  /** What a command answers, without a time. */
  answer(lines: readonly string[]): string;
  /** A rule across, with words in it. */
  rule(words: string): string;
  /** The rows above the prompt: what is on its way, and the connection where it is lost. */
  footer(state: FooterState): string[];
  prompt(): string;
}

export interface OnItsWay {
  readonly text: string;
  readonly to?: string | undefined;
  readonly action?: true | undefined;
  /** The server said to slow down, in milliseconds. */
  readonly waitMs?: number | undefined;
}

export interface FooterState {
  readonly onTheirWay: readonly OnItsWay[];
  readonly connection: string | undefined;
}

export interface LinesViewDeps {
  readonly pen: Pen;
  readonly time: LocalTime;
  /** Who reads this. */
  readonly me: string;
  /** Asked at each use, for people resize their windows. */
  readonly columns: () => number;
}

// A time and a space; what goes on under it begins two columns further in, where no name can be.
const indent = 6;
const hang = 8;
const narrow = 40;
const shownOnTheirWay = 3;

export function createLinesView({ pen, time, me, columns }: LinesViewDeps): LinesView {
  let day = time.day(time.now());

  /** `left` and then `body`, wrapped so that every further row begins in the hanging column. */
  function row(left: string, body: string): string {
    const width = Math.max(columns(), 10);
    const margin = width < narrow ? 2 : hang;
    const head = left === '' ? '' : `${pen.dim(left)} `;
    const wrapped = body.split('\n').flatMap((line) => wrap(line, width - Math.max(margin, indent)));
    const rest = wrapped.slice(1).map((line) => `${' '.repeat(margin)}${line}\n`);
    return `${head}${wrapped[0] ?? ''}\n${rest.join('')}`;
  }

  function rule(words: string): string {
    const { rule: dash } = pen.marks;
    const label = ` ${words} `;
    const after = Math.max(0, Math.min(columns(), 80) - stringWidth(label) - 3);
    return `${pen.dim(`${dash.repeat(2)}${label}${dash.repeat(after)}`)}\n`;
  }

  function dayBefore(at: string | number): string {
    const next = time.day(at);
    if (next === '' || next === day) return '';
    day = next;
    return rule(next);
  }

  function heading({ from, to, action, room }: Message): string {
    const place = elsewhere(room).trimStart();
    const where = place === '' ? '' : `${pen.dim(place)} `;
    const name = pen.name(printable(from));
    if (to === undefined) return action === true ? `${where}* ${name} ` : `${where}${name}: `;
    const sender = from === me ? 'you' : name;
    const receiver = to === me ? 'you' : pen.name(printable(to));
    const pair = pen.direct(`[${sender} ${pen.marks.to} ${receiver}]`);
    return action === true ? `${pair} * ${name} ` : `${pair} `;
  }

  return {
    message(message) {
      const text = printable(message.text, { newlines: true });
      const mark = message.from === me ? ` ${pen.dim(pen.marks.sent)}` : '';
      const body = `${heading(message)}${text}${mark}`;
      return dayBefore(message.at) + row(time.minute(message.at), body);
    },
    notice(words, kind) {
      const now = time.now();
      const shown = kind === 'bad' ? pen.bad(words) : pen.dim(words);
      return dayBefore(now) + row(time.minute(now), shown);
    },
    answer(lines) {
      return lines.map((line) => row('', `${' '.repeat(indent)}${line}`)).join('');
    },
    rule,
    footer({ onTheirWay, connection }) {
      const lost = connection !== undefined;
      const rows = onTheirWay.slice(0, shownOnTheirWay).map((draft) => waitingWords(draft, { pen, lost }));
      const more = onTheirWay.length - rows.length;
      if (more > 0) rows.push(`and ${more} more ${pen.marks.sending}`);
      if (connection !== undefined) rows.push(connection);
      return rows.map((words) =>
        pen.dim(cut(`${' '.repeat(indent)}${words}`, columns() - 1, pen.marks.sending)),
      );
    },
    prompt() {
      return columns() < narrow ? '> ' : `${pen.name(me)}> `;
    },
  };
}

/** Space at the start of a line stays; where a line was broken, the space that it was broken at goes. */
function wrap(line: string, width: number): string[] {
  const [first = '', ...rest] = wrapAnsi(line, width, { hard: true, trim: false }).split('\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: styles that go on from the row before
  return [first, ...rest.map((row) => row.replace(/^((?:\x1b\[[0-9;]*m)*) /, '$1'))];
}

function waitingWords(
  { text, to, action, waitMs }: OnItsWay,
  { pen, lost }: { pen: Pen; lost: boolean },
): string {
  const slow = waitMs === undefined ? 'sending' : `waiting ${duration(waitMs)}, the server asks to slow down`;
  const whom = to === undefined ? '' : `[${pen.marks.to} ${to}] `;
  const line = printable(text);
  return `${pen.marks.sending} ${lost ? 'not sent yet' : slow}: ${whom}${action === true ? '* ' : ''}${line}`;
}

/** As much of one line as has room in so many columns, and a mark where that is not all. */
function cut(text: string, width: number, mark: string): string {
  if (stringWidth(text) <= width) return text;
  const room = Math.max(1, width - stringWidth(mark));
  const [first = ''] = wrapAnsi(text, room, { hard: true, trim: false, wordWrap: false }).split('\n');
  return `${first}${mark}`;
}
