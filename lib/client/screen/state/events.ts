/** What the session reports, as changes of the screen's state. Pure; knows no requests. */
import type { ServerFrameOf } from '../../../protocol/events.js';
import { printable } from '../../../protocol/printable.js';
import type { Conversation, Message } from '../../../protocol/records.js';
import type { SessionStatus } from '../../session/session.js';
import { changedRulesWords, eventWords, roomRulesWords } from '../../text/event-words.js';
import { endWords } from '../../text/wording.js';
import type { ServerEvent } from '../../wire/connection.js';
import { withoutTyping } from './activity.js';
import { conversationOf, idOf, lobby, roomId } from './conversation.js';
import { change, changeOpen, closed, find, isViewed, viewed, withDirects } from './conversations.js';
import { withGap, withMessage } from './history-window.js';
import { messageEntry, withEdit, withReacted, withReaction, withRemoval } from './message-entry.js';
import { type Moment, withNotice, withNoticeHere } from './notices.js';
import {
  arrived,
  departed,
  knownPerson,
  withAway,
  withMember,
  withoutMembers,
  withPresence,
  withServerRole,
} from './people.js';
import { withMove } from './presence.js';
import type { ConnectionState, ConversationId, ConversationState, ScreenState } from './state.js';
import { readUpTo, withReadMark } from './unread.js';

export function applyEvent(
  state: ScreenState,
  event: Exclude<ServerEvent, { type: 'message' }>,
  time: Moment,
): ScreenState {
  switch (event.type) {
    case 'joined':
    case 'left':
      return applyMove(state, event, time);
    case 'crowd':
      if (event.room !== 'lobby') return state;
      return { ...state, peopleUnnamed: Math.max(0, event.online - state.people.length) };
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
    case 'reaction': {
      const id = conversationOf(event, state.me);
      return changeOpen(state, id, (conversation) => withReaction(conversation, event, state.me));
    }
    case 'reacted':
      return changeOpen(state, event, (conversation) => withReacted(conversation, event));
    case 'pinned':
    case 'unpinned': {
      const id = conversationOf(event, state.me);
      return find(state, id) === undefined ? state : announced(state, id, event, atTimeOf(event, time));
    }
    case 'seen':
      return changeOpen(state, event, (conversation) => readUpTo(conversation, event.seq));
    // Depend on what is shared, and on time: sharing.ts.
    case 'typing':
    case 'receipts':
      return state;
    case 'topic':
      return applyTopic(state, event, time);
    case 'room': {
      const { room = '', rules } = event.conversation;
      return noticed(withRoomDetails(state, event.conversation), room, roomRulesWords(room, rules), time);
    }
    case 'parted': {
      const id = roomId(event.room);
      return find(state, id) === undefined ? state : announcedHere(closed(state, id), event, time);
    }
    case 'online':
    case 'invited':
    case 'muted':
    case 'unmuted':
    case 'database':
    case 'closing':
      return announcedHere(state, event, time);
    case 'role':
      return applyRole(state, event, time);
    case 'rank':
      return announced(withServerRole(state, printable(event.name), event.role), lobby, event, time);
    case 'rules': {
      const { rules } = event;
      const id = roomId(event.room);
      const ruled = change(state, id, (conversation) => ({ ...conversation, rules }));
      return announced(ruled, id, event, time);
    }
    case 'away':
    case 'back':
      return withAway(state, printable(event.name), event.type === 'away');
    default:
      return event satisfies never;
  }
}

function applyTopic(state: ScreenState, event: ServerFrameOf<'topic'>, time: Moment): ScreenState {
  const id = roomId(event.room);
  const next = change(state, id, (conversation) => ({ ...conversation, topic: printable(event.topic) }));
  return announced(next, id, event, atTimeOf(event, time));
}

/** During a catch-up an entry may be old. */
function atTimeOf({ at }: { readonly at: string }, time: Moment): Moment {
  return { ...time, now: Date.parse(at) || time.now };
}

function applyRole(state: ScreenState, event: ServerFrameOf<'role'>, time: Moment): ScreenState {
  const id = roomId(event.room);
  const name = printable(event.name);
  const next = changeOpen(state, id, (conversation) => ({
    ...withMember(conversation, name, { room: event.role }),
    ...(event.name === state.me ? { role: event.role } : {}),
  }));
  return find(next, id) === undefined ? next : announced(next, id, event, time);
}

/** With a notice in the conversation it is about. */
function announced(state: ScreenState, id: ConversationId, event: ServerEvent, time: Moment): ScreenState {
  const text = eventWords(event, state.me);
  return text === undefined ? state : withNotice(state, id, { text, ...time });
}

