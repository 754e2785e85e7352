/** The list of conversations: finding, changing, opening and closing one, and notices in them. Pure; knows no messages. */
import type { Recipient } from '../../../protocol/names.js';
import { printable } from '../../../protocol/printable.js';
import type { Conversation } from '../../../protocol/records.js';
import type { Settings } from '../../commands/settings.js';
import { folded, followsNewest, newConversation, read, selectedMessage, withEntry } from './conversation.js';
import type {
  Completion,
  ConversationId,
  ConversationPlace,
  ConversationState,
  NoticeEntry,
  Notify,
  ScreenState,
  ServerSummary,
} from './state.js';

export const lobby = '#lobby';

export interface Start {
  /** Of the server, unique in this client. */
  readonly key: number;
  readonly columns: number;
  readonly rows: number;
  readonly me: string;
  readonly server: string;
  readonly now: number;
  /** The hint for newcomers is shown. */
  readonly hint: boolean;
  readonly notifyChoices: Readonly<Record<string, Notify>>;
  readonly settings: Settings;
}

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

function withoutGoneSelection(conversation: ConversationState): ConversationState {
  if (conversation.selected === undefined || selectedMessage(conversation) !== undefined) return conversation;
  const { selected: _, ...rest } = conversation;
  return rest;
}

/** Changes a conversation only if it is on the list: any other is loaded when it is opened. */
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

/** With what the server says about direct conversations; none is opened. */
export function withDirects(state: ScreenState, conversations: readonly Conversation[]): ScreenState {
  const told = conversations.filter((each) => each.with !== undefined).toSorted((a, b) => b.last - a.last);
  return { ...state, directs: [...new Set([...told.map(idOf), ...state.directs])] };
}

export function roomId(room: string): ConversationId {
  return `#${printable(room)}`;
}

/** Whether the reader has the newest message of this conversation on the screen. */
export function isViewed(state: ScreenState, id: ConversationId): boolean {
  if (state.image !== undefined) return false;
  const conversation = find(state, id);
  return state.focused && state.current === id && (conversation === undefined || followsNewest(conversation));
}

/**
 * Folds answers in a conversation that were read: they are on the screen for long enough, with something newer below them.
 * Nothing moves while the reader is scrolled up or elsewhere.
 */
export function withFolded(state: ScreenState, id: ConversationId, now: number): ScreenState {
  if (!isViewed(state, id)) return state;
  return change(state, id, (conversation) => folded(conversation, now));
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

/** How many unread messages are for the reader: mentions, and all direct ones. */
export function urgentOf({ id, unread, mentions }: ConversationState): number {
  return id.startsWith('@') ? unread : mentions;
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
  const hasMessages = find(state, id)?.entries.some(
    (entry) => entry.kind === 'message' && entry.seq !== undefined,
  );
  return hasMessages === false && id !== state.current ? closed(state, id) : state;
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

export function withDraft(state: ScreenState, draft: ConversationState['draft']): ScreenState {
  return change(state, state.current, (conversation) => ({ ...conversation, draft }));
}

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
export function withNotice(
  state: ScreenState,
  id: ConversationId,
  { text, tone = 'plain', folds = false, now, serial }: Notice,
): ScreenState {
  const shown = printable(text, { newlines: true });
  const entry: NoticeEntry = {
    ...{ kind: 'notice', id: `n${serial}`, at: now, text: shown, tone },
    ...(folds && { folded: false }),
  };
  return change(state, id, (conversation) => withEntry(conversation, entry));
}

/** In the current conversation, scrolled to its end: it answers the person who is typing. A selected message stays in view. */
export function withNoticeHere(state: ScreenState, notice: Notice): ScreenState {
  const noticed = withNotice(state, state.current, notice);
  return change(noticed, state.current, (conversation) =>
    conversation.selected === undefined
      ? { ...conversation, at: undefined, newBelow: 0 }
      : { ...conversation, newBelow: conversation.newBelow + 1 },
  );
}

/** Removes entries from every conversation. */
export function withoutEntries(state: ScreenState, ids: readonly string[]): ScreenState {
  const conversations = state.conversations.map((conversation) => ({
    ...conversation,
    entries: conversation.entries.filter(({ id }) => !ids.includes(id)),
  }));
  return { ...state, conversations };
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
  if (owner === undefined)
    return change(state, state.current, (conversation) => withEntry(conversation, entry));
  return change(state, owner.id, (conversation) => ({
    ...conversation,
    entries: conversation.entries.map((before) => (before.id === id ? { ...entry, at: before.at } : before)),
  }));
}
