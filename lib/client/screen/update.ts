/** What happens, as changes of the screen's state. Pure; knows no session, terminal or clock. */
import type { Conversation, Message, Person } from '../../protocol/events.js';
import { printable } from '../../protocol/printable.js';
import { endWords, eventWords } from '../face/wording.js';
import type { Delivery, Draft, Event, Status } from '../session.js';
import {
  conversationOf,
  draftEntry,
  lastSeq,
  messageEntry,
  newConversation,
  seen,
  withDelivery,
  withEntry,
  withMessage,
  withMove,
} from './conversation.js';
import { emptyEditor } from './editor.js';
import type {
  ConversationId,
  ConversationState,
  Entry,
  LinkState,
  Notify,
  PersonState,
  Question,
  ScreenState,
} from './state.js';

export interface Start {
  readonly columns: number;
  readonly rows: number;
  readonly me: string;
  readonly server: string;
  readonly now: number;
  /** It was never used on this computer. */
  readonly hint: boolean;
  /** By conversation id. */
  readonly chosen: Readonly<Record<string, Notify>>;
}

const lobby = '#lobby';

export function startState({ columns, rows, me, server, now, hint, chosen }: Start): ScreenState {
  return {
    columns,
    rows,
    me,
    server: printable(server),
    link: { state: 'online' },
    chosen,
    conversations: [begun({ chosen }, lobby)],
    current: lobby,
    people: [],
    peopleBeyond: 0,
    side: 'auto',
    focused: true,
    hint,
    question: undefined,
    now,
  };
}

export function find(state: ScreenState, id: ConversationId): ConversationState | undefined {
  return state.conversations.find((conversation) => conversation.id === id);
}

/** The one that is on the screen. */
export function current(state: ScreenState): ConversationState {
  return find(state, state.current) ?? begun(state, state.current);
}

