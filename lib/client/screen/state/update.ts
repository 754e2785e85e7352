/** What is said, and how the connection and the screen itself do, as changes of the screen's state. Pure. */
import { printable } from '../../../protocol/printable.js';
import type { Conversation, Message } from '../../../protocol/records.js';
import type { DeliveryStatus, OutgoingMessage, SessionStatus } from '../../session/session.js';
import { endWords } from '../../text/wording.js';
import {
  conversationOf,
  draftEntry,
  messageEntry,
  newConversation,
  seen,
  withDelivery,
  withEntry,
  withMessage,
} from './conversation.js';
import { begun, change, find, idOf, lobby } from './conversations.js';
import { withRoom } from './events.js';
import { withoutMembers } from './people.js';
import type { ConversationId, ConversationState, LinkState, Notify, Question, ScreenState } from './state.js';
import { closed, watched } from './turning.js';

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
  { id, draft, now }: { id: ConversationId; draft: OutgoingMessage; now: number },
): ScreenState {
  return change(state, id, (conversation) => ({
    ...withEntry(conversation, draftEntry(key, draft, { me: state.me, now })),
    // Whoever answers has read, and wants to see the answer.
    newFrom: undefined,
    at: undefined,
    below: 0,
  }));
}

export function delivered(state: ScreenState, key: string, delivery: DeliveryStatus): ScreenState {
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

export function linked(state: ScreenState, status: SessionStatus, now: number): ScreenState {
  return { ...state, now, link: linkOf(status, now) };
}

function linkOf(status: SessionStatus, now: number): LinkState {
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

/**
 * A catch-up is complete: all that this person is in, and what of it is new. Rooms that are not in it go from
 * the screen.
 */
export function welcomed(state: ScreenState, conversations: readonly Conversation[]): ScreenState {
  const mine = new Set(conversations.map(idOf));
  const gone = state.conversations.filter(({ id }) => id.startsWith('#') && id !== lobby && !mine.has(id));
  let next = withoutMembers(gone.reduce((before, { id }) => closed(before, id), state));
  for (const conversation of conversations) {
    const id = idOf(conversation);
    // Direct conversations without news would crowd the screen; /query opens them.
    if (conversation.room === undefined && conversation.unread === 0 && find(next, id) === undefined)
      continue;
    if (conversation.room !== undefined) next = withRoom(next, conversation);
    next = change(next, id, (before) => withReadMark(before, conversation));
  }
  if (!watched(next, next.current)) return next;
  return change(next, next.current, (conversation) => ({ ...seen(conversation), below: 0 }));
}

function withReadMark(
  conversation: ConversationState,
  { read, unread, mentions }: Conversation,
): ConversationState {
  const first = conversation.entries.find(
    (entry) => entry.kind === 'message' && !entry.mine && entry.seq !== undefined && entry.seq > read,
  );
  return { ...conversation, unread, mentions, newFrom: first?.id };
}

export function asked(state: ScreenState, question: Question | undefined): ScreenState {
  return { ...state, question };
}

/** Empties the pane; what was in it is still on the server. */
export function cleared(state: ScreenState): ScreenState {
  return change(state, state.current, ({ detached: _, marked: __, ...conversation }) => ({
    ...conversation,
    ...newConversation(conversation.id, conversation.notify),
    draft: conversation.draft,
    topic: conversation.topic,
  }));
}

export function withDraft(state: ScreenState, draft: ConversationState['draft']): ScreenState {
  return change(state, state.current, (conversation) => ({ ...conversation, draft }));
}
