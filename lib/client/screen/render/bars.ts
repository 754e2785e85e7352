/** The two bars: the top line with the conversation and the connection, the status line with all conversations or a question. Pure. */
import { printable } from '../../../protocol/printable.js';
import { duration } from '../../../protocol/quantities.js';
import { shortRules } from '../../text/event-words.js';
import { unreadNumber } from '../../text/wording.js';
import { followsNewest, selectedMessage } from '../state/conversation.js';
import { allConversations, current, isConnected, serversOf, unreadCount } from '../state/conversations.js';
import { type MessageKey, possibleKeys } from '../state/message-keys.js';
import type { ConversationState, ScreenState, StatusQuestion } from '../state/state.js';
import { urgentOf } from '../state/unread.js';
import { fit, gap, rowColumns, span, type TextRow, withoutStop } from './spans.js';
import { type Appearance, glyphsOf, type Styles, stylesOf } from './theme.js';
import { columnsOf, cut, endOf } from './wrap.js';

const titleColumns = 60;
const serverColumns = 14;
/** Less of a topic says nothing. */
const leastTopic = 6;

export interface TwoParts {
  readonly left: TextRow;
  /** Aligned to the right edge; begins in column `from`. */
  readonly right: TextRow;
  readonly from: number;
}

/**
 * The conversation on the left; on the right the longest part that leaves it enough room. As it gets narrower, the topic
 * shrinks to a quarter, then the right part, then the rest of the topic, and last the rules, from their end.
 */
export function topLine(state: ScreenState, appearance: Appearance, columns: number): TwoParts {
  const { id, topic } = current(state);
  const names = nameParts(current(state), appearance);
  const [longest = [], shortest = longest] = [names[0], names.at(-1)];
  const about = topic.trim() === '' && id.startsWith('@') ? 'direct messages' : printable(topic);
  const wanted = columnsOf(about) + 1;
  const { withServer, others } = rightParts(state, appearance);
  const leaves = (row: TextRow, name: TextRow, room = 0): boolean =>
    rowColumns(name) + room + rowColumns(row) <= columns;
  const right =
    withServer.find((row) => leaves(row, longest, wanted)) ??
    others.find((row) => leaves(row, longest, Math.min(wanted, Math.floor(columns / 4)))) ??
    others.slice(-1).find((row) => leaves(row, shortest)) ??
    [];
  const from = columns - rowColumns(right);
  const name = names.find((row) => rowColumns(row) <= from) ?? shortest;
  const room = from - rowColumns(name) - 1;
  const topicWords = span(cut(about, room, glyphsOf(appearance).cut), stylesOf(appearance).bar);
  return { left: room < Math.min(leastTopic, wanted) ? name : [...name, topicWords], right, from };
}

/** The name with what to know before posting there, from the longest to the shortest. */
function nameParts(
  { id, private: hidden, rules = {} }: ConversationState,
  appearance: Appearance,
): readonly TextRow[] {
  const styles = stylesOf(appearance);
  const { dot, cut: more } = glyphsOf(appearance);
  const marks = [...(hidden ? ['private'] : []), ...shortRules(rules)];
  const shown = (count: number): string =>
    [...marks.slice(0, count), ...(count < marks.length ? [more] : [])].join(` ${dot} `);
  return marks
    .map((_, i) => [span(` ${shown(marks.length - i)}`, styles.barDim)])
    .concat([[]])
    .map((row) => [gap(1, styles.bar), span(id, styles.barStrong), ...row, gap(2, styles.bar)]);
}

interface RightParts {
  /** Only if the whole topic fits. */
  readonly withServer: readonly TextRow[];
  readonly others: readonly TextRow[];
}

/** From the longest to the shortest; a lost connection is dropped last. */
function rightParts(state: ScreenState, appearance: Appearance): RightParts {
  const styles = stylesOf(appearance);
  const me = span(state.me, styles.barStrong);
  const between = span(` ${glyphsOf(appearance).dot} `, styles.barDim);
  const server = span(state.server, styles.barDim);
  const texts = connectionTexts(state, appearance).map((words) =>
    span(words, connectionStyle(state, styles)),
  );
  const framed = (row: TextRow): TextRow => [gap(1, styles.bar), ...row, gap(1, styles.bar)];
  const named = texts.map((words) => [me, between, words]);
  const alone = texts.map((words) => [words]);
  return {
    withServer: texts.slice(0, 1).map((words) => framed([me, between, server, between, words])),
    others: [...named, ...(isConnected(state) ? alone.slice(-1) : alone)].map(framed),
  };
}

