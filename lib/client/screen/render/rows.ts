/** Which rows of a conversation are in the pane, and where scrolling leads. Pure, with a cache; knows no other part of the screen. */

import type { Settings } from '../../commands/settings.js';
import { seenMessage } from '../state/activity.js';
import { current } from '../state/conversations.js';
import type { ConversationState, PaneEntry, ScreenState } from '../state/state.js';
import { firstNewId } from '../state/unread.js';
import { type EntryContext, entryRows, ruleRow } from './entry-rows.js';
import { layout } from './layout.js';
import { gap, span, type TextRow, wrapRow } from './spans.js';
import { type Appearance, stylesOf } from './theme.js';
import { columnsOf } from './wrap.js';

/** A scroll position: see `ConversationState.at`. */
export type At = NonNullable<ConversationState['at']>;

interface View {
  readonly conversation: ConversationState;
  /** Id of the entry below the line "new messages". */
  readonly firstNew: string | undefined;
  readonly longestName: number;
  readonly seen: ReturnType<typeof seenMessage>;
  readonly me: string;
  readonly settings: Settings;
  readonly appearance: Appearance;
  readonly width: number;
  readonly height: number;
}

/** A row of an entry, by the entry's index. */
interface Place {
  readonly index: number;
  readonly row: number;
}

/** When an entry was, as shown. */
interface Moment {
  readonly appearance: Appearance;
  readonly settings: Settings;
  readonly day: string;
  readonly time: string;
}

interface Kept {
  readonly appearance: Appearance;
  readonly around: EntryContext;
  readonly rows: readonly TextRow[];
}

const kept = new WeakMap<PaneEntry, Kept>();
const keptNamed = new WeakMap<PaneEntry, Kept>();
const longestNames = new WeakMap<readonly PaneEntry[], number>();
const moments = new WeakMap<PaneEntry, Moment>();
const groupedMs = 5 * 60 * 1000;

/** The rows in the pane, at most its height; the last one is at its bottom. */
export function paneRows(state: ScreenState, appearance: Appearance): readonly TextRow[] {
  const view = viewOf(state, appearance);
  const { conversation, height } = view;
  if (height <= 0) return [];
  if (conversation.entries.length === 0) return emptyRows(view).slice(-height);
  const shown = visible(view);
  const rows = shown.places.map((place) => rowAt(view, place));
  // A pane that begins in the middle of a group shows the name again.
  const top = shown.places[0];
  if (top?.row === 0 && shown.head === undefined) {
    const named = ungrouped(view, top.index);
    if (named !== undefined) rows[0] = named;
  }
  return shown.head === undefined ? rows : [shown.head, ...rows];
}

/** Indices of the entries in the pane, from top to bottom. */
export function shownEntries(state: ScreenState, appearance: Appearance): readonly number[] {
  const view = viewOf(state, appearance);
  if (view.conversation.entries.length === 0 || view.height <= 0) return [];
  return [...new Set(visible(view).places.map(({ index }) => index))];
}

/** The oldest loaded entry is in the pane: it is time to load older ones. */
export function topIsVisible(state: ScreenState, appearance: Appearance): boolean {
  const view = viewOf(state, appearance);
  if (view.conversation.entries.length === 0 || view.height <= 0) return true;
  const first = visible(view).places[0];
  return first === undefined || (first.index === 0 && first.row === 0);
}

/**
 * The scroll position so many rows further down, or up if negative, within the ends. Undefined at the bottom. A page
 * is `layout(state).pane.height - 1`.
 */
export function scrollBy(state: ScreenState, appearance: Appearance, rows: number): At | undefined {
  const view = viewOf(state, appearance);
  if (view.conversation.entries.length === 0 || view.height <= 0) return undefined;
  return atOf(view, pageEnd(view, moved(view, anchor(view), Math.trunc(rows))));
}

/**
 * The scroll position so many rows further up, a page if not given. If older entries arrived since `seen`, their rows may fill the pane without
 * having been on the screen: the top row of `seen` then stays in the pane, so that no row is skipped.
 */
export function scrollUp(
  state: ScreenState,
  appearance: Appearance,
  { seen, rows }: { readonly seen: ScreenState; readonly rows?: number },
): At | undefined {
  const view = viewOf(state, appearance);
  if (view.conversation.entries.length === 0 || view.height <= 0) return undefined;
  const from = anchor(view);
  const to = moved(view, from, -(rows ?? Math.max(1, view.height - 1)));
  const top = topOf(viewOf(seen, appearance), view);
  const skips = top !== undefined && order(to, top) < 0 && order(top, from) <= 0;
  return atOf(view, pageEnd(view, skips ? top : to));
}

/** The scroll position with an entry at the top of the pane; an unknown id means the oldest. */
export function scrollTo(state: ScreenState, appearance: Appearance, id?: string): At | undefined {
  const view = viewOf(state, appearance);
  const { entries } = view.conversation;
  if (entries.length === 0 || view.height <= 0) return undefined;
  const index = Math.max(
    0,
    entries.findIndex((entry) => entry.id === id),
  );
  const head = index === 0 && headRow(view) !== undefined ? 1 : 0;
  return atOf(view, moved(view, { index, row: 0 }, view.height - 1 - head));
}

