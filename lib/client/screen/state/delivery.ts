/** The reader's own messages on their way: shown at once, then delivered or failed. Pure; knows no session. */
import { quoteText } from '../../../protocol/message-text.js';
import { printable } from '../../../protocol/printable.js';
import type { Quote } from '../../../protocol/records.js';
import type { DeliveryStatus, OutgoingMessage } from '../../session/session.js';
import { loadedMessage, messagesIn } from './conversation.js';
import { change } from './conversations.js';
import { withOwnEntry } from './history-window.js';
import type { ConversationId, ConversationState, MessageEntry, PaneEntry, ScreenState } from './state.js';

export function applyDraft(
  state: ScreenState,
  key: string,
  { id, draft, now }: { id: ConversationId; draft: OutgoingMessage; now: number },
): ScreenState {
  return change(state, id, (conversation) => ({
    ...withOwnEntry(conversation, ownEntry(key, draft, { me: state.me, now, entries: conversation.entries })),
    newAfter: undefined,
    at: undefined,
    newBelow: 0,
  }));
}

/** The reader's own message, before the server acknowledges it. */
export function ownEntry(
  key: string,
  draft: OutgoingMessage,
  { me, now, entries }: { me: string; now: number; entries: readonly PaneEntry[] },
): MessageEntry {
  const { of } = draft;
  return {
    kind: 'message',
    id: `k${key}`,
    seq: undefined,
    from: me,
    text: printable(draft.text, { newlines: true }),
    at: now,
    action: draft.action === true,
    mine: true,
    mention: false,
    delivery: { state: 'sending' },
    ...(of !== undefined && { of: quoteTo(of, loadedMessage({ entries }, of)) }),
  };
}

function quoteTo(seq: number, message: MessageEntry | undefined): Quote {
  if (message === undefined || message.removed !== undefined) return { seq };
  return { seq, from: message.from, text: quoteText(message.text) };
}

/** Updates how far an own message has come. */
export function withDelivery(
  conversation: ConversationState,
  key: string,
  delivery: DeliveryStatus,
): ConversationState {
  const index = conversation.entries.findLastIndex(({ id }) => id === `k${key}`);
  const entry = conversation.entries[index];
  // With a seq it has arrived as an event already.
  if (entry?.kind !== 'message' || entry.seq !== undefined) return conversation;
  return {
    ...conversation,
    entries: conversation.entries.with(index, { ...entry, ...delivered(entry, delivery) }),
  };
}

function delivered(entry: MessageEntry, delivery: DeliveryStatus): Pick<MessageEntry, 'delivery' | 'seq'> {
  switch (delivery.state) {
    case 'sending':
      return { seq: undefined, delivery };
    case 'sent':
      return { seq: delivery.seq, delivery: { state: 'sent' } };
    case 'failed': {
      const { code, message } = delivery;
      return { seq: entry.seq, delivery: { state: 'failed', code, why: printable(message) } };
    }
    default:
      return delivery satisfies never;
  }
}

export function applyDelivery(state: ScreenState, key: string, delivery: DeliveryStatus): ScreenState {
  const id = conversationOfKey(state, key);
  return id === undefined
    ? state
    : change(state, id, (conversation) => withDelivery(conversation, key, delivery));
}

/** The conversation of an own message, by its key. */
export function conversationOfKey(state: ScreenState, key: string): ConversationId | undefined {
  return state.conversations.find(({ entries }) => entries.some(({ id }) => id === `k${key}`))?.id;
}

/** Takes the failed messages out, to be sent again. */
export function withoutFailed(conversation: ConversationState): {
  conversation: ConversationState;
  failed: readonly MessageEntry[];
} {
  const isFailed = (entry: PaneEntry) => entry.kind === 'message' && entry.delivery.state === 'failed';
  const entries = conversation.entries.filter((entry) => !isFailed(entry));
  return { conversation: { ...conversation, entries }, failed: messagesIn(conversation).filter(isFailed) };
}
