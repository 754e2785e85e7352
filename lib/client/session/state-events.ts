/** What a server tells of one person, apart from what is said. Knows events, not when they count. */
import type { EntryEvent } from '../../protocol/events.js';
import type { Conversation } from '../../protocol/records.js';
import type { Event } from './session.js';

const noticeTypes = ['room', 'parted', 'invited', 'role', 'seen'] as const;

export type StateEvent = Extract<Event, { type: (typeof noticeTypes)[number] }>;

export function isStateEvent(event: Event): event is StateEvent {
  return (noticeTypes as readonly string[]).includes(event.type);
}

export function isEntry(event: Event): event is EntryEvent {
  const { type } = event;
  return type === 'message' || type === 'edited' || type === 'removed' || type === 'topic';
}

/** All that somebody is in, after a notice. */
export function changed(conversations: readonly Conversation[], event: StateEvent): readonly Conversation[] {
  if (event.type !== 'room' && event.type !== 'parted') return conversations;
  const room = event.type === 'room' ? event.conversation.room : event.room;
  if (room === undefined) return conversations;
  if (event.type === 'parted') return conversations.filter((each) => each.room !== room);
  const known = conversations.some((each) => each.room === room);
  if (!known) return [...conversations, event.conversation];
  return conversations.map((each) => (each.room === room ? event.conversation : each));
}
