/**
 * What comes in: each entry once, and state events only after the catch-up. Knows events, not connections.
 *
 * A state event tells about this person (rooms they are in, roles, read marks) rather than what was posted.
 */
import type { EntryEvent } from '../../protocol/events.js';
import type { Conversation, Message } from '../../protocol/records.js';
import type { ServerEvent } from '../wire/connection.js';
import { createPositions, type Since } from './positions.js';
import type { SessionEvent } from './session.js';

export interface InboxDeps {
  readonly listener: (event: SessionEvent) => void;
  /** A message of this person came back: the server has it. */
  readonly ownMessage: (message: Message) => void;
}

export interface Inbox {
  /** A connection is being opened: state events are held back until its catch-up is complete. */
  hold(): void;
  /** Signed in, with all conversations this person is in. */
  signedIn(conversations: readonly Conversation[]): void;
  /** What to ask the server for: everything after the last seq seen in each conversation. */
  since(): Since;
  /** @param me the name signed in with; undefined while not signed in */
  receive(event: ServerEvent, me: string | undefined): void;
  /** The catch-up is complete: reports it, then the state events held back meanwhile. */
  caughtUp(conversations: readonly Conversation[]): void;
}

const stateTypes = ['room', 'parted', 'invited', 'role', 'seen'] as const;

type StateEvent = Extract<ServerEvent, { type: (typeof stateTypes)[number] }>;

// Of a server that sends more before the catch-up is complete, the rest is dropped.
const mostHeld = 1_000;

export function createInbox({ listener, ownMessage }: InboxDeps): Inbox {
  const positions = createPositions();
  // Undefined once caught up. Front ends learn first which conversations there are, then what changed in them.
  let held: StateEvent[] | undefined = [];
  let first = true;

  function track(event: StateEvent) {
    if (event.type === 'room') positions.adopt([event.conversation]);
    if (event.type === 'parted') positions.forget(event.room);
  }

  return {
    hold() {
      held = [];
    },
    signedIn: positions.correct,
    since: positions.since,
    receive(event, me) {
      if (isStateEvent(event)) {
        if (held !== undefined) return void (held.length < mostHeld && held.push(event));
        track(event);
        return listener({ kind: 'event', event });
      }
      // Before sign-in the server sends nothing that the catch-up would not bring.
      if (me === undefined) return;
      if (!isEntry(event)) return listener({ kind: 'event', event });
      if (positions.advance(event, me)) listener({ kind: 'event', event });
      if (event.type === 'message' && event.from === me) ownMessage(event);
    },
    caughtUp(before) {
      const events = held ?? [];
      held = undefined;
      const conversations = events.reduce(withChange, before);
      events.forEach(track);
      positions.adopt(conversations);
      listener({ kind: 'synced', first, conversations });
      first = false;
      for (const event of events) listener({ kind: 'event', event });
    },
  };
}

function isStateEvent(event: ServerEvent): event is StateEvent {
  return (stateTypes as readonly string[]).includes(event.type);
}

function isEntry(event: ServerEvent): event is EntryEvent {
  const { type } = event;
  return type === 'message' || type === 'edited' || type === 'removed' || type === 'topic';
}

/** The conversations this person is in after a state event. */
function withChange(conversations: readonly Conversation[], event: StateEvent): readonly Conversation[] {
  if (event.type !== 'room' && event.type !== 'parted') return conversations;
  const room = event.type === 'room' ? event.conversation.room : event.room;
  if (room === undefined) return conversations;
  if (event.type === 'parted') return conversations.filter((each) => each.room !== room);
  const known = conversations.some((each) => each.room === room);
  if (!known) return [...conversations, event.conversation];
  return conversations.map((each) => (each.room === room ? event.conversation : each));
}
