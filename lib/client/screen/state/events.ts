/** What a server tells besides messages, as changes of the screen's state. Pure. */

import type { ServerFrameOf } from '../../../protocol/events.js';
import { printable } from '../../../protocol/printable.js';
import type { Conversation } from '../../../protocol/records.js';
import { eventWords } from '../../text/event-words.js';
import type { ServerEvent } from '../../wire/connection.js';
import { seenUpTo, withEdit, withGap, withRemoval } from './amending.js';
import { conversationOf, withMove } from './conversation.js';
import { change, changeOpen, find, lobby, roomId } from './conversations.js';
import { noticed, type Time, told } from './notices.js';
import { arrived, departed, known, withAway, withMember, withPresence, withRank } from './people.js';
import type { ConversationId, ScreenState } from './state.js';
import { closed } from './turning.js';

export function happened(
  state: ScreenState,
  event: Exclude<ServerEvent, { type: 'message' }>,
  time: Time,
): ScreenState {
  switch (event.type) {
    case 'joined':
    case 'left':
      return moved(state, event, time);
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
      const at = Date.parse(event.at) || time.now;
      return toldIn(titled, id, event, { ...time, now: at });
    }
    case 'room':
      return withRoom(state, event.conversation);
    case 'parted': {
      const id = roomId(event.room);
      if (find(state, id) === undefined) return state;
      return noticedHere(closed(state, id), event, time);
    }
    case 'invited':
    case 'muted':
    case 'unmuted':
    case 'closing':
      return noticedHere(state, event, time);
    case 'role': {
      const id = roomId(event.room);
      const name = printable(event.name);
      const next = changeOpen(state, id, (conversation) => ({
        ...withMember(conversation, name, { room: event.role }),
        ...(event.name === state.me ? { role: event.role } : {}),
      }));
      return find(next, id) === undefined ? next : toldIn(next, id, event, time);
    }
    case 'rank':
      return toldIn(withRank(state, printable(event.name), event.role), lobby, event, time);
    case 'rules': {
      const { rules } = event;
      const id = roomId(event.room);
      const ruled = change(state, id, (conversation) => ({ ...conversation, rules }));
      return toldIn(ruled, id, event, time);
    }
    case 'away':
    case 'back':
      return withAway(state, printable(event.name), event.type === 'away');
    default:
      return event satisfies never;
  }
}

/** In the conversation that it is about. */
function toldIn(state: ScreenState, id: ConversationId, event: ServerEvent, time: Time): ScreenState {
  const text = eventWords(event);
  return text === undefined ? state : told(state, id, { text, ...time });
}

/** In the conversation that is on the screen. */
function noticedHere(state: ScreenState, event: ServerEvent, time: Time): ScreenState {
  const text = eventWords(event);
  return text === undefined ? state : noticed(state, { text, tone: 'plain', ...time });
}

/** Of the lobby it is who is here; of another room, who is a member. */
function moved(state: ScreenState, event: ServerFrameOf<'joined' | 'left'>, time: Time): ScreenState {
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
    return toldIn(listed, id, event, time);
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

/** A room that this person is in, as the server tells it. */
export function withRoom(
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