function connectionStyle(state: ScreenState, styles: Styles): string {
  return isConnected(state) ? styles.bar : styles.barAlert;
}

/** The connection, from the longest text to the shortest. */
function connectionTexts(state: ScreenState, appearance: Appearance): string[] {
  const { connection, now } = state;
  const { verified, cut: more } = glyphsOf(appearance);
  switch (connection.state) {
    case 'online':
      return [`TLS 1.3 ${verified} verified`, verified];
    case 'connecting': {
      const { address } = connection;
      return [...(address === undefined ? [] : [`connecting to ${address}${more}`]), `connecting${more}`];
    }
    case 'late':
      return ['waiting for an answer', 'waiting'];
    case 'no-answer':
      return ['no answer, waiting', 'no answer'];
    case 'waiting': {
      const wait = duration(connection.until - now);
      // With a text in the input, Enter sends that.
      const canHurry = connection.canHurry && current(state).draft.text === '';
      const key = canHurry ? ', Enter: now' : '';
      return [
        `reconnecting in ${wait}${key} (${withoutStop(connection.why)})`,
        ...(canHurry ? [`reconnecting in ${wait}${key}`, `retry in ${wait}${key}`] : []),
        `reconnecting in ${wait}`,
        `retry in ${wait}`,
      ];
    }
    case 'offline':
      return [`offline (${withoutStop(connection.why)})`, 'offline'];
    default:
      return connection satisfies never;
  }
}

export function statusLine(state: ScreenState, appearance: Appearance, columns: number): TwoParts {
  const styles = stylesOf(appearance);
  if (state.question !== undefined)
    return {
      left: [
        span(` ${questionWords(state.question, columns - 2, glyphsOf(appearance).cut)} `, styles.barAlert),
      ],
      right: [],
      from: columns,
    };
  const keys = possibleKeys(state);
  const selected = selectedMessage(current(state)) !== undefined;
  const right = belowMark(state, appearance).find((row) => rowColumns(row) <= columns) ?? [];
  const from = columns - rowColumns(right);
  const left = selected ? keysRow(keys, appearance, from) : conversationsRow(state, appearance, from);
  return { left, right, from };
}

/** What keys do with the selected message, as much as fits. */
function keysRow(keys: readonly MessageKey[], appearance: Appearance, columns: number): TextRow {
  const styles = stylesOf(appearance);
  const { dot } = glyphsOf(appearance);
  const hints = [...keys, { key: 'Esc', hint: 'leave' }];
  const select = { key: 'Alt-Up, Alt-Down', hint: 'select' };
  const written = (shown: readonly { key: string; hint: string }[], between: string): TextRow =>
    shown.flatMap(({ key, hint }, i) => [
      span(i === 0 ? ' ' : between, styles.barDim),
      span(key, styles.barStrong),
      span(` ${hint}`, styles.bar),
    ]);
  const alone = hints.flatMap(({ key }) => [gap(1, styles.bar), span(key, styles.barStrong)]);
  const rows = [
    written([select, ...hints], `  ${dot}  `),
    ...[`  ${dot}  `, ` ${dot} `, ' '].map((between) => written(hints, between)),
  ];
  return rows.find((row) => rowColumns(row) < columns) ?? alone;
}

/** The cursor's column while a line is asked for; undefined otherwise. */
export function questionCursor({ question }: ScreenState, columns: number): number | undefined {
  if (question?.about !== 'secret') return undefined;
  return columnsOf(questionWords(question, columns - 2, ''));
}

/** The end of a line that is typed; of a question, the beginning and the end, which has the answers. */
function questionWords({ text, about }: StatusQuestion, room: number, mark: string): string {
  const shown = printable(text);
  if (columnsOf(shown) <= room) return shown;
  const start = about === 'secret' ? '' : cut(shown, Math.floor(room / 3), mark);
  return `${start}${endOf(shown, room - columnsOf(start))}`;
}

