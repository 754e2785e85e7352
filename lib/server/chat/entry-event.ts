/** An entry of the log as a frame. Knows where it was said and who reads it, not who else does. */
import type { EntryEvent } from '../../protocol/events.js';
import type { Message } from '../../protocol/records.js';
import type { Account } from '../../store/account-store.js';
import type { Entry, Target } from '../../store/message-store.js';

/** Where something was or is to be said. */
export interface Place {
  readonly target: Target;
  /** The room's name; undefined for what two people say to each other. */
  readonly room: string | undefined;
  /** The other person's name; undefined for a room. */
  readonly peer: string | undefined;
}

type Reader = Pick<Account, 'name'>;

/** @param reader one of the two for what is said between two people, anybody for a room's */
export function entryEvent(entry: Entry, place: Place, reader: Reader): EntryEvent {
  const { seq, from, text, of = 0 } = entry;
  const at = new Date(entry.at).toISOString();
  const where = whereOf(place, entry, reader);
  switch (entry.kind) {
    case 'text':
    case 'action':
    case 'file':
      return messageEvent(entry, place, reader);
    case 'edit':
      return { type: 'edited', seq, of, ...where, from, text, at };
    case 'removal':
      return { type: 'removed', seq, of, ...where, from, at };
    case 'topic':
      return { type: 'topic', seq, room: place.room ?? '', from, topic: text, at };
    default:
      return entry.kind satisfies never;
  }
}

/** An entry that is a message. */
export function messageEvent(entry: Entry, place: Place, reader: Reader): Message {
  const { seq, at, from, key, text, kind, file, edited, removed } = entry;
  return {
    type: 'message',
    seq,
    ...whereOf(place, entry, reader),
    from,
    text,
    at: new Date(at).toISOString(),
    key,
    ...(kind === 'action' ? { action: true } : {}),
    ...(file === undefined ? {} : { file }),
    ...(edited === undefined ? {} : { edited: new Date(edited).toISOString() }),
    ...(removed === undefined ? {} : { removed }),
  };
}

function whereOf({ room, peer }: Place, { from }: Entry, reader: Reader): { room?: string; to?: string } {
  if (room !== undefined) return { room };
  return peer === undefined ? {} : { to: from === peer ? reader.name : peer };
}
