/**
 * What comes in: each entry once, by the last seq seen in each conversation, and state events only after the
 * catch-up. Knows events, not connections.
 *
 * A state event tells about this person (rooms they are in and their rules, roles, read marks) rather than what was posted.
 */
import { type EntryEvent, isEntry } from '../../protocol/events.js';
import type { RoomOrPerson } from '../../protocol/names.js';
import type { Conversation, Message } from '../../protocol/records.js';
import type { ServerEvent } from '../wire/connection.js';
import type { SessionEvent } from './session.js';

interface InboxDeps {
  readonly listener: (event: SessionEvent) => void;
  /** A message of this person came back: the server has it. */
  readonly ownMessage: (message: Message) => void;
}

export interface Inbox {
  /** A connection is being opened: state events are held back until its catch-up is complete. */
  hold(): void;
  /** Signed in, with all rooms this person is in and the direct conversations that are unread or recent. */
  signedIn(conversations: readonly Conversation[]): void;
  /** What to ask the server for: everything after the last seq seen in each conversation. */
  since(): Since;
  /** @param me the name signed in with; undefined while not signed in */
  receive(event: ServerEvent, me: string | undefined): void;
  /** The catch-up is complete: reports it, then the state events held back meanwhile. */
  caughtUp(conversations: readonly Conversation[]): void;
}

const stateTypes = ['room', 'parted', 'invited', 'role', 'rules', 'seen'] as const;

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

/** Last seqs seen, as `sync` takes them. */
interface Since {
  readonly rooms?: Record<string, number>;
  readonly direct?: Record<string, number>;
}

export interface Positions {
  /** Moves on to this entry; false where it was seen before. `me` is the name signed in with. */
  advance(entry: EntryEvent, me: string): boolean;
  /**
   * Compares with all conversations this person is in, after a sign-in: forgets rooms that are not among them, and
   * positions beyond the newest entry (the server was restored from a backup, or the room is another one of the
   * same name). Direct conversations that are not among them, read long ago, keep positions that can be right.
   */
  correct(conversations: readonly Conversation[]): void;
  /** Conversations without a position start at their newest entry. */
  adopt(conversations: readonly Conversation[]): void;
  /** This person left that room. */
  forget(room: string): void;
  since(): Since;
}

// Of each kind, at about 50 bytes: a sync stays below the 64 KiB of a frame. A conversation that is left out
// comes back like a new one, with a gap if it is long.
const mostNamed = 400;

export function createPositions(): Positions {
  // In the order in which they moved, the latest last.
  const rooms = new Map<string, number>();
  const direct = new Map<string, number>();

  return {
    advance(entry, me) {
      const { seq } = entry;
      const place = placeOf(entry, me);
      const [seen, name] = 'room' in place ? [rooms, place.room] : [direct, place.with];
      if (seq <= (seen.get(name) ?? -1)) return false;
      seen.delete(name);
      seen.set(name, seq);
      return true;
    },
    correct(conversations) {
      const present = new Set(conversations.map(({ room }) => room));
      for (const room of rooms.keys()) if (!present.has(room)) rooms.delete(room);
      for (const { room, with: other, last } of conversations) {
        const [seen, name] = room === undefined ? [direct, other ?? ''] : [rooms, room];
        if ((seen.get(name) ?? 0) > last) seen.delete(name);
      }
      const named = new Set(conversations.map(({ with: other }) => other));
      const newest = conversations.reduce((most, { last }) => Math.max(most, last), 0);
      for (const [name, seq] of direct) if (!named.has(name) && seq > newest) direct.delete(name);
    },
    adopt(conversations) {
      for (const { room, with: other, last } of conversations) {
        if (room !== undefined && !rooms.has(room)) rooms.set(room, last);
        if (room === undefined && other !== undefined && !direct.has(other)) direct.set(other, last);
      }
    },
    forget: (room) => void rooms.delete(room),
    since() {
      return {
        ...(rooms.size > 0 && { rooms: latest(rooms) }),
        ...(direct.size > 0 && { direct: latest(direct) }),
      };
    },
  };
}

/** The conversation of an entry. @param me the name signed in with */
export function placeOf(entry: EntryEvent, me: string): RoomOrPerson {
  const { room, from } = entry;
  if (room !== undefined) return { room };
  const to = entry.type === 'topic' ? undefined : entry.to;
  return { with: from === me ? (to ?? me) : from };
}

function latest(seen: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...seen].slice(-mostNamed));
}
