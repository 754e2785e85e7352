/** What of a conversation is unread: counted, read, and where the line "new messages" is. Pure; knows no server. */
import type { Conversation } from '../../../protocol/records.js';
import { firstSeq, followsNewest, messagesIn } from './conversation.js';
import type { ConversationState, MessageEntry } from './state.js';

/** What changes with a new message. `viewed`: the newest message is on the screen. */
export function counters(conversation: ConversationState, entry: MessageEntry, viewed: boolean) {
  const { seq, mine, mention } = entry;
  const follows = followsNewest(conversation);
  const newBelow = follows ? 0 : conversation.newBelow + (mine ? 0 : 1);
  if (mine || (viewed && follows)) return { newBelow };
  return {
    newBelow,
    unread: conversation.unread + 1,
    mentions: conversation.mentions + (mention ? 1 : 0),
    newAfter: conversation.newAfter ?? (seq === undefined ? undefined : seq - 1),
  };
}

/** Nothing is unread. */
export function read(conversation: ConversationState): ConversationState {
  if (conversation.unread === 0 && conversation.mentions === 0) return conversation;
  return { ...conversation, unread: 0, mentions: 0 };
}

/** The reader has read up to there on another terminal. */
export function readUpTo(conversation: ConversationState, seq: number): ConversationState {
  const left = othersAfter(conversation, seq);
  if (left.length >= conversation.unread) return conversation;
  const mentioning = left.filter(({ mention }) => mention).length;
  const newAfter = left.length === 0 ? undefined : seq;
  return { ...conversation, unread: left.length, mentions: mentioning, newAfter };
}

/** What is unread when the reader signs in. */
export function withReadMark(
  conversation: ConversationState,
  { read, unread, mentions }: Pick<Conversation, 'read' | 'unread' | 'mentions'>,
): ConversationState {
  const loaded = othersAfter(conversation, read);
  const first = loaded[0]?.seq;
  const newAfter =
    unread === 0 ? undefined : loaded.length >= unread && first !== undefined ? first - 1 : read;
  return { ...conversation, unread, mentions, newAfter };
}

/** Id of the entry below the line "new messages"; undefined if there is none, or if it may be above the window. */
export function firstNewId(conversation: ConversationState): string | undefined {
  const { newAfter, fromStart } = conversation;
  if (newAfter === undefined) return undefined;
  const isHere = fromStart || (firstSeq(conversation) ?? 0) <= newAfter + 1;
  return isHere ? othersAfter(conversation, newAfter)[0]?.id : undefined;
}

/** How many unread messages are for the reader: mentions, and all direct ones. */
export function urgentOf({ id, unread, mentions }: ConversationState): number {
  return id.startsWith('@') ? unread : mentions;
}

/** Loaded messages of other people after a seq. */
function othersAfter(conversation: ConversationState, after: number): MessageEntry[] {
  return messagesIn(conversation).filter(({ mine, seq }) => !mine && seq !== undefined && seq > after);
}
