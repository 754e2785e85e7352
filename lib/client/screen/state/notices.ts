/** Lines that nobody said. Pure. */
import { printable } from '../../../protocol/printable.js';
import { withEntry } from './conversation.js';
import { change } from './conversations.js';
import type { ConversationId, Entry, ScreenState } from './state.js';

/** `serial` makes ids, each used once. */
export interface Time {
  readonly now: number;
  readonly serial: number;
}

/** A line that nobody said, in its own conversation. */
export function told(
  state: ScreenState,
  id: ConversationId,
  { text, now, serial }: Time & { readonly text: string },
): ScreenState {
  const entry: Entry = { kind: 'notice', id: `n${serial}`, at: now, text, tone: 'plain' };
  return change(state, id, (conversation) => withEntry(conversation, entry));
}

export interface Notice {
  readonly text: string;
  readonly tone: Extract<Entry, { kind: 'notice' }>['tone'];
  readonly now: number;
  readonly serial: number;
}

/** The program says something, in the conversation that is on the screen. */
export function noticed(state: ScreenState, { text, tone, now, serial }: Notice): ScreenState {
  const shown = printable(text, { newlines: true });
  const entry: Entry = { kind: 'notice', id: `n${serial}`, at: now, text: shown, tone };
  // It answers somebody who waits for it, wherever they are.
  return change(state, state.current, (conversation) => ({
    ...withEntry(conversation, entry),
    at: undefined,
    below: 0,
  }));
}

/** Without what is not to be seen any more, wherever it stands. */
export function withoutEntries(state: ScreenState, ids: readonly string[]): ScreenState {
  const conversations = state.conversations.map((conversation) => ({
    ...conversation,
    entries: conversation.entries.filter(({ id }) => !ids.includes(id)),
  }));
  return { ...state, conversations };
}

/** A line that changes while something goes on, such as a transfer: the same id is the same line. */
export function reported(
  state: ScreenState,
  { id, text, now, bad }: { id: string; text: string; now: number; bad: boolean },
): ScreenState {
  const shown = printable(text, { newlines: true });
  const place = state.conversations.find(({ entries }) => entries.some((entry) => entry.id === id));
  const entry: Entry = { kind: 'notice', id, at: now, text: shown, tone: bad ? 'bad' : 'plain' };
  if (place === undefined)
    return change(state, state.current, (conversation) => withEntry(conversation, entry));
  return change(state, place.id, (conversation) => ({
    ...conversation,
    entries: conversation.entries.map((before) => (before.id === id ? { ...entry, at: before.at } : before)),
  }));
}
