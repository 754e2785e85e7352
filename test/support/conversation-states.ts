/** Conversations as the screen's state has them, with messages in them, and events that change these. */
import { newConversation } from '../../lib/client/screen/state/conversation.js';
import { ownEntry } from '../../lib/client/screen/state/delivery.js';
import { withMessage } from '../../lib/client/screen/state/history-window.js';
import { messageEntry } from '../../lib/client/screen/state/message-entry.js';
import type { ConversationState, PaneEntry } from '../../lib/client/screen/state/state.js';
import type { Message } from '../../lib/protocol/records.js';
import { lobbyMessage, messageOf } from './fake-session.js';

export const at = '2026-11-20T20:00:00.000Z';

/** To ana, who reads. */
export function add(conversation: ConversationState, said: Message, viewed = true): ConversationState {
  return withMessage(conversation, messageEntry(said, 'ana'), { key: said.key, viewed });
}

/** With the messages 1 to `count`. */
export function filled(count: number): ConversationState {
  let conversation = newConversation('#lobby', 'mention');
  for (let seq = 1; seq <= count; seq++) conversation = add(conversation, lobbyMessage(seq));
  return conversation;
}

export function windowOf(...entries: readonly PaneEntry[]): ConversationState {
  return { ...newConversation('#lobby', 'mention'), entries };
}

export const entry = (seq: number, fields: Partial<Message> = {}) =>
  messageEntry(messageOf({ seq, ...fields }), 'ana');

/** An own message that is not acknowledged yet. */
export const draft = (key: string) =>
  ownEntry(key, { room: 'lobby', text: key }, { me: 'ana', now: 0, entries: [] });

export const edited = (of: number, text: string) =>
  ({ type: 'edited', seq: 90, of, room: 'lobby', from: 'ben', at, text }) as const;
export const removed = (of: number) =>
  ({ type: 'removed', seq: 91, of, room: 'lobby', from: 'mo', at }) as const;

export const ids = ({ entries }: ConversationState) => entries.map(({ id }) => id);
export const seqs = ({ entries }: ConversationState) =>
  entries.map((each) => (each.kind === 'message' ? each.seq : each.kind));
