/** What the store keeps as the protocol's frames and records. Knows who reads it, not who else does. */
import type { EntryEvent } from '../../protocol/events.js';
import { quoteText } from '../../protocol/message-text.js';
import type { Conversation, Message, Quote, Reaction, RoomRules } from '../../protocol/records.js';
import type { Account } from '../../store/account-store.js';
import type { LogEntry, LogPosition, ReactionCount } from '../../store/message-store.js';
import type { ConversationSummary, Room } from '../../store/room-store.js';
import type { ConversationRef } from './lookup.js';

type Reader = Pick<Account, 'name'>;

/** Where a post is in the log, for its sender. */
export interface Receipt {
  readonly seq: number;
  readonly at: string;
}

export function receiptOf({ seq, at }: LogPosition): Receipt {
  return { seq, at: new Date(at).toISOString() };
}

/** @param reader one of the two people in a direct message, any member in a room */
export function entryEvent(entry: LogEntry, conversation: ConversationRef, reader: Reader): EntryEvent {
  const { seq, from, text, of = 0 } = entry;
  const at = new Date(entry.at).toISOString();
  const address = addressOf(conversation, entry, reader);
  switch (entry.kind) {
    case 'text':
    case 'action':
    case 'file':
      return messageEvent(entry, conversation, reader);
    case 'edit':
      return { type: 'edited', seq, of, ...address, from, text, at };
    case 'removal':
      return { type: 'removed', seq, of, ...address, from, at };
    case 'reaction': {
      const emoji = text === '' ? {} : { emoji: text };
      const reactions = [...(entry.reactions ?? [])];
      return { type: 'reaction', seq, of: quoteOf(entry), ...address, from, ...emoji, reactions, at };
    }
    case 'pin':
      return { type: 'pinned', seq, of: quoteOf(entry), ...address, from, at };
    case 'unpin':
      return { type: 'unpinned', seq, of: quoteOf(entry), ...address, from, at };
    case 'topic':
      return { type: 'topic', seq, room: conversation.room ?? '', from, topic: text, at };
    default:
      return entry.kind satisfies never;
  }
}

/** An entry that is a message. @param own the reader's reaction to it */
export function messageEvent(
  entry: LogEntry,
  conversation: ConversationRef,
  reader: Reader,
  own?: string,
): Message {
  const { seq, at, from, key, text, kind, file, edited, removed, of, reactions } = entry;
  return {
    type: 'message',
    seq,
    ...addressOf(conversation, entry, reader),
    from,
    text,
    at: new Date(at).toISOString(),
    key,
    ...(kind === 'action' ? { action: true } : {}),
    ...(file === undefined ? {} : { file }),
    ...(edited === undefined ? {} : { edited: new Date(edited).toISOString() }),
    ...(removed === undefined ? {} : { removed }),
    ...(of === undefined ? {} : { of: quoteOf(entry) }),
    ...(reactions === undefined ? {} : { reactions: reactions.map((each) => reactionRecord(each, own)) }),
  };
}

function reactionRecord({ emoji, count }: ReactionCount, own: string | undefined): Reaction {
  return emoji === own ? { emoji, count, mine: true } : { emoji, count };
}

/** The message that an entry is about. */
export function quoteOf({ of = 0, quoted }: Pick<LogEntry, 'of' | 'quoted'>): Quote {
  return quoted === undefined ? { seq: of } : { seq: of, from: quoted.from, text: quoteText(quoted.text) };
}

function addressOf(
  { room, peer }: ConversationRef,
  { from }: LogEntry,
  reader: Reader,
): { room?: string; to?: string } {
  if (room !== undefined) return { room };
  return peer === undefined ? {} : { to: from === peer ? reader.name : peer };
}

export function conversationRecord(standing: ConversationSummary): Conversation {
  const { name, last, at, read, unread, mentions } = standing;
  const state = { last, read, unread, mentions, ...(at !== undefined && { at: new Date(at).toISOString() }) };
  if (standing.kind === 'direct') return { with: name, ...state };
  const { role, room } = standing;
  return {
    ...{ room: name, ...state, role },
    ...(room.private && { private: true }),
    ...topicField(room),
    ...rulesField(room),
  };
}

export function rulesField({ rules }: Pick<Room, 'rules'>): { rules?: RoomRules } {
  return Object.keys(rules).length === 0 ? {} : { rules };
}

export function topicField({ topic }: Pick<Room, 'topic'>): { topic?: string } {
  return topic === '' ? {} : { topic };
}
