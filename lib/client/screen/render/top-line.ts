/** The first line of the screen: what is read, and who reads it over which connection. */

import { duration } from '../../../protocol/duration.js';
import { printable } from '../../../protocol/printable.js';
import { current } from '../state/conversations.js';
import type { ConversationState, ScreenState } from '../state/state.js';
import { gap, type Row, rowColumns, span } from './spans.js';
import { glyphsOf, type Look, type Styles, stylesOf } from './theme.js';
import { columnsOf, cut } from './wrap.js';

export interface TwoParts {
  readonly left: Row;
  /** Stands at the right edge, from this column on. */
  readonly right: Row;
  readonly from: number;
}

/** A bar across the screen: of the right parts the first, longest one that leaves the left enough room. */
export function topLine(state: ScreenState, look: Look, columns: number): TwoParts {
  const styles = stylesOf(look);
  const { id, topic } = current(state);
  const mark = marksOf(current(state)).map((word) => span(` ${word}`, styles.barDim));
  const name = [gap(1, styles.bar), span(id, styles.barStrong), ...mark, gap(2, styles.bar)];
  const about = topic.trim() === '' && id.startsWith('@') ? 'only you two read this' : printable(topic);
  const wanted = columnsOf(about) + 1;
  const { withServer, others } = rightParts(state, look);
  const leaves = (row: Row, room: number): boolean => rowColumns(name) + room + rowColumns(row) <= columns;
  const right =
    withServer.find((row) => leaves(row, wanted)) ??
    others.find((row) => leaves(row, Math.min(wanted, Math.floor(columns / 4)))) ??
    [];
  const from = columns - rowColumns(right);
  const room = from - rowColumns(name) - 1;
  const left = room < 2 ? name : [...name, span(cut(about, room, glyphsOf(look).cut), styles.bar)];
  return { left, right, from };
}

/** What is to be known of a room before one says something there. */
function marksOf({ private: hidden, rules: { locked, slow } = {} }: ConversationState): string[] {
  return [
    ...(hidden ? ['private'] : []),
    ...(locked ? ['locked'] : []),
    ...(slow === undefined ? [] : [`slow ${duration(slow)}`]),
  ];
}

interface RightParts {
  /** Only where the whole topic has room. */
  readonly withServer: readonly Row[];
  readonly others: readonly Row[];
}

/** From the longest to the shortest; a connection that is lost goes last. */
function rightParts(state: ScreenState, look: Look): RightParts {
  const styles = stylesOf(look);
  const me = span(state.me, styles.barStrong);
  const between = span(` ${glyphsOf(look).dot} `, styles.barDim);
  const server = span(state.server, styles.barDim);
  const links = linkWords(state, look).map((words) => span(words, linkStyle(state, styles)));
  const framed = (row: Row): Row => [gap(1, styles.bar), ...row, gap(1, styles.bar)];
  const named = links.map((words) => [me, between, words]);
  const alone = links.map((words) => [words]);
  const isOnline = state.link.state === 'online';
  return {
    withServer: links.slice(0, 1).map((words) => framed([me, between, server, between, words])),
    others: [...named, ...(isOnline ? alone.slice(-1) : alone)].map(framed),
  };
}

function linkStyle({ link }: ScreenState, styles: Styles): string {
  return link.state === 'online' ? styles.bar : styles.barAlert;
}

/** The connection in words, from the longest to the shortest. */
function linkWords({ link, now }: ScreenState, look: Look): string[] {
  const { verified, cut: more } = glyphsOf(look);
  switch (link.state) {
    case 'online':
      return [`TLS 1.3 ${verified} verified`, verified];
    case 'connecting':
      return [`connecting${more}`];
    case 'waiting': {
      const wait = duration(link.until - now);
      return [
        `reconnecting in ${wait} (${withoutStop(link.why)})`,
        `reconnecting in ${wait}`,
        `again in ${wait}`,
      ];
    }
    case 'offline':
      return [`offline (${withoutStop(link.why)})`, 'offline'];
    default:
      return absurd(link);
  }
}

function withoutStop(text: string): string {
  return printable(text).trim().replace(/\.$/, '');
}

function absurd(value: never): never {
  throw new TypeError(`unexpected ${JSON.stringify(value)}`);
}
