/** Who is typing in a conversation and how far others have read, as far as they share it. Pure; knows no time. */
import { messagesIn } from './conversation.js';
import type { ConversationState, Reader } from './state.js';

/** A screen shows only the first few. */
const mostTyping = 20;

export function withTyping(conversation: ConversationState, names: readonly string[]): ConversationState {
  const { typing = [] } = conversation;
  const added = names.filter((name) => !typing.includes(name));
  if (added.length === 0) return conversation;
  return { ...conversation, typing: [...typing, ...added].slice(0, mostTyping) };
}

export function withoutTyping(conversation: ConversationState, names: readonly string[]): ConversationState {
  const { typing, ...others } = conversation;
  const left = typing?.filter((name) => !names.includes(name)) ?? [];
  if (left.length === (typing?.length ?? 0)) return conversation;
  return left.length === 0 ? others : { ...others, typing: left };
}

/** As many as a room with receipts has people online, and some who have gone. */
const mostReaders = 50;

export function withReaders(conversation: ConversationState, readers: readonly Reader[]): ConversationState {
  const before = conversation.readers ?? [];
  const newer = readers.filter(
    ({ name, seq }) => seq > (before.find((each) => each.name === name)?.seq ?? 0),
  );
  if (newer.length === 0) return conversation;
  const others = before.filter(({ name }) => !newer.some((each) => each.name === name));
  return { ...conversation, readers: [...others, ...newer].slice(-mostReaders) };
}

/** The reader's own newest message that the server has, and who has read it; undefined for none or no one. */
export function seenMessage(
  conversation: ConversationState,
): { readonly id: string; readonly by: readonly string[] } | undefined {
  const { readers = [] } = conversation;
  if (readers.length === 0) return undefined;
  const last = messagesIn(conversation).findLast(({ mine, seq }) => mine && seq !== undefined);
  if (last === undefined || last.removed !== undefined) return undefined;
  const by = readers.filter(({ seq }) => seq >= (last.seq ?? 0)).map(({ name }) => name);
  return by.length === 0 ? undefined : { id: last.id, by: by.sort() };
}
