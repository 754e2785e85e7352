/** What happens to entries that are there already: edits, removals, a window that was left behind. Pure. */
import type { ServerFrameOf } from '../../../protocol/events.js';
import { mentions } from '../../../protocol/mentions.js';
import { printable } from '../../../protocol/printable.js';
import type { MessageEntry } from './conversation.js';
import { inserted, lastSeq } from './conversation.js';
import type { ConversationState, Entry } from './state.js';

/** Wherever the message stands, if it is loaded; the entry keeps its place and its id. */
function amend(
  conversation: ConversationState,
  seq: number,
  to: (entry: MessageEntry) => MessageEntry,
): ConversationState {
  const index = conversation.entries.findLastIndex((entry) => entry.kind === 'message' && entry.seq === seq);
  const entry = conversation.entries[index];
  if (entry?.kind !== 'message') return conversation;
  return { ...conversation, entries: conversation.entries.with(index, to(entry)) };
}

export function withEdit(
  conversation: ConversationState,
  { of, text }: ServerFrameOf<'edited'>,
  me: string,
): ConversationState {
  const shown = printable(text, { newlines: true });
  return amend(conversation, of, (entry) =>
    entry.removed === undefined
      ? { ...entry, text: shown, edited: true, mention: !entry.mine && mentions(shown, me) }
      : entry,
  );
}

export function withRemoval(
  conversation: ConversationState,
  { of, from }: ServerFrameOf<'removed'>,
): ConversationState {
  return amend(conversation, of, ({ edited: _, file: __, ...entry }) => ({
    ...entry,
    text: '',
    mention: false,
    removed: printable(from),
  }));
}

/** Messages between these seqs were not replayed: what is loaded before them may have changed, and loads again. */
export function withGap(conversation: ConversationState, before: number): ConversationState {
  const isKept = (entry: Entry): boolean =>
    entry.kind !== 'message' || entry.seq === undefined || entry.seq >= before;
  const entries = conversation.entries.filter(isKept);
  if (entries.length === conversation.entries.length) return conversation;
  return { ...conversation, entries, fromStart: false, at: undefined, below: 0 };
}

/** Puts the page below the rest. `more`: the window still ends before the newest. */
export function withNewer(
  { detached: _, ...conversation }: ConversationState,
  page: readonly MessageEntry[],
  more: boolean,
): ConversationState {
  const last = lastSeq(conversation);
  const newer = page.filter(({ seq }) => seq !== undefined && seq > last);
  const next = newer.reduce<readonly Entry[]>(inserted, conversation.entries);
  return { ...conversation, entries: next, loading: false, ...(more ? { detached: true as const } : {}) };
}

/** A window around one message, which is marked. */
export function around(
  { detached: _, ...conversation }: ConversationState,
  page: readonly MessageEntry[],
  { seq, older, newer }: { seq: number; older: boolean; newer: boolean },
): ConversationState {
  const id = `m${seq}`;
  return {
    ...conversation,
    entries: page,
    fromStart: !older,
    loading: false,
    at: { id: page.at(-1)?.id ?? id, row: 0 },
    marked: id,
    below: 0,
    ...(newer ? { detached: true as const } : {}),
  };
}

/** Somebody has read up to there on another terminal. */
export function seenUpTo(conversation: ConversationState, seq: number): ConversationState {
  const left = conversation.entries.filter(
    (entry) => entry.kind === 'message' && !entry.mine && entry.seq !== undefined && entry.seq > seq,
  );
  if (left.length >= conversation.unread) return conversation;
  const mentioning = left.filter((entry) => entry.kind === 'message' && entry.mention).length;
  return { ...conversation, unread: left.length, mentions: mentioning, newFrom: left[0]?.id };
}