/** With a notice in a room, unless there is nothing to say. */
function noticed(state: ScreenState, room: string, text: string | undefined, time: Moment): ScreenState {
  return text === undefined ? state : withNotice(state, roomId(room), { text, ...time });
}

/** With a notice in the current conversation. */
function announcedHere(state: ScreenState, event: ServerEvent, time: Moment): ScreenState {
  const text = eventWords(event, state.me);
  return text === undefined ? state : withNoticeHere(state, { text, ...time });
}

/** In the lobby they are online or offline; in any other room they are members or not. */
function applyMove(state: ScreenState, event: ServerFrameOf<'joined' | 'left'>, time: Moment): ScreenState {
  const name = printable(event.name);
  const id = roomId(event.room);
  if (name === state.me) return state;
  const came = event.type === 'joined';
  const listed =
    id === lobby
      ? withPresence({ ...state, people: (came ? arrived : departed)(state.people, name) }, name, came)
      : changeOpen(state, id, (conversation) =>
          withMember(conversation, name, came ? { ...knownPerson(state, name), room: 'member' } : undefined),
        );
  if (event.type === 'left' && event.by !== undefined && find(listed, id) !== undefined) {
    // A kick has a notice of its own, whatever happens around it.
    return announced(listed, id, event, time);
  }
  const reason = event.type === 'left' ? printable(event.reason ?? '').trim() : '';
  const move = {
    change: event.type,
    name,
    at: time.now,
    serial: time.serial,
    ...(reason === '' ? {} : { reason }),
  };
  return changeOpen(listed, id, (conversation) => withMove(conversation, move));
}

/** A room the reader is in. */
function withRoomDetails(
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

export function applyMessage(state: ScreenState, message: Message): ScreenState {
  const id = conversationOf(message, state.me);
  const entry = messageEntry(message, state.me);
  return change(state, id, (conversation) =>
    withMessage(withoutTyping(conversation, [entry.from]), entry, {
      key: message.key,
      viewed: isViewed(state, id),
    }),
  );
}

export function applyStatus(state: ScreenState, status: SessionStatus, now: number): ScreenState {
  return { ...state, now, connection: connectionOf(status, now) };
}

function connectionOf(status: SessionStatus, now: number): ConnectionState {
  switch (status.state) {
    case 'online':
    case 'late':
    case 'no-answer':
      return { state: status.state };
    case 'connecting': {
      const { state, address } = status;
      return { state, ...(address !== undefined && { address }) };
    }
    case 'waiting': {
      const { inMs, why, canHurry } = status;
      return { state: 'waiting', until: now + inMs, why: printable(why), ...(canHurry && { canHurry }) };
    }
    case 'ended':
      return { state: 'offline', why: endWords(status.end) };
    default:
      return status satisfies never;
  }
}

/** Direct conversations that are read are listed if they are younger than this, and at most so many of them. */
const recentMs = 14 * 24 * 3_600_000;
const mostRecent = 10;

/**
 * After a catch-up: the reader's conversations and what is unread. Rooms that are not among them are closed.
 * @param first after the first one: recent direct conversations are opened. Later, what the reader closed stays closed
 */
export function applySync(
  state: ScreenState,
  conversations: readonly Conversation[],
  { first, ...time }: Moment & { readonly first: boolean },
): ScreenState {
  const recent = new Set(first ? recentDirect(conversations, time.now) : []);
  const mine = new Set(conversations.map(idOf));
  const gone = state.conversations.filter(({ id }) => id.startsWith('#') && id !== lobby && !mine.has(id));
  let next = withoutMembers(gone.reduce((before, { id }) => closed(before, id), state));
  for (const conversation of conversations) {
    const id = idOf(conversation);
    const { room, unread } = conversation;
    // All direct ones would crowd the list; /list and Alt-K find them.
    if (room === undefined && unread === 0 && !recent.has(conversation) && find(next, id) === undefined)
      continue;
    if (room !== undefined) {
      const changed = first ? undefined : rulesNews(find(next, id), conversation);
      next = noticed(withRoomDetails(next, conversation), room, changed, time);
    }
    next = change(next, id, (before) => withReadMark(before, conversation));
  }
  return viewed(withDirects(next, conversations));
}

/** Of a room that was on the list before. */
function rulesNews(
  before: ConversationState | undefined,
  { room = '', rules }: Conversation,
): string | undefined {
  return before && changedRulesWords(room, { before: before.rules, now: rules });
}

function recentDirect(conversations: readonly Conversation[], now: number): Conversation[] {
  const ageOf = ({ at = '' }: Conversation): number => now - Date.parse(at);
  return conversations
    .filter((each) => each.room === undefined && ageOf(each) < recentMs)
    .toSorted((one, other) => ageOf(one) - ageOf(other))
    .slice(0, mostRecent);
}
