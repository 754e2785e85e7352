/** The list of conversations: finding, changing, opening and closing one, here and on the other servers. Pure; knows no messages. */
import { printable } from '../../../protocol/printable.js';
import type { Conversation } from '../../../protocol/records.js';
import { firstSeq, followsNewest, idOf, lobby, newConversation, selectedMessage } from './conversation.js';
import type {
  Completion,
  ConversationId,
  ConversationPlace,
  ConversationState,
  ScreenState,
  ServerSummary,
} from './state.js';
import { read, urgentOf } from './unread.js';

type Start = Required<Pick<ScreenState, 'notifyChoices'>> &
  Pick<ScreenState, 'key' | 'columns' | 'rows' | 'me' | 'server' | 'now' | 'hint' | 'settings'>;

export function startState({ server, ...start }: Start): ScreenState {
  return {
    ...start,
    server: printable(server),
    before: [],
    after: [],
    connection: { state: 'online' },
    conversations: [emptyConversation(start, lobby)],
    current: lobby,
    directs: [],
    people: [],
    peopleUnnamed: 0,
    sideLists: 'auto',
    focused: true,
    completion: undefined,
    question: undefined,
  };
}

/** An answer may be late, but nothing says that the connection is lost. */
export function isConnected({ connection: { state } }: Pick<ScreenState, 'connection'>): boolean {
  return state === 'online' || state === 'late';
}

export function find(state: ScreenState, id: ConversationId): ConversationState | undefined {
  return state.conversations.find((conversation) => conversation.id === id);
}

/** The one on the screen. */
export function current(state: ScreenState): ConversationState {
  return find(state, state.current) ?? emptyConversation(state, state.current);
}

function emptyConversation(
  { notifyChoices = {} }: Pick<ScreenState, 'notifyChoices'>,
  id: ConversationId,
): ConversationState {
  return newConversation(id, (Object.hasOwn(notifyChoices, id) ? notifyChoices[id] : undefined) ?? 'mention');
}

/** Changes one conversation; creates it if there is none of that name. */
export function change(
  state: ScreenState,
  id: ConversationId,
  to: (conversation: ConversationState) => ConversationState,
): ScreenState {
  const index = state.conversations.findIndex((conversation) => conversation.id === id);
  const before = state.conversations[index];
  if (before === undefined) {
    return { ...state, conversations: [...state.conversations, to(emptyConversation(state, id))] };
  }
  const after = withoutGoneSelection(to(before));
  return after === before ? state : { ...state, conversations: state.conversations.with(index, after) };
}

/** Changes every conversation on the list. */
export function changeAll(
  state: ScreenState,
  to: (conversation: ConversationState) => ConversationState,
): ScreenState {
  return { ...state, conversations: state.conversations.map((each) => withoutGoneSelection(to(each))) };
}

function withoutGoneSelection(conversation: ConversationState): ConversationState {
  if (conversation.selected === undefined || selectedMessage(conversation) !== undefined) return conversation;
  const { selected: _, ...rest } = conversation;
  return rest;
}

/** Changes a conversation only if it is on the list: any other is loaded when it is opened. */
export function changeOpen(
  state: ScreenState,
  where: ConversationId | Pick<Conversation, 'room' | 'with'>,
  to: (conversation: ConversationState) => ConversationState,
): ScreenState {
  const id = typeof where === 'string' ? where : idOf(where);
  return find(state, id) === undefined ? state : change(state, id, to);
}

/** With what the server says about direct conversations; none is opened. */
export function withDirects(state: ScreenState, conversations: readonly Conversation[]): ScreenState {
  const told = conversations.filter((each) => each.with !== undefined).toSorted((a, b) => b.last - a.last);
  return { ...state, directs: [...new Set([...told.map(idOf), ...state.directs])] };
}

/** Whether the reader has the newest message of this conversation on the screen. */
export function isViewed(state: ScreenState, id: ConversationId): boolean {
  if (state.image !== undefined) return false;
  const conversation = find(state, id);
  return state.focused && state.current === id && (conversation === undefined || followsNewest(conversation));
}

/** Marks the current conversation as read, if its newest message is on the screen. */
export function viewed(state: ScreenState): ScreenState {
  if (!isViewed(state, state.current)) return state;
  return change(state, state.current, (conversation) => ({ ...read(conversation), newBelow: 0 }));
}

/** Opens another conversation; the line "new" disappears from the one before, and the selection. */
export function switchedTo(state: ScreenState, id: ConversationId): ScreenState {
  if (id === state.current) return state;
  return viewed({ ...change(unattended(state), id, (conversation) => conversation), current: id });
}

