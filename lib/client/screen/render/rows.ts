/**
 * Which rows of a conversation stand in the pane, and where scrolling leads. Lays out only what is passed and
 * keeps it. Knows entries and rows, not the rest of the screen.
 */

import { current } from '../state/conversations.js';
import type { ConversationState, Entry, ScreenState } from '../state/state.js';
import { entryRows, ruleRow, type Surroundings } from './entry-rows.js';
import { layout } from './layout.js';
import type { Row } from './spans.js';
import { gap, span, wrapRow } from './spans.js';
import { type Look, stylesOf } from './theme.js';

/** Where the reader is: see `ConversationState.at`. */
export type At = NonNullable<ConversationState['at']>;

interface View {
  readonly conversation: ConversationState;
  readonly me: string;
  readonly look: Look;
  readonly width: number;
  readonly height: number;
}

/** A row of an entry, by the entry's index. */
interface Place {
  readonly index: number;
  readonly row: number;
}

interface Kept {
  readonly look: Look;
  readonly around: Surroundings;
  readonly rows: readonly Row[];
}

const kept = new WeakMap<Entry, Kept>();
const keptNamed = new WeakMap<Entry, Kept>();
const days = new WeakMap<Entry, { readonly look: Look; readonly day: string; readonly minute: string }>();
const groupedMs = 5 * 60 * 1000;

/** The rows that the pane shows, at most its height; the last of them stands at its bottom. */
export function paneRows(state: ScreenState, look: Look): readonly Row[] {
  const view = viewOf(state, look);
  const { conversation, height } = view;
  if (height <= 0) return [];
  if (conversation.entries.length === 0) return emptyRows(view).slice(-height);
  const shown = visible(view);
  const rows = shown.places.map((place) => rowAt(view, place));
  // Whoever reads on in the middle of what somebody says sees who it is.
  const top = shown.places[0];
  if (top?.row === 0 && shown.head === undefined) {
    const named = ungrouped(view, top.index);
    if (named !== undefined) rows[0] = named;
  }
  return shown.head === undefined ? rows : [shown.head, ...rows];
}

/** The oldest entry that is loaded is in the pane: there is reason to load older ones. */
export function topIsVisible(state: ScreenState, look: Look): boolean {
  const view = viewOf(state, look);
  if (view.conversation.entries.length === 0 || view.height <= 0) return true;
  const first = visible(view).places[0];
  return first === undefined || (first.index === 0 && first.row === 0);
}

/**
 * Where the reader of the current conversation is after so many rows down, or up if negative: never further than
 * the ends. Undefined at the bottom. A page is `layout(state).pane.height - 1`.
 */
export function scrollBy(state: ScreenState, look: Look, rows: number): At | undefined {
  const view = viewOf(state, look);
  if (view.conversation.entries.length === 0 || view.height <= 0) return undefined;
  return atOf(view, pageEnd(view, moved(view, anchor(view), Math.trunc(rows))));
}

/**
 * Where the reader is one page further up. If older entries arrived since `seen`, their rows may fill the pane without
 * having been on the screen: the top row of `seen` then stays in the pane, so that no row is skipped.
 */
export function pageUp(state: ScreenState, look: Look, seen: ScreenState): At | undefined {
  const view = viewOf(state, look);
  if (view.conversation.entries.length === 0 || view.height <= 0) return undefined;
  const from = anchor(view);
  const to = moved(view, from, -Math.max(1, view.height - 1));
  const top = topOf(viewOf(seen, look), view);
  const skips = top !== undefined && order(to, top) < 0 && order(top, from) <= 0;
  return atOf(view, pageEnd(view, skips ? top : to));
}

/** Where the reader is with the first row of an entry at the top of the pane; unknown ids are the oldest entry. */
export function scrollTo(state: ScreenState, look: Look, id?: string): At | undefined {
  const view = viewOf(state, look);
  const { entries } = view.conversation;
  if (entries.length === 0 || view.height <= 0) return undefined;
  const index = Math.max(
    0,
    entries.findIndex((entry) => entry.id === id),
  );
  const head = index === 0 && headRow(view) !== undefined ? 1 : 0;
  return atOf(view, moved(view, { index, row: 0 }, view.height - 1 - head));
}

function viewOf(state: ScreenState, look: Look): View {
  const { pane } = layout(state);
  return { conversation: current(state), me: state.me, look, width: pane.width, height: pane.height };
}

