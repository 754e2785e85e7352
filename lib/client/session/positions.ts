/** The last seq seen in each conversation. Knows seqs and names, not what was posted. */
import type { EntryEvent } from '../../protocol/events.js';
import type { Conversation } from '../../protocol/records.js';

/** Last seqs seen, as `sync` takes them. */
export interface Since {
  readonly rooms?: Record<string, number>;
  readonly direct?: Record<string, number>;
}

export interface Positions {
  /** Moves on to this entry; false where it was seen before. `me` is the name signed in with. */
  advance(entry: EntryEvent, me: string): boolean;
  /**
   * Compares with all conversations this person is in, after a sign-in: forgets rooms that are not among them, and
   * positions beyond the newest entry (the server was restored from a backup, or the room is another one of the
   * same name).
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
      const { room, from, seq } = entry;
      const to = entry.type === 'topic' ? undefined : entry.to;
      const [seen, name] = room === undefined ? [direct, from === me ? (to ?? me) : from] : [rooms, room];
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

function latest(seen: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...seen].slice(-mostNamed));
}
