/** Which conversation is on the screen, and who looks at it. Pure; knows the state, no keys. */

import { seen } from './conversation.js';
import { change, find } from './conversations.js';
import type { ConversationId, ScreenState } from './state.js';

/** Whether somebody looks at the newest of this conversation. */
export function watched(state: ScreenState, id: ConversationId): boolean {
  return state.focused && state.current === id && find(state, id)?.at === undefined;
}

/** Puts another conversation on the screen; the line above what was new goes from the one that was there. */
export function turnedTo(state: ScreenState, id: ConversationId): ScreenState {
  if (id === state.current) return state;
  const left = change(state, state.current, (conversation) => ({ ...conversation, newFrom: undefined }));
  return looked({ ...change(left, id, (conversation) => conversation), current: id });
}

/** Whoever looks at the newest of a conversation has read it. */
export function looked(state: ScreenState): ScreenState {
  if (!watched(state, state.current)) return state;
  return change(state, state.current, (conversation) => ({ ...seen(conversation), below: 0 }));
}

/** The conversation that is `step` further in the order of their numbers, around the end. */
export function neighbour(state: ScreenState, step: 1 | -1): ConversationId {
  const { conversations } = state;
  const index = conversations.findIndex(({ id }) => id === state.current);
  return conversations[(index + step + conversations.length) % conversations.length]?.id ?? state.current;
}

/** The next one with something new, mentions and direct messages before the rest; undefined for none. */
export function nextUnread(state: ScreenState): ConversationId | undefined {
  const { conversations } = state;
  const index = conversations.findIndex(({ id }) => id === state.current);
  const others = [...conversations.slice(index + 1), ...conversations.slice(0, Math.max(0, index))];
  const urgent = others.find(
    ({ id, unread, mentions }) => mentions > 0 || (id.startsWith('@') && unread > 0),
  );
  return (urgent ?? others.find(({ unread }) => unread > 0))?.id;
}

/** Takes a conversation off the screen, but for the lobby; a direct one comes back with its next message. */
export function closed(state: ScreenState, id: ConversationId): ScreenState {
  if (id === '#lobby') return state;
  const turned = state.current === id ? turnedTo(state, neighbour(state, -1)) : state;
  return { ...turned, conversations: turned.conversations.filter((conversation) => conversation.id !== id) };
}

/** Without a conversation in which nothing was ever said: nobody has that name. */
export function withoutNobody(state: ScreenState, id: ConversationId): ScreenState {
  const spoken = find(state, id)?.entries.some(
    (entry) => entry.kind === 'message' && entry.seq !== undefined,
  );
  return spoken === false && id !== state.current ? closed(state, id) : state;
}
