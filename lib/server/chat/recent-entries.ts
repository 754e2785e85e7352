/**
 * The newest entries of a room as the events that its members get, encoded: a thousand who come back share one buffer.
 * Read from the store for the first of them, then kept up to date by what is sent. Knows seqs and bytes, neither members
 * nor the store.
 */
import type { EntryEvent } from '../../protocol/events.js';

interface EncodedEntry {
  readonly seq: number;
  readonly frame: Buffer;
  /** It is a reaction, which no floor counts. */
  readonly reaction?: boolean;
  /** Seq of the message whose reactions it tells. */
  readonly reactedTo?: number | undefined;
}

export function encodedEntry(event: EntryEvent, frame: Buffer): EncodedEntry {
  return { seq: event.seq, frame, reaction: event.type === 'reaction', reactedTo: reactedTo(event) };
}

/** The message whose reactions an event tells; undefined if it tells none. */
export function reactedTo(event: EntryEvent): number | undefined {
  if (event.type === 'reaction') return event.of.seq;
  return event.type === 'message' && event.reactions !== undefined ? event.seq : undefined;
}

/** Entries as one buffer. */
interface EncodedRange {
  readonly frames: Buffer;
  readonly newest: number;
  /** Seqs of the messages whose reactions they tell. */
  readonly reactedTo: readonly number[];
}

/** The end of a room's log. */
export interface LogEnd {
  readonly entries: readonly EncodedEntry[];
  /** Every entry with a greater seq is among them. */
  readonly after: number;
}

export interface RecentEntries {
  /** Takes over an event as it is sent. */
  add(event: EntryEvent, frame: Buffer): void;
  /** Reads the end of the log, unless it is known or being read already. */
  load(read: () => Promise<LogEnd>): Promise<void>;
  /** As MessageStore.floor; undefined if only the store knows. */
  floor(count: number, after: number): number | undefined;
  /** All entries after a seq; undefined if only the store knows. */
  after(seq: number): EncodedRange | undefined;
  /** Something in the store is no longer as it was sent. */
  forget(): void;
}

/** The memory of all rooms together, for the rooms that were read last. */
export interface RecentMemory {
  /** Notes what a room uses now. */
  settle(room: Pick<RecentEntries, 'forget'>, bytes: number): void;
  readonly total: number;
}

/** Bytes of one room: its 50 newest messages, however long. */
export const mostBytes = 512 * 1024;

export function createRecentMemory(limit: number): RecentMemory {
  /** The one read last comes last. */
  const rooms = new Map<Pick<RecentEntries, 'forget'>, number>();
  let total = 0;
  return {
    get total() {
      return total;
    },
    settle(room, bytes) {
      total += bytes - (rooms.get(room) ?? 0);
      rooms.delete(room);
      if (bytes > 0) rooms.set(room, bytes);
      for (const oldest of rooms.keys()) {
        if (total <= limit) return;
        oldest.forget();
      }
    },
  };
}

export function createRecentEntries(memory: RecentMemory): RecentEntries {
  let log: EncodedLog | undefined;
  /** What was sent while the store is read. */
  let meanwhile: EncodedEntry[] = [];
  let loading: Promise<void> | undefined;

  function forget(): void {
    log = undefined;
    loading = undefined;
    meanwhile = [];
    memory.settle(recent, 0);
  }

  async function read(from: () => Promise<LogEnd>): Promise<void> {
    const done = from().then(({ entries, after }) => {
      if (loading !== done) return;
      const loaded = createEncodedLog(after);
      for (const entry of [...entries, ...meanwhile]) loaded.add(entry);
      loading = undefined;
      meanwhile = [];
      log = loaded;
      memory.settle(recent, loaded.bytes);
    });
    loading = done;
    try {
      await done;
    } finally {
      if (loading === done) forget();
    }
  }

  const recent: RecentEntries = {
    add(event, frame) {
      // An earlier entry is no longer as it was sent. After a reaction, it is together with that.
      if (event.type === 'edited' || event.type === 'removed') return forget();
      if (log === undefined && loading === undefined) return;
      const entry = encodedEntry(event, frame);
      if (loading !== undefined) meanwhile.push(entry);
      if (log === undefined) return;
      const before = log.bytes;
      log.add(entry);
      if (log.bytes !== before) memory.settle(recent, log.bytes);
    },
    async load(from) {
      if (log === undefined) await (loading ?? read(from));
    },
    floor: (count, after) => log?.floor(count, after),
    after(seq) {
      const found = log?.from(seq);
      if (log !== undefined && found !== undefined) memory.settle(recent, log.bytes);
      return found;
    },
    forget,
  };
  return recent;
}

type EncodedLog = ReturnType<typeof createEncodedLog>;

/** Frames one after the other in a buffer. What was written once never changes: sockets may still have to send it. */
function createEncodedLog(from: number) {
  let buffer = Buffer.allocUnsafeSlow(4 * 1024);
  let used = 0;
  let after = from;
  let entries: (Omit<EncodedEntry, 'frame'> & { readonly start: number })[] = [];

  /** Moves the entries from an index on to another buffer. */
  function move(first: number, size: number): void {
    const start = entries[first]?.start ?? used;
    const moved = Buffer.allocUnsafeSlow(size);
    buffer.copy(moved, 0, start, used);
    after = entries[first - 1]?.seq ?? after;
    entries = entries.slice(first).map((each) => ({ ...each, start: each.start - start }));
    buffer = moved;
    used -= start;
  }

  function makeRoom(bytes: number): void {
    let size = buffer.length;
    while (size < used + bytes && size < mostBytes) size *= 2;
    // Where it is full, half of it goes at once, so that it is not moved for each entry.
    const kept = size >= used + bytes ? 0 : entries.findIndex(({ start }) => used - start <= size / 2);
    move(kept === -1 ? entries.length : kept, size);
  }

  /** How many entries are not after a seq. */
  function countUpTo(seq: number): number {
    let [low, high] = [0, entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    get bytes() {
      return buffer.length;
    },
    /** Without effect for one that is there already. */
    add({ frame, ...entry }: EncodedEntry): void {
      if (entry.seq <= (entries.at(-1)?.seq ?? after)) return;
      if (used + frame.length > buffer.length) makeRoom(frame.length);
      entries.push({ ...entry, start: used });
      frame.copy(buffer, used);
      used += frame.length;
    },
    floor(count: number, since: number): number | undefined {
      const first = countUpTo(since);
      let more = count;
      for (let index = entries.length - 1; index >= first; index--) {
        const entry = entries[index];
        if (entry?.reaction !== true && more-- === 0) return entry?.seq;
      }
      return since >= after ? 0 : undefined;
    },
    from(seq: number): EncodedRange | undefined {
      if (seq < after) return undefined;
      const first = countUpTo(seq);
      const start = entries[first]?.start ?? used;
      const reacted = entries.slice(first).flatMap(({ reactedTo: of }) => of ?? []);
      const newest = entries.at(-1)?.seq ?? after;
      return { frames: buffer.subarray(start, used), newest, reactedTo: reacted };
    },
  };
}
