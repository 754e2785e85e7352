/** What happens, as changes of the screen's state. Pure; knows no session, terminal or clock. */
import type { Conversation, Message } from '../../../protocol/events.js';
import { printable } from '../../../protocol/printable.js';
import { endWords, eventWords } from '../../face/wording.js';
import type { Delivery, Draft, Event, Status } from '../../session.js';
import type {
  ConversationId,
  ConversationState,
  Entry,
  LinkState,
  Notify,
  Question,
  ScreenState,
} from '../state.js';
import {
  conversationOf,
  draftEntry,
  messageEntry,
  newConversation,
  seen,
  withDelivery,
  withEntry,
  withMessage,
  withMove,
} from './conversation.js';
import { begun, change } from './conversations.js';
import { arrived, departed } from './people.js';
import { watched } from './turning.js';

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
    case 'edited':
    case 'removed':
    case 'topic':
    case 'seen':
    case 'room':
    case 'parted':
    case 'invited':
    case 'role':
      return state;
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
