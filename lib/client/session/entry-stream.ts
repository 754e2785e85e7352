/**
 * The entries of conversations for a reader that takes its time: each once, in order, from now or from a moment in the past.
 * What does not fit into memory is read again from the history. Knows a session's events and requests, not the reader.
 */
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import { type EntryEvent, errorOf, isEntry } from '../../protocol/events.js';
import { formatRoomOrPerson, type RoomOrPerson, roomOrPersonOf } from '../../protocol/names.js';
import type { Conversation } from '../../protocol/records.js';
import { placeOf } from './inbox.js';
import { askConversations, type HistoryStart, historyPages } from './pages.js';
import type { Session, SessionEvent } from './session.js';

interface StreamDeps {
  readonly session: Pick<Session, 'name'>;
  /** Asks until there is a reply; rejects once the session has ended. */
  readonly ask: Session['ask'];
  readonly wants: (conversation: RoomOrPerson) => boolean;
  /** Milliseconds since the epoch; without it, only what is posted from the start on. */
  readonly since?: number | undefined;
}

type Entries = AsyncGenerator<EntryEvent, undefined, undefined>;

export interface EntryStream {
  /** Must see everything that happens; what happens before the start is left out. */
  notice(event: SessionEvent): void;
  start(): void;
  /**
   * To be read once. Messages that were removed meanwhile are left out. Ends after `close`, and with the session once what came
   * before its end is read.
   * @throws SessionEnded where some of that can no longer be read, ConnectionLost; ProtocolError for a page of the history that
   *   is refused or leads nowhere
   */
  entries(): Entries;
  /** Nothing more is wanted. */
  close(): void;
}

/** Entries that wait in memory, at some KiB each. */
export const streamedMost = 1_000;
const goneCodes: readonly ErrorCode[] = ['not-a-member', 'no-such-room', 'no-such-name'];

type Waiting =
  | { readonly entry: EntryEvent }
  /** What a conversation had after this seq is in the history. */
  | { readonly read: RoomOrPerson; readonly after: number }
  /** The same of each conversation, from a moment on. */
  | { readonly since: number };

export function createEntryStream({ session, ask, wants, since }: StreamDeps): EntryStream {
  const waiting: Waiting[] = [];
  // Conversations whose entries have overflown, and will be read from the history.
  const overflown = new Set<string>();
  // How far the history was read, in each conversation where it was.
  const readTo = new Map<string, number>();
  let phase: 'new' | 'open' | 'ended' | 'closed' = 'new';
  let wake = (): void => {};
  const isClosed = (): boolean => phase === 'closed';

  function add(item: Waiting): void {
    waiting.push(item);
    wake();
  }

  /** Undefined at the end. */
  async function next(): Promise<Waiting | undefined> {
    while (waiting.length === 0 && phase !== 'ended' && phase !== 'closed') {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return waiting.shift();
  }

  function addEntry(entry: EntryEvent): void {
    const place = placeOf(entry, session.name);
    const key = formatRoomOrPerson(place);
    if (!wants(place) || overflown.has(key)) return;
    if (waiting.length >= streamedMost) overflown.add(key);
    add(overflown.has(key) ? { read: place, after: entry.seq - 1 } : { entry });
  }

  async function* take(item: Waiting): Entries {
    if ('since' in item) return yield* readAll(item.since);
    if ('read' in item) {
      // What is posted from here on comes after this in the queue as well.
      overflown.delete(formatRoomOrPerson(item.read));
      return yield* readOne(item.read, { after: item.after });
    }
    const { entry } = item;
    const gone = entry.type === 'message' && entry.removed !== undefined;
    const seen = readTo.get(formatRoomOrPerson(placeOf(entry, session.name))) ?? 0;
    if (entry.seq > seen && !gone) yield entry;
  }

  async function* readAll(from: number): Entries {
    const all = await askConversations(ask);
    if ('code' in all) throw errorOf(all);
    for (const conversation of all) {
      const { at } = conversation;
      const place = roomOrPersonOf(conversation);
      const quiet = at === undefined || Date.parse(at) < from;
      if (!quiet && wants(place)) yield* readOne(place, { since: from });
    }
  }

  async function* readOne(place: RoomOrPerson, range: HistoryStart): Entries {
    const key = formatRoomOrPerson(place);
    const start = 'after' in range ? { after: Math.max(range.after, readTo.get(key) ?? 0) } : range;
    try {
      for await (const messages of historyPages(ask, place, start)) {
        for (const message of messages) {
          readTo.set(key, message.seq);
          yield message;
        }
      }
    } catch (error) {
      // One that this account is no longer in has no more to tell.
      const gone = error instanceof ProtocolError && goneCodes.includes(error.code);
      if (!gone) throw error;
    }
  }

  return {
    notice(event) {
      if (event.kind === 'status' && event.status.state === 'ended' && phase !== 'closed') {
        phase = 'ended';
        wake();
      }
      if (phase !== 'open') return;
      if (event.kind === 'synced') correct(readTo, event.conversations);
      if (event.kind !== 'event') return;
      if (isEntry(event.event)) return addEntry(event.event);
      if (event.event.type !== 'gap') return;
      const place = roomOrPersonOf(event.event);
      if (wants(place)) add({ read: place, after: event.event.after });
    },
    start() {
      if (phase !== 'new') return;
      phase = 'open';
      if (since !== undefined) add({ since });
    },
    async *entries(): Entries {
      for (let item = await next(); item !== undefined; item = await next()) {
        for await (const entry of take(item)) {
          yield entry;
          if (isClosed()) return;
        }
      }
    },
    close() {
      phase = 'closed';
      waiting.length = 0;
      wake();
    },
  };
}

/** Forgets what was read beyond the newest entry: the server was restored from a backup. */
function correct(readTo: Map<string, number>, conversations: readonly Conversation[]): void {
  for (const conversation of conversations) {
    const key = formatRoomOrPerson(roomOrPersonOf(conversation));
    if ((readTo.get(key) ?? 0) > conversation.last) readTo.delete(key);
  }
}
