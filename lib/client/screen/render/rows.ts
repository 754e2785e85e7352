/** Which rows of a conversation are in the pane, and where scrolling leads. Pure; knows no entries. */
import type { ConversationState, ScreenState } from '../state/state.js';
import { emptyRows, headRow, type PaneView, rowsOf, ungrouped, viewOf } from './conversation-rows.js';
import type { TextRow } from './spans.js';
import type { Appearance } from './theme.js';

/** A scroll position: see `ConversationState.at`. */
export type At = NonNullable<ConversationState['at']>;

/** A row of an entry, by the entry's index. */
interface Place {
  readonly index: number;
  readonly row: number;
}

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

/** The places in the pane from top to bottom, and the row above the oldest entry if that is visible. */
function visible(view: PaneView): { readonly places: readonly Place[]; readonly head: TextRow | undefined } {
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
function topOf(earlier: PaneView, view: PaneView): Place | undefined {
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
function pageEnd(view: PaneView, place: Place): Place {
  const head = headRow(view) === undefined ? 0 : 1;
  let rows = place.row + 1;
  for (let index = place.index - 1; index >= 0 && rows < view.height; index--)
    rows += rowsOf(view, index).length;
  const missing = view.height - rows - head;
  return missing > 0 ? moved(view, place, missing) : place;
}

/** The place of the pane's last row: that of the scroll position, moved as far as a selected message needs. */
function anchor(view: PaneView): Place {
  const { selected, entries } = view.conversation;
  const place = scrolled(view);
  const index = selected === undefined ? -1 : entries.findLastIndex(({ id }) => id === selected);
  return index < 0 ? place : showing(view, index, pageEnd(view, place));
}

/** That end of a page, moved so that an entry is in the page, or its beginning if it is longer. */
function showing(view: PaneView, index: number, end: Place): Place {
  const first = { index, row: 0 };
  const last = { index, row: rowsOf(view, index).length - 1 };
  const below = order(last, end) > 0 ? last : end;
  const top = moved(view, below, 1 - view.height);
  if (order(first, top) >= 0) return below;
  const head = index === 0 && headRow(view) !== undefined ? 1 : 0;
  return moved(view, first, view.height - 1 - head);
}

/** The place of the scroll position; the bottom if it is gone. */
function scrolled(view: PaneView): Place {
  const { at, entries } = view.conversation;
  const index = at === undefined ? -1 : entries.findLastIndex(({ id }) => id === at.id);
  const row = rowsOf(view, index).length - 1;
  if (at === undefined || index < 0) return bottom(view);
  return { index, row: Math.min(Math.max(0, at.row), row) };
}

function bottom(view: PaneView): Place {
  const index = view.conversation.entries.length - 1;
  return { index, row: rowsOf(view, index).length - 1 };
}

function atOf(view: PaneView, { index, row }: Place): At | undefined {
  const last = bottom(view);
  const entry = view.conversation.entries[index];
  if (entry === undefined || (index === last.index && row >= last.row)) return undefined;
  return { id: entry.id, row };
}

function above(view: PaneView, { index, row }: Place): Place | undefined {
  if (row > 0) return { index, row: row - 1 };
  return index === 0 ? undefined : { index: index - 1, row: rowsOf(view, index - 1).length - 1 };
}

/** So many rows further down, or up if negative, within the ends. */
function moved(view: PaneView, from: Place, rows: number): Place {
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

function rowAt(view: PaneView, { index, row }: Place): TextRow {
  return rowsOf(view, index)[row] ?? [];
}
