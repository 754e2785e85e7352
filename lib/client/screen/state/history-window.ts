/** The part of a conversation's history that is loaded: how it grows at its ends, moves, and stays bounded. Pure; knows no requests. */
import { firstSeq, followsNewest, lastSeq, messagesIn } from './conversation.js';
import type { ConversationState, MessageEntry, PaneEntry } from './state.js';
import { counters } from './unread.js';

/** Size of the window; dropped entries are loaded from the server again. */
export const mostEntries = 2_000;
const dropAtOnce = 500;

/** Adds a new message. `viewed`: the newest message is on the screen. */
export function withMessage(
  conversation: ConversationState,
  entry: MessageEntry,
  { key, viewed }: { key: string; viewed: boolean },
): ConversationState {
  const own = conversation.entries.findLastIndex(({ id }) => id === `k${key}`);
  const before = own < 0 ? conversation.entries : conversation.entries.toSpliced(own, 1);
  // The id stays, so that the scroll position does.
  const arrived = own < 0 ? entry : { ...entry, id: `k${key}` };
  const counted = counters(conversation, arrived, viewed);
  if (!followsNewest(conversation) && (conversation.detached || before.length >= mostEntries * 2)) {
    return { ...conversation, ...counted, entries: before, detached: true };
  }
  return bounded({ ...conversation, ...counted, entries: withInserted(before, arrived) });
}

/** Before the messages that the server has not acknowledged yet. */
function withInserted(entries: readonly PaneEntry[], entry: MessageEntry): PaneEntry[] {
  let index = entries.length;
  while (index > 0 && isPending(entries[index - 1])) index--;
  return entries.toSpliced(index, 0, entry);
}

function isPending(entry: PaneEntry | undefined): boolean {
  return entry?.kind === 'message' && entry.delivery.state === 'sending';
}

/** Adds what happened here, unless the window ends before it. */
export function withEntry(conversation: ConversationState, entry: PaneEntry): ConversationState {
  return conversation.detached ? conversation : withOwnEntry(conversation, entry);
}

/** Adds what the reader wrote, or what answers them, wherever the window ends. */
export function withOwnEntry(conversation: ConversationState, entry: PaneEntry): ConversationState {
  return bounded({ ...conversation, entries: [...conversation.entries, entry] });
}

/** Drops the oldest entries of a window that is too large; the newest if the reader is scrolled up. */
export function bounded(conversation: ConversationState): ConversationState {
  const { entries } = conversation;
  if (entries.length <= mostEntries) return conversation;
  if (followsNewest(conversation)) {
    const kept = entries.slice(dropAtOnce);
    return { ...conversation, entries: kept, fromStart: false };
  }
  if (entries.length <= mostEntries * 2) return conversation;
  return { ...conversation, entries: entries.slice(0, mostEntries), detached: true };
}

/** Drops what is loaded before a gap in the catch-up: it may have changed, and is loaded again. */
export function withGap(conversation: ConversationState, before: number): ConversationState {
  const isKept = (entry: PaneEntry): boolean =>
    entry.kind !== 'message' || entry.seq === undefined || entry.seq >= before;
  const entries = conversation.entries.filter(isKept);
  if (entries.length === conversation.entries.length) return conversation;
  return { ...conversation, entries, fromStart: false, at: undefined, newBelow: 0 };
}

/** Adds a page of older messages. `more`: the server has still older ones. */
export function withOlder(
  conversation: ConversationState,
  page: readonly MessageEntry[],
  more: boolean,
): ConversationState {
  const first = firstSeq(conversation) ?? Number.POSITIVE_INFINITY;
  const older = page.filter(({ seq }) => seq !== undefined && seq < first);
  const entries = [...older, ...conversation.entries];
  return bounded({ ...conversation, entries, fromStart: !more, loading: false });
}

/** Adds a page of newer messages to a detached window. `more`: it still ends before the newest. */
export function withNewer(
  { detached: _, ...conversation }: ConversationState,
  page: readonly MessageEntry[],
  more: boolean,
): ConversationState {
  const last = lastSeq(conversation);
  const newer = page.filter(({ seq }) => seq !== undefined && seq > last);
  const kept = unsent(conversation);
  const entries = [...conversation.entries.filter((entry) => !kept.includes(entry)), ...newer, ...kept];
  return { ...conversation, entries, loading: false, ...(more && { detached: true }) };
}

/** The newest page in place of a detached window, with what was added below that since. */
export function withNewest(
  { detached: _, marked: __, ...conversation }: ConversationState,
  page: readonly MessageEntry[],
  more: boolean,
): ConversationState {
  const { entries } = conversation;
  const last = lastSeq({ entries: page });
  const end = entries.findLastIndex((entry) => entry.kind === 'message' && (entry.seq ?? last + 1) <= last);
  const own = unsent(conversation);
  const kept = entries.filter((entry, i) => i > end || own.includes(entry));
  const window = { entries: [...page, ...kept], fromStart: !more, at: undefined };
  return { ...conversation, ...window, loading: false, newBelow: 0 };
}

/** The first page of the history in place of the window, or above it if they meet. `more`: the server has newer ones. */
export function withOldest(
  conversation: ConversationState,
  page: readonly MessageEntry[],
  more: boolean,
): ConversationState {
  const [first] = page;
  if (first === undefined) return conversation;
  if ((page.at(-1)?.seq ?? 0) >= (firstSeq(conversation) ?? Number.POSITIVE_INFINITY)) {
    return withOlder(conversation, page, false);
  }
  const { marked: _, ...unmarked } = conversation;
  return replaced(unmarked, page, { older: false, newer: more, at: { id: first.id, row: 0 } });
}

/** A window around one message, which is marked. `older`, `newer`: the server has more on that side. */
export function withWindowAround(
  conversation: ConversationState,
  page: readonly MessageEntry[],
  { seq, ...more }: { seq: number; older: boolean; newer: boolean },
): ConversationState {
  const marked = `m${seq}`;
  const at = { id: page.at(-1)?.id ?? marked, row: 0 };
  return { ...replaced(conversation, page, { ...more, at }), marked };
}

function replaced(
  { detached: _, ...conversation }: ConversationState,
  page: readonly MessageEntry[],
  { older, newer, at }: { older: boolean; newer: boolean; at: ConversationState['at'] },
): ConversationState {
  const entries = [...page, ...unsent(conversation)];
  const window = { entries, fromStart: !older, at, ...(newer && { detached: true as const }) };
  return { ...conversation, ...window, loading: false, newBelow: 0 };
}

/** Own messages that only this client has: another window keeps them, at its end. */
function unsent(conversation: Pick<ConversationState, 'entries'>): readonly PaneEntry[] {
  return messagesIn(conversation).filter(({ delivery }) => delivery.state !== 'sent');
}