function begun({ chosen = {} }: Pick<ScreenState, 'chosen'>, id: ConversationId): ConversationState {
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

/** Whether somebody looks at the newest of this conversation. */
export function watched(state: ScreenState, id: ConversationId): boolean {
  return state.focused && state.current === id && find(state, id)?.at === undefined;
}

export function received(state: ScreenState, message: Message): ScreenState {
  const id = conversationOf(message, state.me);
  const entry = messageEntry(message, state.me);
  return change(state, id, (conversation) =>
    withMessage(conversation, entry, { key: message.key, seen: watched(state, id) }),
  );
}

export function said(
  state: ScreenState,
  key: string,
  { id, draft, now }: { id: ConversationId; draft: Draft; now: number },
): ScreenState {
  return change(state, id, (conversation) => ({
    ...withEntry(conversation, draftEntry(key, draft, { me: state.me, now })),
    // Whoever answers has read, and wants to see the answer.
    newFrom: undefined,
    at: undefined,
    below: 0,
  }));
}

export function delivered(state: ScreenState, key: string, delivery: Delivery): ScreenState {
  let next = state;
  for (const { id } of state.conversations) {
    next = change(next, id, (conversation) => withDelivery(conversation, key, delivery));
  }
  return next;
}

/** The conversation in which something was said here under this key. */
export function placeOf(state: ScreenState, key: string): ConversationId | undefined {
  return state.conversations.find(({ entries }) => entries.some(({ id }) => id === `k${key}`))?.id;
}

/** Without a conversation in which nothing was ever said: nobody has that name. */
export function withoutNobody(state: ScreenState, id: ConversationId): ScreenState {
  const spoken = find(state, id)?.entries.some(
    (entry) => entry.kind === 'message' && entry.seq !== undefined,
  );
  return spoken === false && id !== state.current ? closed(state, id) : state;
}

/** Events that nobody said. `serial` makes ids, each used once. */
export function happened(
  state: ScreenState,
  event: Exclude<Event, { type: 'message' }>,
  { now, serial }: { now: number; serial: number },
): ScreenState {
  switch (event.type) {
    case 'joined':
    case 'left': {
      const name = printable(event.name);
      const reason =
        event.type === 'left' && event.reason !== undefined ? printable(event.reason).trim() : '';
      const people = event.type === 'joined' ? arrived(state.people, name) : departed(state.people, name);
      const moved = {
        change: event.type,
        name,
        at: now,
        serial,
        ...(reason === '' ? {} : { reason }),
      };
      const next = change({ ...state, people }, `#${printable(event.room)}`, (conversation) =>
        withMove(conversation, moved),
      );
      return name === state.me ? state : next;
    }
    case 'crowd':
      return { ...state, peopleBeyond: Math.max(0, event.online - state.people.length) };
    case 'gap':
      // What is not there is loaded when somebody scrolls to it.
      return state;
    case 'closing': {
      const words = eventWords(event);
      return words === undefined ? state : noticed(state, { text: words, tone: 'plain', now, serial });
    }
    default:
      return event satisfies never;
  }
}

export interface Notice {
  readonly text: string;
  readonly tone: 'plain' | 'bad';
  readonly now: number;
  readonly serial: number;
}

/** The program says something, in the conversation that is on the screen. */
export function noticed(state: ScreenState, { text, tone, now, serial }: Notice): ScreenState {
  const shown = printable(text, { newlines: true });
  const entry: Entry = { kind: 'notice', id: `n${serial}`, at: now, text: shown, tone };
  // It answers somebody who waits for it, wherever they are.
  return change(state, state.current, (conversation) => ({
    ...withEntry(conversation, entry),
    at: undefined,
    below: 0,
  }));
}

export function linked(state: ScreenState, status: Status, now: number): ScreenState {
  return { ...state, now, link: linkOf(status, now) };
}

function linkOf(status: Status, now: number): LinkState {
  switch (status.state) {
    case 'online':
    case 'connecting':
      return { state: status.state };
    case 'waiting':
      return { state: 'waiting', until: now + status.inMs, why: printable(status.why) };
    case 'ended':
      return { state: 'offline', why: endWords(status.end) };
    default:
      return status satisfies never;
  }
}

/** The first catch-up is complete: what of it is new, and which other conversations there are. */
export function welcomed(state: ScreenState, conversations: readonly Conversation[]): ScreenState {
  let next = state;
  for (const { room, with: peer, last, read } of conversations) {
    const id: ConversationId = room === undefined ? `@${printable(peer ?? '')}` : `#${printable(room)}`;
    // Direct conversations without news would crowd the screen; /query opens them.
    if (room === undefined && last <= read) continue;
    next = change(next, id, (conversation) => withReadMark(conversation, read));
  }
  return change(next, next.current, (conversation) => ({ ...seen(conversation), at: undefined, below: 0 }));
}

function withReadMark(conversation: ConversationState, read: number): ConversationState {
  const unread = conversation.entries.filter(
    (entry) => entry.kind === 'message' && !entry.mine && entry.seq !== undefined && entry.seq > read,
  );
  const mentions = unread.filter((entry) => entry.kind === 'message' && entry.mention).length;
  return { ...conversation, unread: unread.length, mentions, newFrom: unread[0]?.id };
}

export function peopleHere(state: ScreenState, people: readonly Person[]): ScreenState {
  const here = people.map(
    ({ name, role }): PersonState => ({ name: printable(name), role, online: true, away: false }),
  );
  return { ...state, people: here.sort(inOrder), peopleBeyond: 0 };
}

function arrived(people: readonly PersonState[], name: string): readonly PersonState[] {
  if (people.some((person) => person.name === name)) return people;
  return [...people, { name, role: 'member' as const, online: true, away: false }].sort(inOrder);
}

function departed(people: readonly PersonState[], name: string): readonly PersonState[] {
  return people.filter((person) => person.name !== name);
}

function inOrder(one: PersonState, other: PersonState): number {
  return (
    Number(other.online) - Number(one.online) ||
    Number(other.role === 'admin') - Number(one.role === 'admin') ||
    (one.name < other.name ? -1 : 1)
  );
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

/** Takes a direct conversation off the screen; it comes back with its next message. */
export function closed(state: ScreenState, id: ConversationId): ScreenState {
  if (id.startsWith('#')) return state;
  const turned = state.current === id ? turnedTo(state, neighbour(state, -1)) : state;
  return { ...turned, conversations: turned.conversations.filter((conversation) => conversation.id !== id) };
}

export function asked(state: ScreenState, question: Question | undefined): ScreenState {
  return { ...state, question };
}

/** Empties the pane; what was in it is still on the server. */
export function cleared(state: ScreenState): ScreenState {
  return change(state, state.current, (conversation) => ({
    ...newConversation(conversation.id, conversation.notify),
    draft: conversation.draft,
    topic: conversation.topic,
  }));
}

export function withDraft(state: ScreenState, draft: ConversationState['draft']): ScreenState {
  return change(state, state.current, (conversation) => ({ ...conversation, draft }));
}

export const emptyDraft = emptyEditor;
export { lastSeq };