/** The places in the pane from top to bottom, and the row above the oldest entry where that is in sight. */
function visible(view: View): { readonly places: readonly Place[]; readonly head: Row | undefined } {
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

/** That place, or the one further down that fills the pane from the oldest row on. */
function pageEnd(view: View, place: Place): Place {
  const head = headRow(view) === undefined ? 0 : 1;
  let rows = place.row + 1;
  for (let index = place.index - 1; index >= 0 && rows < view.height; index--)
    rows += rowsOf(view, index).length;
  const missing = view.height - rows - head;
  return missing > 0 ? moved(view, place, missing) : place;
}

/** The place of the pane's last row, as far as that is still there. */
function anchor(view: View): Place {
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

/** So many rows further down, or up if negative, and no further than the ends. */
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

function rowAt(view: View, { index, row }: Place): Row {
  return rowsOf(view, index)[row] ?? [];
}

function rowsOf(view: View, index: number): readonly Row[] {
  const entry = view.conversation.entries[index];
  if (entry === undefined) return [];
  const around = surroundings(view, index);
  return laidOut(kept, entry, { around, look: view.look });
}

/** As it was laid out before, where nothing has changed that matters to it. */
function laidOut(
  before: WeakMap<Entry, Kept>,
  entry: Entry,
  { around, look }: Pick<Kept, 'around' | 'look'>,
): readonly Row[] {
  const known = before.get(entry);
  if (known !== undefined && known.look === look && same(known.around, around)) return known.rows;
  const rows = entryRows(entry, around, look);
  before.set(entry, { look, around, rows });
  return rows;
}

/** The first row of an entry that goes on from the one above, with its name; undefined where it has that anyway. */
function ungrouped(view: View, index: number): Row | undefined {
  const entry = view.conversation.entries[index];
  const around = surroundings(view, index);
  if (entry === undefined || !around.grouped) return undefined;
  const named = laidOut(keptNamed, entry, { around: { ...around, grouped: false }, look: view.look });
  // A long name has a row of its own, for which there is none.
  return named.length === rowsOf(view, index).length ? named[0] : undefined;
}

function surroundings({ conversation, me, look, width }: View, index: number): Surroundings {
  const entry = conversation.entries[index];
  const before = conversation.entries[index - 1];
  const now = entry === undefined ? undefined : moment(entry, look);
  const then = before === undefined ? undefined : moment(before, look);
  const newDay = now !== undefined && now.day !== then?.day && now.day !== '';
  const fresh = entry !== undefined && entry.id === conversation.newFrom;
  return {
    width,
    me,
    direct: conversation.id.startsWith('@'),
    day: newDay ? now.day : '',
    fresh,
    grouped: !newDay && !fresh && goesOn(before, entry),
    sameMinute: now?.minute === then?.minute,
    marked: entry !== undefined && entry.id === conversation.marked,
  };
}

function goesOn(before: Entry | undefined, entry: Entry | undefined): boolean {
  if (before?.kind !== 'message' || entry?.kind !== 'message') return false;
  if (before.from !== entry.from || before.action || entry.action) return false;
  return before.delivery.state !== 'failed' && Math.abs(entry.at - before.at) < groupedMs;
}

function moment(entry: Entry, look: Look): { readonly day: string; readonly minute: string } {
  const known = days.get(entry);
  if (known?.look === look) return known;
  const made = { look, day: look.time.day(entry.at), minute: look.time.minute(entry.at) };
  days.set(entry, made);
  return made;
}

function same(a: Surroundings, b: Surroundings): boolean {
  return (
    a.width === b.width &&
    a.me === b.me &&
    a.direct === b.direct &&
    a.day === b.day &&
    a.fresh === b.fresh &&
    a.grouped === b.grouped &&
    a.sameMinute === b.sameMinute &&
    a.marked === b.marked
  );
}

/** What stands above the oldest entry. */
function headRow({ conversation, width, look }: View): Row | undefined {
  if (conversation.loading) return ruleRow('loading what was said before', width, look);
  return conversation.fromStart
    ? ruleRow(`the beginning of ${placeWords(conversation)}`, width, look)
    : undefined;
}

function emptyRows({ conversation, width, look }: View): Row[] {
  if (conversation.loading) return [ruleRow('loading', width, look)];
  const direct = conversation.id.startsWith('@');
  const words = direct
    ? `Nothing was said between you and ${conversation.id.slice(1)} yet. Only you two will see what you write here.`
    : `Nobody has said anything in ${conversation.id} yet. Type something and press Enter.`;
  const margin = Math.min(2, Math.max(0, width - 1));
  const rows = wrapRow([span(words, stylesOf(look).dim)], width - margin);
  return [...rows.map((row) => [gap(margin), ...row]), []];
}

function placeWords({ id }: ConversationState): string {
  return id.startsWith('@') ? `what you and ${id.slice(1)} said` : id;
}
