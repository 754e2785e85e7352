/** The rows of a conversation, entry by entry: what an entry looks like depends on those around it. Pure, with a cache; knows no scrolling. */
import type { Settings } from '../../commands/settings.js';
import { seenMessage } from '../state/activity.js';
import { messagesIn } from '../state/conversation.js';
import { current } from '../state/conversations.js';
import type { ConversationState, PaneEntry, ScreenState } from '../state/state.js';
import { firstNewId } from '../state/unread.js';
import { type EntryContext, entryRows, ruleRow } from './entry-rows.js';
import { layout } from './layout.js';
import { gap, span, type TextRow, wrapRow } from './spans.js';
import { type Appearance, stylesOf } from './theme.js';
import { columnsOf } from './wrap.js';

/** A conversation in the pane, with what all of its rows depend on. */
export interface PaneView {
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

interface Kept {
  readonly appearance: Appearance;
  readonly around: EntryContext;
  readonly rows: readonly TextRow[];
}

/** When an entry was, as shown. */
interface Moment {
  readonly appearance: Appearance;
  readonly settings: Settings;
  readonly day: string;
  readonly time: string;
}

const kept = new WeakMap<PaneEntry, Kept>();
const keptNamed = new WeakMap<PaneEntry, Kept>();
const longestNames = new WeakMap<readonly PaneEntry[], number>();
const moments = new WeakMap<PaneEntry, Moment>();
const groupedMs = 5 * 60 * 1000;

export function viewOf(state: ScreenState, appearance: Appearance): PaneView {
  const { pane } = layout(state);
  const conversation = current(state);
  return {
    ...{ conversation, appearance, width: pane.width, height: pane.height },
    ...{ firstNew: firstNewId(conversation), longestName: longestName(conversation.entries) },
    seen: seenMessage(conversation),
    ...{ me: state.me, settings: state.settings },
  };
}

/** Of the entry with that index. */
export function rowsOf(view: PaneView, index: number): readonly TextRow[] {
  const entry = view.conversation.entries[index];
  if (entry === undefined) return [];
  const around = surroundings(view, index);
  return laidOut(kept, entry, { around, appearance: view.appearance });
}

/** The first row of a grouped entry with its name; undefined if it is not grouped. */
export function ungrouped(view: PaneView, index: number): TextRow | undefined {
  const entry = view.conversation.entries[index];
  const around = surroundings(view, index);
  if (entry === undefined || !around.grouped) return undefined;
  const named = laidOut(keptNamed, entry, {
    around: { ...around, grouped: false },
    appearance: view.appearance,
  });
  return named[0];
}

/** The row above the oldest entry. */
export function headRow({ conversation, width, appearance }: PaneView): TextRow | undefined {
  if (conversation.loading) return ruleRow('loading older messages', width, appearance);
  return conversation.fromStart ? ruleRow(`beginning of ${conversation.id}`, width, appearance) : undefined;
}

/** Without any entry. */
export function emptyRows({ conversation, width, appearance }: PaneView): TextRow[] {
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

function longestName(entries: readonly PaneEntry[]): number {
  const known = longestNames.get(entries);
  if (known !== undefined) return known;
  const longest = messagesIn({ entries }).reduce((most, { from }) => Math.max(most, columnsOf(from)), 0);
  longestNames.set(entries, longest);
  return longest;
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

function same(a: EntryContext, b: EntryContext): boolean {
  const names = Object.keys(a) as (keyof EntryContext)[];
  return names.every((name) => a[name] === b[name]);
}

function surroundings(view: PaneView, index: number): EntryContext {
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

function moment(entry: PaneEntry, { appearance, settings }: PaneView): Moment {
  const known = moments.get(entry);
  if (known?.appearance === appearance && known.settings === settings) return known;
  const format = { seconds: settings.seconds === 'on', halfDays: settings.clock === '12h' };
  const { time: shown } = appearance;
  const made = { appearance, settings, day: shown.day(entry.at), time: shown.time(entry.at, format) };
  moments.set(entry, made);
  return made;
}