function viewOf(state: ScreenState, appearance: Appearance): View {
  const { pane } = layout(state);
  const conversation = current(state);
  return {
    ...{ conversation, appearance, width: pane.width, height: pane.height },
    ...{ firstNew: firstNewId(conversation), longestName: longestName(conversation.entries) },
    seen: seenMessage(conversation),
    ...{ me: state.me, settings: state.settings },
  };
}

function longestName(entries: readonly PaneEntry[]): number {
  const known = longestNames.get(entries);
  if (known !== undefined) return known;
  const longest = entries.reduce(
    (most, entry) => (entry.kind === 'message' ? Math.max(most, columnsOf(entry.from)) : most),
    0,
  );
  longestNames.set(entries, longest);
  return longest;
}

/** The places in the pane from top to bottom, and the row above the oldest entry if that is visible. */
function visible(view: View): { readonly places: readonly Place[]; readonly head: TextRow | undefined } {
  const end = pageEnd(view, anchor(view));
  const places: Place[] = [];
  let place: Place | undefined = end;
  while (place !== undefined && places.length < view.height) {
    places.push(place);
    place = above(view, place);
  }
  const head = places.length < view.height ? headRow(view) : undefined;
  return { places: places.reverse(), head };
}

/** The place in `view` of the top row of an earlier view of it; undefined if it is gone. */
function topOf(earlier: View, view: View): Place | undefined {
  if (earlier.conversation.id !== view.conversation.id || earlier.height <= 0) return undefined;
  if (earlier.conversation.entries.length === 0) return bottom(view);
  const top = visible(earlier).places[0];
  const id = top && earlier.conversation.entries[top.index]?.id;
  const index = view.conversation.entries.findIndex((entry) => entry.id === id);
  if (top === undefined || index < 0) return undefined;
  return { index, row: Math.min(top.row, rowsOf(view, index).length - 1) };
}

/** Negative if `a` is above `b`, 0 if they are the same place. */
function order(a: Place, b: Place): number {
  return a.index - b.index || a.row - b.row;
}

/** That place, or if the pane were not full, the one further down that fills it. */
function pageEnd(view: View, place: Place): Place {
  const head = headRow(view) === undefined ? 0 : 1;
  let rows = place.row + 1;
  for (let index = place.index - 1; index >= 0 && rows < view.height; index--)
    rows += rowsOf(view, index).length;
  const missing = view.height - rows - head;
  return missing > 0 ? moved(view, place, missing) : place;
}

/** The place of the pane's last row: that of the scroll position, moved as far as a selected message needs. */
function anchor(view: View): Place {
  const { selected, entries } = view.conversation;
  const place = scrolled(view);
  const index = selected === undefined ? -1 : entries.findLastIndex(({ id }) => id === selected);
  return index < 0 ? place : showing(view, index, pageEnd(view, place));
}

/** That end of a page, moved so that an entry is in the page, or its beginning if it is longer. */
function showing(view: View, index: number, end: Place): Place {
  const first = { index, row: 0 };
  const last = { index, row: rowsOf(view, index).length - 1 };
  const below = order(last, end) > 0 ? last : end;
  const top = moved(view, below, 1 - view.height);
  if (order(first, top) >= 0) return below;
  const head = index === 0 && headRow(view) !== undefined ? 1 : 0;
  return moved(view, first, view.height - 1 - head);
}

/** The place of the scroll position; the bottom if it is gone. */
function scrolled(view: View): Place {
  const { at, entries } = view.conversation;
  const index = at === undefined ? -1 : entries.findLastIndex(({ id }) => id === at.id);
  const row = rowsOf(view, index).length - 1;
  if (at === undefined || index < 0) return bottom(view);
  return { index, row: Math.min(Math.max(0, at.row), row) };
}

function bottom(view: View): Place {
  const index = view.conversation.entries.length - 1;
  return { index, row: rowsOf(view, index).length - 1 };
}

function atOf(view: View, { index, row }: Place): At | undefined {
  const last = bottom(view);
  const entry = view.conversation.entries[index];
  if (entry === undefined || (index === last.index && row >= last.row)) return undefined;
  return { id: entry.id, row };
}

function above(view: View, { index, row }: Place): Place | undefined {
  if (row > 0) return { index, row: row - 1 };
  return index === 0 ? undefined : { index: index - 1, row: rowsOf(view, index - 1).length - 1 };
}

/** So many rows further down, or up if negative, within the ends. */
function moved(view: View, from: Place, rows: number): Place {
  const last = view.conversation.entries.length - 1;
  let { index } = from;
  let row = from.row + rows;
  while (row < 0 && index > 0) row += rowsOf(view, --index).length;
  if (row < 0) return { index: 0, row: 0 };
  while (row >= rowsOf(view, index).length) {
    if (index === last) return bottom(view);
    row -= rowsOf(view, index++).length;
  }
  return { index, row };
}

