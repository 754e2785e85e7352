/** Notices: what the program itself writes into a conversation. Pure; knows no events. */
import { printable } from '../../../protocol/printable.js';
import { withEntry } from './conversation.js';
import { change } from './conversations.js';
import type { ConversationId, NoticeEntry, ScreenState } from './state.js';

export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Makes the id of an entry; each is used once. */
  readonly serial: number;
}

/** In the conversation it is about. */
export function withNotice(
  state: ScreenState,
  id: ConversationId,
  { text, now, serial }: Moment & { readonly text: string },
): ScreenState {
  const entry: NoticeEntry = { kind: 'notice', id: `n${serial}`, at: now, text, tone: 'plain' };
  return change(state, id, (conversation) => withEntry(conversation, entry));
}

/** In the current conversation, scrolled to its end: it answers the person who is typing. */
export function withNoticeHere(
  state: ScreenState,
  { text, tone, now, serial }: Moment & { readonly text: string; readonly tone: NoticeEntry['tone'] },
): ScreenState {
  const shown = printable(text, { newlines: true });
  const entry: NoticeEntry = { kind: 'notice', id: `n${serial}`, at: now, text: shown, tone };
  return change(state, state.current, (conversation) => ({
    ...withEntry(conversation, entry),
    at: undefined,
    newBelow: 0,
  }));
}

/** Removes entries from every conversation. */
export function withoutEntries(state: ScreenState, ids: readonly string[]): ScreenState {
  const conversations = state.conversations.map((conversation) => ({
    ...conversation,
    entries: conversation.entries.filter(({ id }) => !ids.includes(id)),
  }));
  return { ...state, conversations };
}

/** A line that changes, such as the progress of a transfer: the same id is the same line. */
export function withProgress(
  state: ScreenState,
  { id, text, now, bad }: { id: string; text: string; now: number; bad: boolean },
): ScreenState {
  const shown = printable(text, { newlines: true });
  const owner = state.conversations.find(({ entries }) => entries.some((entry) => entry.id === id));
  const entry: NoticeEntry = { kind: 'notice', id, at: now, text: shown, tone: bad ? 'bad' : 'plain' };
  if (owner === undefined)
    return change(state, state.current, (conversation) => withEntry(conversation, entry));
  return change(state, owner.id, (conversation) => ({
    ...conversation,
    entries: conversation.entries.map((before) => (before.id === id ? { ...entry, at: before.at } : before)),
  }));
}
