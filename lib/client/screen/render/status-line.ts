/** The line above the input: the conversations and what is new in them, or a question. */

import { limits } from '../../../protocol/limits.js';
import { current } from '../state/conversations.js';
import type { ConversationState, Question, ScreenState } from '../state/state.js';
import { fit, gap, type Row, rowColumns, span } from './spans.js';
import { glyphsOf, type Look, stylesOf } from './theme.js';
import type { TwoParts } from './top-line.js';
import { columnsOf } from './wrap.js';

export function statusLine(state: ScreenState, look: Look, columns: number): TwoParts {
  const styles = stylesOf(look);
  if (state.question !== undefined)
    return {
      left: [span(` ${questionWords(state.question, columns - 2)} `, styles.barAlert)],
      right: [],
      from: columns,
    };
  const right = belowMark(state, look).find((row) => rowColumns(row) <= columns) ?? [];
  const from = columns - rowColumns(right);
  return { left: conversationsRow(state, look, from), right, from };
}

/** Where the next character of a line goes that is asked for: its column; undefined where none is. */
export function questionCursor({ question }: ScreenState, columns: number): number | undefined {
  if (question?.about !== 'secret') return undefined;
  return columnsOf(questionWords(question, columns - 2));
}

/** Of a line that is asked for, the end of what is typed is in sight; of a question, its beginning. */
function questionWords({ text, about }: Question, room: number): string {
  if (about !== 'secret') return textOf(fit([span(text)], room));
  let from = 0;
  while (from < text.length && columnsOf(text.slice(from)) > room) from++;
  return text.slice(from);
}

function textOf(row: Row): string {
  return row.map(({ text }) => text).join('');
}

/** How much came below of what is read, from the longest words to the shortest. */
function belowMark(state: ScreenState, look: Look): Row[] {
  const { at, below } = current(state);
  const { below: arrow, dot } = glyphsOf(look);
  const styles = stylesOf(look);
  if (at === undefined) return [];
  if (below === 0) return [[span(` ${arrow} PgDn `, styles.barDim)]];
  return [` ${arrow} ${below} new below ${dot} PgDn `, ` ${arrow} ${below} new `].map((words) => [
    span(words, styles.barAlert),
  ]);
}

/** As many conversations as have room, the current one among them, and how many there are besides. */
function conversationsRow(state: ScreenState, look: Look, columns: number): Row {
  const { conversations } = state;
  const open = current(state);
  const chips = conversations.map((conversation, i) => chip(conversation, { number: i + 1, open, look }));
  const here = conversations.indexOf(open);
  let first = here;
  let last = here;
  const restOf = (from: number, to: number): Row =>
    restRow([...conversations.slice(0, from), ...conversations.slice(to + 1)], look);
  const fits = (from: number, to: number): boolean =>
    [...chips.slice(from, to + 1), restOf(from, to)].reduce((sum, row) => sum + rowColumns(row), 0) <=
    columns;
  for (let grown = true; grown; ) {
    grown = false;
    if (first > 0 && fits(first - 1, last)) {
      first--;
      grown = true;
    }
    if (last < chips.length - 1 && fits(first, last + 1)) {
      last++;
      grown = true;
    }
  }
  return fit([...chips.slice(first, last + 1).flat(), ...restOf(first, last)], columns);
}

function chip(
  conversation: ConversationState,
  { number, open, look }: { number: number; open: ConversationState; look: Look },
): Row {
  const styles = stylesOf(look);
  const { id, unread } = conversation;
  if (conversation === open) return [span(` ${number} ${id} `, styles.barCurrent), gap(1, styles.bar)];
  const quiet = unread === 0;
  const name = [span(` ${number} `, styles.barDim), span(id, quiet ? styles.barDim : styles.barStrong)];
  return [...name, ...counts(conversation, look), gap(1, styles.bar)];
}

/** What is unread: its number, and where it concerns the reader that number by itself. */
function counts(
  { id, unread, mentions }: Pick<ConversationState, 'id' | 'unread' | 'mentions'>,
  look: Look,
): Row {
  const styles = stylesOf(look);
  if (unread === 0 && mentions === 0) return [];
  const urgent = id.startsWith('@') ? unread : mentions;
  const all = urgent === unread ? [] : [gap(1, styles.bar), span(many(unread), styles.barStrong)];
  return urgent === 0 ? all : [...all, gap(1, styles.bar), span(` ${many(urgent)}! `, styles.barAlert)];
}

function many(count: number): string {
  return count >= limits.unreadCounted ? `${limits.unreadCounted}+` : String(count);
}

function restRow(hidden: readonly ConversationState[], look: Look): Row {
  if (hidden.length === 0) return [];
  const styles = stylesOf(look);
  const urgent = hidden.reduce(
    (sum, { id, unread, mentions }) => sum + (id.startsWith('@') ? unread : mentions),
    0,
  );
  const more = span(` +${hidden.length}`, styles.barDim);
  return urgent === 0 ? [more] : [more, gap(1, styles.bar), span(` ${urgent}! `, styles.barAlert)];
}