/** The reader sees another server. */
export function left(state: ScreenState): ScreenState {
  return { ...unattended(state), focused: false };
}

function unattended(state: ScreenState): ScreenState {
  return change(state, state.current, ({ selected: _, ...conversation }) => ({
    ...conversation,
    newAfter: undefined,
  }));
}

type Others = Pick<ScreenState, 'before' | 'after'>;

/** What the lists say of the other servers. */
export function withOthers(state: ScreenState, { before, after }: Others): ScreenState {
  const same = areSame(state.before, before) && areSame(state.after, after);
  return same ? state : { ...state, before, after };
}

function areSame(one: readonly ServerSummary[], other: readonly ServerSummary[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ key, connection, conversations, directs }, i) => {
      const second = other[i];
      return (
        key === second?.key &&
        connection === second.connection &&
        conversations === second.conversations &&
        directs === second.directs
      );
    })
  );
}

/** All servers, in the order of the lists. */
export function serversOf(state: ScreenState): readonly ServerSummary[] {
  return [...state.before, state, ...state.after];
}

export interface ListedConversation {
  readonly place: ConversationPlace;
  readonly conversation: ConversationState;
}

/** The conversations of all servers, in the order of their numbers. */
export function allConversations(state: ScreenState): ListedConversation[] {
  return serversOf(state).flatMap(({ key, conversations }) =>
    conversations.map((conversation) => ({ place: { server: key, id: conversation.id }, conversation })),
  );
}

export function unreadCount(state: ScreenState): number {
  return allConversations(state).reduce((sum, { conversation }) => sum + conversation.unread, 0);
}

/** Direct conversations of all servers that are on no list. */
export function closedDirects(state: ScreenState): ConversationPlace[] {
  return serversOf(state).flatMap(({ key, conversations, directs }) => {
    const open = new Set(conversations.map(({ id }) => id));
    return directs.filter((id) => !open.has(id)).map((id) => ({ server: key, id }));
  });
}

export function here({ key, current }: ScreenState): ConversationPlace {
  return { server: key, id: current };
}

export function isSamePlace(one: ConversationPlace, other: ConversationPlace): boolean {
  return one.server === other.server && one.id === other.id;
}

/** The conversation `step` further in the list, around its ends. */
export function neighbour(state: ScreenState, step: 1 | -1): ConversationPlace {
  const all = allConversations(state);
  const index = all.findIndex(({ place }) => isSamePlace(place, here(state)));
  return all[(index + step + all.length) % all.length]?.place ?? here(state);
}

/** The next unread one, mentions and direct messages before the rest; undefined for none. */
export function nextUnread(state: ScreenState): ConversationPlace | undefined {
  const all = allConversations(state);
  const index = all.findIndex(({ place }) => isSamePlace(place, here(state)));
  const others = [...all.slice(index + 1), ...all.slice(0, Math.max(0, index))];
  const urgent = others.find(({ conversation }) => urgentOf(conversation) > 0);
  return (urgent ?? others.find(({ conversation }) => conversation.unread > 0))?.place;
}

/** Takes a conversation off the list, except the lobby. A direct one comes back with its next message. */
export function closed(state: ScreenState, id: ConversationId): ScreenState {
  if (id === lobby) return state;
  const before = state.conversations[state.conversations.findIndex((each) => each.id === id) - 1];
  const switched = state.current === id ? switchedTo(state, before?.id ?? lobby) : state;
  return {
    ...switched,
    conversations: switched.conversations.filter((conversation) => conversation.id !== id),
  };
}

/** Takes a direct conversation off the list that has no delivered message, as after a mistyped name. */
export function withoutUnknownName(state: ScreenState, id: ConversationId): ScreenState {
  const conversation = find(state, id);
  const isEmpty = conversation !== undefined && firstSeq(conversation) === undefined;
  return isEmpty && id !== state.current ? closed(state, id) : state;
}

/** Empties the pane; the server still has the messages. */
export function cleared(state: ScreenState): ScreenState {
  return change(state, state.current, ({ detached: _, marked: __, selected: ___, ...conversation }) => ({
    ...conversation,
    ...newConversation(conversation.id, conversation.notify),
    draft: conversation.draft,
    topic: conversation.topic,
    cleared: true,
  }));
}

/** The completion that is being gone through. */
export function completing(state: ScreenState): Completion | undefined {
  const { completion } = state;
  const { text, cursor } = current(state).draft;
  return completion?.text === text && completion.cursor === cursor ? completion : undefined;
}