function rowAt(view: View, { index, row }: Place): TextRow {
  return rowsOf(view, index)[row] ?? [];
}

function rowsOf(view: View, index: number): readonly TextRow[] {
  const entry = view.conversation.entries[index];
  if (entry === undefined) return [];
  const around = surroundings(view, index);
  return laidOut(kept, entry, { around, appearance: view.appearance });
}

/** Cached, unless something changed that the rows depend on. */
function laidOut(
  before: WeakMap<PaneEntry, Kept>,
  entry: PaneEntry,
  { around, appearance }: Pick<Kept, 'around' | 'appearance'>,
): readonly TextRow[] {
  const known = before.get(entry);
  if (known !== undefined && known.appearance === appearance && same(known.around, around)) return known.rows;
  const rows = entryRows(entry, around, appearance);
  before.set(entry, { appearance, around, rows });
  return rows;
}

/** The first row of a grouped entry with its name; undefined if it is not grouped. */
function ungrouped(view: View, index: number): TextRow | undefined {
  const entry = view.conversation.entries[index];
  const around = surroundings(view, index);
  if (entry === undefined || !around.grouped) return undefined;
  const named = laidOut(keptNamed, entry, {
    around: { ...around, grouped: false },
    appearance: view.appearance,
  });
  return named[0];
}

function surroundings(view: View, index: number): EntryContext {
  const { conversation, me, settings, width, firstNew, longestName } = view;
  const entry = conversation.entries[index];
  const before = conversation.entries[index - 1];
  const now = entry === undefined ? undefined : moment(entry, view);
  const then = before === undefined ? undefined : moment(before, view);
  const newDay = now !== undefined && now.day !== then?.day && now.day !== '';
  const fresh = entry !== undefined && entry.id === firstNew;
  return {
    ...{ width, longestName, settings, me },
    direct: conversation.id.startsWith('@'),
    day: newDay ? now.day : '',
    fresh,
    grouped: !newDay && !fresh && goesOn(before, entry),
    time: now?.time ?? '',
    sameTime: now?.time === then?.time,
    unfolded: conversation.unfolded === true,
    marked: entry !== undefined && entry.id === conversation.marked,
    selected: entry !== undefined && entry.id === conversation.selected,
    seenBy: entry !== undefined && entry.id === view.seen?.id ? seenWords(view.seen.by, conversation) : '',
  };
}

/** More names would not fit into a row. */
const seenNames = 5;

function seenWords(by: readonly string[], { id }: ConversationState): string {
  if (id.startsWith('@')) return 'seen';
  const more = by.length > seenNames ? ` and ${by.length - seenNames} more` : '';
  return `seen by ${by.slice(0, seenNames).join(', ')}${more}`;
}

function goesOn(before: PaneEntry | undefined, entry: PaneEntry | undefined): boolean {
  if (before?.kind !== 'message' || entry?.kind !== 'message') return false;
  if (before.from !== entry.from || before.action || entry.action) return false;
  return before.delivery.state !== 'failed' && Math.abs(entry.at - before.at) < groupedMs;
}

function moment(entry: PaneEntry, { appearance, settings }: View): Moment {
  const known = moments.get(entry);
  if (known?.appearance === appearance && known.settings === settings) return known;
  const format = { seconds: settings.seconds === 'on', halfDays: settings.clock === '12h' };
  const { time: shown } = appearance;
  const made = { appearance, settings, day: shown.day(entry.at), time: shown.time(entry.at, format) };
  moments.set(entry, made);
  return made;
}

function same(a: EntryContext, b: EntryContext): boolean {
  return (
    a.width === b.width &&
    a.longestName === b.longestName &&
    a.settings === b.settings &&
    a.me === b.me &&
    a.direct === b.direct &&
    a.day === b.day &&
    a.fresh === b.fresh &&
    a.grouped === b.grouped &&
    a.time === b.time &&
    a.sameTime === b.sameTime &&
    a.unfolded === b.unfolded &&
    a.marked === b.marked &&
    a.selected === b.selected &&
    a.seenBy === b.seenBy
  );
}

/** The row above the oldest entry. */
function headRow({ conversation, width, appearance }: View): TextRow | undefined {
  if (conversation.loading) return ruleRow('loading older messages', width, appearance);
  return conversation.fromStart ? ruleRow(`beginning of ${conversation.id}`, width, appearance) : undefined;
}

function emptyRows({ conversation, width, appearance }: View): TextRow[] {
  if (conversation.loading) return [ruleRow('loading', width, appearance)];
  const { id, cleared, fromStart } = conversation;
  const what = id.startsWith('@') ? `direct messages with ${id.slice(1)}` : `messages in ${id}`;
  const words =
    cleared && !fromStart
      ? 'Cleared. PgUp shows the messages again.'
      : `No ${what} yet. Type one and press Enter.`;
  const margin = Math.min(2, Math.max(0, width - 1));
  const rows = wrapRow([span(words, stylesOf(appearance).dim)], width - margin);
  return [...rows.map((row) => [gap(margin), ...row]), []];
}
