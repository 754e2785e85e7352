/** All conversations of the screen: finding and changing one. Pure; knows their list, not what happens in them. */

import { printable } from '../../../protocol/printable.js';
import { newConversation } from './conversation.js';
import type { ConversationId, ConversationState, Notify, ScreenState } from './state.js';

export const lobby = '#lobby';

export function find(state: ScreenState, id: ConversationId): ConversationState | undefined {
  return state.conversations.find((conversation) => conversation.id === id);
}

/** The one that is on the screen. */
export function current(state: ScreenState): ConversationState {
  return find(state, state.current) ?? begun(state, state.current);
}

/** A conversation without anything in it, as it was chosen to be. */
export function begun(
  { chosen = {} }: { readonly chosen?: Readonly<Record<string, Notify>> },
  id: ConversationId,
): ConversationState {
  return newConversation(id, (Object.hasOwn(chosen, id) ? chosen[id] : undefined) ?? 'mention');
}

/** Changes one conversation, which is begun where there is none of that name. */
export function change(
  state: ScreenState,
  id: ConversationId,
  to: (conversation: ConversationState) => ConversationState,
): ScreenState {
  const index = state.conversations.findIndex((conversation) => conversation.id === id);
  const before = state.conversations[index];
  if (before === undefined) {
    return { ...state, conversations: [...state.conversations, to(begun(state, id))] };
  }
  const after = to(before);
  return after === before ? state : { ...state, conversations: state.conversations.with(index, after) };
}

/** Where it is on the screen: what is not is loaded when somebody goes there. */
export function changeOpen(
  state: ScreenState,
  where: ConversationId | { readonly room?: string; readonly with?: string },
  to: (conversation: ConversationState) => ConversationState,
): ScreenState {
  const id = typeof where === 'string' ? where : idOf(where);
  return find(state, id) === undefined ? state : change(state, id, to);
}

export function idOf({
  room,
  with: peer,
}: {
  readonly room?: string;
  readonly with?: string;
}): ConversationId {
  return room === undefined ? `@${printable(peer ?? '')}` : roomId(room);
}

export function roomId(room: string): ConversationId {
  return `#${printable(room)}`;
}
