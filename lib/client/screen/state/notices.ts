/** What the program itself says in a conversation: added, changed, folded once it was read. Pure; knows no words. */
import type { Recipient } from '../../../protocol/names.js';
import { printable } from '../../../protocol/printable.js';
import { idOf } from './conversation.js';
import { change, changeAll, isViewed } from './conversations.js';
import { withEntry, withOwnEntry } from './history-window.js';
import type { ConversationId, NoticeEntry, PaneEntry, ScreenState } from './state.js';

export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Makes the id of an entry; each is used once. */
  readonly serial: number;
}

interface Notice extends Moment {
  readonly text: string;
  readonly tone?: NoticeEntry['tone'];
  /** It is folded once it was read. */
  readonly folds?: boolean;
}

/** In the conversation it is about. */
export function withNotice(state: ScreenState, id: ConversationId, notice: Notice): ScreenState {
  return change(state, id, (conversation) => withEntry(conversation, noticeEntry(notice)));
}

/** In the current conversation, scrolled to its end: it answers the person who is typing. A selected message stays in view. */
export function withNoticeHere(state: ScreenState, notice: Notice): ScreenState {
  return withAnswer(state, noticeEntry(notice));
}

function withAnswer(state: ScreenState, entry: NoticeEntry): ScreenState {
  return change(state, state.current, (before) => {
    const conversation = withOwnEntry(before, entry);
    return conversation.selected === undefined
      ? { ...conversation, at: undefined, newBelow: 0 }
      : { ...conversation, newBelow: conversation.newBelow + 1 };
  });
}

function noticeEntry({ text, tone = 'plain', folds = false, now, serial }: Notice): NoticeEntry {
  const shown = printable(text, { newlines: true });
  return {
    ...{ kind: 'notice', id: `n${serial}`, at: now, text: shown, tone },
    ...(folds && { folded: false }),
  };
}

/** Removes entries from every conversation. */
export function withoutEntries(state: ScreenState, ids: readonly string[]): ScreenState {
  return changeAll(state, (conversation) => ({
    ...conversation,
    entries: conversation.entries.filter(({ id }) => !ids.includes(id)),
  }));
}

interface Progress {
  readonly id: string;
  readonly text: string;
  readonly now: number;
  readonly bad: boolean;
  /** A message there says so now: in that conversation the line goes. */
  readonly sentTo: Recipient | undefined;
}

/** A line that changes, such as the progress of a transfer: the same id is the same line. */
export function withProgress(state: ScreenState, { id, text, now, bad, sentTo }: Progress): ScreenState {
  const shown = printable(text, { newlines: true });
  const owner = state.conversations.find(({ entries }) => entries.some((entry) => entry.id === id));
  const target = sentTo && idOf('to' in sentTo ? { with: sentTo.to } : sentTo);
  if (owner !== undefined && owner.id === target) return withoutEntries(state, [id]);
  const entry: NoticeEntry = { kind: 'notice', id, at: now, text: shown, tone: bad ? 'bad' : 'plain' };
  if (owner === undefined) return withAnswer(state, entry);
  return change(state, owner.id, (conversation) => ({
    ...conversation,
    entries: conversation.entries.map((before) => (before.id === id ? { ...entry, at: before.at } : before)),
  }));
}

/** Entries below an answer when it is folded, at least. */
const newerForFold = 3;
/** How long an answer of so many characters takes to read, slowly. */
const readingMs = (characters: number): number => 30_000 + 60 * characters;

/**
 * Folds answers in a conversation that were read: they are on the screen for long enough, with something newer below them.
 * Nothing moves while the reader is scrolled up or elsewhere.
 */
export function withFolded(state: ScreenState, id: ConversationId, now: number): ScreenState {
  if (!isViewed(state, id)) return state;
  return change(state, id, (conversation) => {
    const { entries } = conversation;
    const wasRead = (entry: PaneEntry, index: number): boolean =>
      entry.kind === 'notice' &&
      entry.folded === false &&
      index < entries.length - newerForFold &&
      now - entry.at >= readingMs(entry.text.length);
    if (!entries.some(wasRead)) return conversation;
    const after = entries.map((entry, i) => (wasRead(entry, i) ? { ...entry, folded: true } : entry));
    return { ...conversation, entries: after };
  });
}
