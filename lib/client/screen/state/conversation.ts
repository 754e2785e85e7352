/** One conversation: its id, its beginning, its messages and which of them is selected. Pure; knows neither the others nor keys. */
import { printable } from '../../../protocol/printable.js';
import type { Conversation, Message } from '../../../protocol/records.js';
import { emptyEditor } from './editor.js';
import type { ConversationId, ConversationState, MessageEntry, Notify } from './state.js';

export const lobby = '#lobby';

export function roomId(room: string): ConversationId {
  return `#${printable(room)}`;
}

export function idOf({ room, with: peer = '' }: Pick<Conversation, 'room' | 'with'>): ConversationId {
  return room === undefined ? `@${printable(peer)}` : roomId(room);
}

/** The conversation of an entry other than a topic. */
export function conversationOf(
  { room, from, to }: Pick<Message, 'room' | 'from' | 'to'>,
  me: string,
): ConversationId {
  return room === undefined ? idOf({ with: from === me ? (to ?? me) : from }) : roomId(room);
}

export function newConversation(id: ConversationId, notify: Notify): ConversationState {
  return {
    id,
    entries: [],
    fromStart: false,
    loading: false,
    topic: '',
    unread: 0,
    mentions: 0,
    newAfter: undefined,
    at: undefined,
    newBelow: 0,
    draft: emptyEditor,
    notify,
  };
}

type Entries = Pick<ConversationState, 'entries'>;

/** Those that are loaded, oldest first. */
export function messagesIn({ entries }: Entries): MessageEntry[] {
  return entries.filter((entry) => entry.kind === 'message');
}

/** The message of that number, if it is loaded. */
export function loadedMessage(conversation: Entries, seq: number): MessageEntry | undefined {
  return messagesIn(conversation).findLast((message) => message.seq === seq);
}

/** Seq of the oldest loaded message, undefined for none. */
export function firstSeq(conversation: Entries): number | undefined {
  return messagesIn(conversation).find(({ seq }) => seq !== undefined)?.seq;
}

/** Seq of the newest loaded message, 0 for none. */
export function lastSeq(conversation: Entries): number {
  return messagesIn(conversation).findLast(({ seq }) => seq !== undefined)?.seq ?? 0;
}

/** The newest message is at the bottom of the pane, also when one arrives. */
export function followsNewest({ at, selected }: Pick<ConversationState, 'at' | 'selected'>): boolean {
  return at === undefined && selected === undefined;
}

/** Scrolled to its last row, without following what arrives. */
export function scrolledToEnd(conversation: ConversationState): ConversationState {
  const last = conversation.entries.at(-1);
  return last === undefined
    ? conversation
    : { ...conversation, at: { id: last.id, row: Number.MAX_SAFE_INTEGER } };
}

/** The message that keys act on. */
export function selectedMessage({ entries, selected }: ConversationState): MessageEntry | undefined {
  const entry = selected === undefined ? undefined : entries.findLast(({ id }) => id === selected);
  return entry?.kind === 'message' ? entry : undefined;
}

/** Id of the nearest message from an entry's index on that was not removed. */
export function selectableFrom(
  { entries }: Entries,
  index: number,
  direction: 'up' | 'down',
): string | undefined {
  const step = direction === 'up' ? -1 : 1;
  for (let i = index; i >= 0 && i < entries.length; i += step) {
    const entry = entries[i];
    if (entry?.kind === 'message' && entry.removed === undefined) return entry.id;
  }
  return undefined;
}
