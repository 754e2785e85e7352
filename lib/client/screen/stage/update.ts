/** What happens, as changes of the screen's state. Pure; knows no session, terminal or clock. */
import type { ServerFrameOf } from '../../../protocol/events.js';
import { printable } from '../../../protocol/printable.js';
import type { Conversation, Message } from '../../../protocol/records.js';
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
import { seenUpTo, withEdit, withGap, withRemoval } from './amending.js';
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
import { begun, change, find } from './conversations.js';
import {
  arrived,
  departed,
  known,
  withAway,
  withMember,
  withoutMembers,
  withPresence,
  withRank,
} from './people.js';
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
    case 'left':
      return moved(state, event, { now, serial });
    case 'crowd':
      if (event.room !== 'lobby') return state;
      return { ...state, peopleBeyond: Math.max(0, event.online - state.people.length) };
    case 'gap':
      return changeOpen(state, event, (conversation) => withGap(conversation, event.before));
    case 'edited': {
      const id = conversationOf(event, state.me);
      return changeOpen(state, id, (conversation) => withEdit(conversation, event, state.me));
    }
    case 'removed': {
      const id = conversationOf(event, state.me);
      return changeOpen(state, id, (conversation) => withRemoval(conversation, event));
    }
    case 'seen':
      return changeOpen(state, event, (conversation) => seenUpTo(conversation, event.seq));
    case 'topic': {
      const id = roomId(event.room);
      const titled = change(state, id, (conversation) => ({
        ...conversation,
        topic: printable(event.topic),
      }));
      // It may be of long ago, and told by the catch-up.
      const at = Date.parse(event.at) || now;
      return told(titled, id, { text: eventWords(event) ?? '', now: at, serial });
    }
    case 'room':
      return withRoom(state, event.conversation);
    case 'parted': {
      const id = roomId(event.room);
      if (find(state, id) === undefined) return state;
      const turned = closed(state, id);
      return noticed(turned, { text: eventWords(event) ?? '', tone: 'plain', now, serial });
    }
    case 'invited':
      return noticed(state, { text: eventWords(event) ?? '', tone: 'plain', now, serial });
    case 'role': {
      const id = roomId(event.room);
      const name = printable(event.name);
      const next = changeOpen(state, id, (conversation) => ({
        ...withMember(conversation, name, { room: event.role }),
        ...(event.name === state.me ? { role: event.role } : {}),
      }));
      return find(next, id) === undefined
        ? next
        : told(next, id, { text: eventWords(event) ?? '', now, serial });
    }
    case 'rank':
      return told(withRank(state, printable(event.name), event.role), lobby, {
        text: eventWords(event) ?? '',
        now,
        serial,
      });
    case 'rules': {
      const { rules } = event;
      const id = roomId(event.room);
      const ruled = change(state, id, (conversation) => ({ ...conversation, rules }));
      return told(ruled, id, { text: eventWords(event) ?? '', now, serial });
    }
    case 'away':
    case 'back':
      return withAway(state, printable(event.name), event.type === 'away');
    case 'muted':
    case 'unmuted':
      return noticed(state, { text: eventWords(event) ?? '', tone: 'plain', now, serial });
    case 'closing': {
      const words = eventWords(event);
      return words === undefined ? state : noticed(state, { text: words, tone: 'plain', now, serial });
    }
    default:
      return event satisfies never;
  }
}

type Time = { readonly now: number; readonly serial: number };

/** Of the lobby it is who is here; of another room, who is a member. */
function moved(
  state: ScreenState,
  event: ServerFrameOf<'joined' | 'left'>,
  { now, serial }: Time,
): ScreenState {
  const name = printable(event.name);
  const id = roomId(event.room);
  if (name === state.me) return state;
  const came = event.type === 'joined';
  const listed =
    id === lobby
      ? withPresence({ ...state, people: (came ? arrived : departed)(state.people, name) }, name, came)
      : changeOpen(state, id, (conversation) =>
          withMember(conversation, name, came ? { ...known(state, name), room: 'member' } : undefined),
        );
  if (event.type === 'left' && event.by !== undefined && find(listed, id) !== undefined) {
    // Never folded away: who was thrown out, and why, is told whatever came just before or after.
    return told(listed, id, { text: eventWords(event) ?? '', now, serial });
  }
  const reason = event.type === 'left' ? printable(event.reason ?? '').trim() : '';
  const move = { change: event.type, name, at: now, serial, ...(reason === '' ? {} : { reason }) };
  return changeOpen(listed, id, (conversation) => withMove(conversation, move));
}

/** Where it is on the screen: what is not is loaded when somebody goes there. */
function changeOpen(
  state: ScreenState,
  where: ConversationId | { readonly room?: string; readonly with?: string },
  to: (conversation: ConversationState) => ConversationState,
): ScreenState {
  const id = typeof where === 'string' ? where : idOf(where);
  return find(state, id) === undefined ? state : change(state, id, to);
}

function idOf({ room, with: peer }: { readonly room?: string; readonly with?: string }): ConversationId {
  return room === undefined ? `@${printable(peer ?? '')}` : roomId(room);
}

function roomId(room: string): ConversationId {
  return `#${printable(room)}`;
}

/** A room that this person is in, as the server tells it. */
function withRoom(
  state: ScreenState,
  { room = '', role, topic, private: hidden, rules = {} }: Conversation,
): ScreenState {
  return change(state, roomId(room), ({ private: _, ...conversation }) => ({
    ...conversation,
    rules,
    topic: printable(topic ?? ''),
    ...(role === undefined ? {} : { role }),
    ...(hidden ? { private: true as const } : {}),
  }));
}

/** A line that nobody said, in its own conversation. */
function told(
  state: ScreenState,
  id: ConversationId,
  { text, now, serial }: Time & { text: string },
): ScreenState {
  const entry: Entry = { kind: 'notice', id: `n${serial}`, at: now, text, tone: 'plain' };
  return change(state, id, (conversation) => withEntry(conversation, entry));
}

export interface Notice {
  readonly text: string;
  readonly tone: Extract<Entry, { kind: 'notice' }>['tone'];
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

/** Without what is not to be seen any more, wherever it stands. */
export function withoutEntries(state: ScreenState, ids: readonly string[]): ScreenState {
  const conversations = state.conversations.map((conversation) => ({
    ...conversation,
    entries: conversation.entries.filter(({ id }) => !ids.includes(id)),
  }));
  return { ...state, conversations };
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

/** A line that changes while something goes on, such as a transfer: the same id is the same line. */
export function reported(
  state: ScreenState,
  { id, text, now, bad }: { id: string; text: string; now: number; bad: boolean },
): ScreenState {
  const shown = printable(text, { newlines: true });
  const place = state.conversations.find(({ entries }) => entries.some((entry) => entry.id === id));
  const entry: Entry = { kind: 'notice', id, at: now, text: shown, tone: bad ? 'bad' : 'plain' };
  if (place === undefined)
    return change(state, state.current, (conversation) => withEntry(conversation, entry));
  return change(state, place.id, (conversation) => ({
    ...conversation,
    entries: conversation.entries.map((before) => (before.id === id ? { ...entry, at: before.at } : before)),
  }));
}
