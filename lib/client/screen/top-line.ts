/** The first line of the screen: what is read, and who reads it over which connection. */
import { printable } from '../../protocol/printable.js';
import { duration } from '../face/local-time.js';
import { conversationOf } from './layout.js';
import { gap, type Row, rowColumns, type Span, span } from './spans.js';
import type { ScreenState } from './state.js';
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
  const { id, topic } = conversationOf(state);
  const name = [gap(1, styles.bar), span(id, styles.barStrong), gap(2, styles.bar)];
  const wanted = rowColumns(name) + Math.min(columnsOf(printable(topic)), Math.floor(columns / 4));
  const right = rightParts(state, look).find((row) => rowColumns(row) + wanted <= columns) ?? [];
  const from = columns - rowColumns(right);
  const about = topic.trim() === '' && id.startsWith('@') ? 'only you two read this' : topic;
  const room = from - rowColumns(name) - 1;
  const left = room < 2 ? name : [...name, span(cut(printable(about), room, glyphsOf(look).cut), styles.bar)];
  return { left, right, from };
}

/** From the longest to the shortest; a connection that is lost goes last. */
function rightParts(state: ScreenState, look: Look): Row[] {
  const { dot } = glyphsOf(look);
  const styles = stylesOf(look);
  const me = span(state.me, styles.barStrong);
  const server = span(state.server, styles.barDim);
  const between = span(` ${dot} `, styles.barDim);
  const links = linkWords(state, look);
  const [long, short] = [links[0], links.at(-1)].map((words) => span(words ?? '', linkStyle(state, styles)));
  const parts: Span[][] = [
    [me, between, server, between],
    [me, between],
  ].flatMap((before) => links.map((words) => [...before, span(words, linkStyle(state, styles))]));
  parts.push(
    [me, gap(1, styles.bar), ...some(short)],
    some(state.link.state === 'online' ? short : long),
    some(short),
  );
  return parts.map((row) => [gap(1, styles.bar), ...row, gap(1, styles.bar)]);
}

function some(piece: Span | undefined): Span[] {
  return piece === undefined ? [] : [piece];
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
      return [`reconnecting in ${wait} (${withoutStop(link.why)})`, `reconnecting in ${wait}`, `in ${wait}`];
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