/** How many messages arrived below, from the longest text to the shortest. */
function belowMark(state: ScreenState, appearance: Appearance): TextRow[] {
  const { newBelow, ...conversation } = current(state);
  const { below: arrow, dot } = glyphsOf(appearance);
  const styles = stylesOf(appearance);
  if (followsNewest(conversation)) return [];
  if (newBelow === 0 && conversation.selected !== undefined) return [];
  if (newBelow === 0) return [[span(` ${arrow} PgDn `, styles.barDim)]];
  return [` ${arrow} ${newBelow} new below ${dot} PgDn `, ` ${arrow} ${newBelow} new `].map((words) => [
    span(words, styles.barAlert),
  ]);
}

/** As many conversations as fit, the current one among them, and how many more there are; with several servers, their names. */
function conversationsRow(state: ScreenState, appearance: Appearance, columns: number): TextRow {
  const conversations = allConversations(state).map(({ conversation }) => conversation);
  const open = current(state);
  const labels = serverLabels(state, appearance);
  const chips = conversations.map((conversation, i) => [
    ...(labels.get(conversation) ?? []),
    ...chip(conversation, { number: i + 1, open, appearance }),
  ]);
  const here = conversations.indexOf(open);
  let first = here;
  let last = here;
  const restOf = (from: number, to: number): TextRow =>
    restRow([...conversations.slice(0, from), ...conversations.slice(to + 1)], appearance);
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

/** By the first conversation of each server: its name, with a mark if it is not online; none for a single server. */
function serverLabels(
  state: ScreenState,
  appearance: Appearance,
): Map<ConversationState | undefined, TextRow> {
  const servers = serversOf(state);
  if (servers.length === 1) return new Map();
  const styles = stylesOf(appearance);
  return new Map(
    servers.map(({ server, conversations, ...summary }) => {
      const name = cut(server, serverColumns, glyphsOf(appearance).cut);
      const down = isConnected(summary) ? [] : [span('!', styles.barAlert)];
      return [conversations[0], [gap(1, styles.bar), span(name, styles.bar), ...down, gap(1, styles.bar)]];
    }),
  );
}

function chip(
  conversation: ConversationState,
  { number, open, appearance }: { number: number; open: ConversationState; appearance: Appearance },
): TextRow {
  const styles = stylesOf(appearance);
  const { id, unread } = conversation;
  if (conversation === open) return [span(` ${number} ${id} `, styles.barCurrent), gap(1, styles.bar)];
  const quiet = unread === 0;
  const name = [span(` ${number} `, styles.barDim), span(id, quiet ? styles.barDim : styles.barStrong)];
  return [...name, ...counts(conversation, appearance), gap(1, styles.bar)];
}

/** The number of unread messages, and of mentions and direct messages among them. */
export function counts(conversation: ConversationState, appearance: Appearance): TextRow {
  const styles = stylesOf(appearance);
  const { unread, mentions } = conversation;
  if (unread === 0 && mentions === 0) return [];
  const urgent = urgentOf(conversation);
  const all = urgent === unread ? [] : [gap(1, styles.bar), span(unreadNumber(unread), styles.barStrong)];
  return urgent === 0
    ? all
    : [...all, gap(1, styles.bar), span(` ${unreadNumber(urgent)}! `, styles.barAlert)];
}

function restRow(hidden: readonly ConversationState[], appearance: Appearance): TextRow {
  if (hidden.length === 0) return [];
  const styles = stylesOf(appearance);
  const urgent = hidden.reduce((sum, each) => sum + urgentOf(each), 0);
  const more = span(` +${hidden.length}`, styles.barDim);
  return urgent === 0 ? [more] : [more, gap(1, styles.bar), span(` ${urgent}! `, styles.barAlert)];
}

/** The title of the window, with what is unread in all conversations: `(3) #lobby – secure-chat`. */
export function windowTitle(state: ScreenState): string {
  const unread = unreadCount(state);
  const where = cut(printable(state.current), titleColumns, '…');
  return `${unread === 0 ? '' : `(${unread}) `}${where} – secure-chat`;
}
