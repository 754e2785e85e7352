/** An entry of the log as a frame. Knows where it was said and who reads it, not who else does. */
import type { Message } from '../protocol/events.js';
import type { Account, Entry, Target } from '../store/store.js';

/** Where something was or is to be said. */
export interface Place {
  readonly target: Target;
  /** The room's name; undefined for what two people say to each other. */
  readonly room: string | undefined;
  /** The other person's name; undefined for a room. */
  readonly peer: string | undefined;
}

/** @param reader one of the two for a direct message, anybody for a room's */
export function messageEvent(entry: Entry, place: Place, reader: Pick<Account, 'name'>): Message {
  const { seq, at, from, key, text, kind } = entry;
  const { room, peer } = place;
  return {
    type: 'message',
    seq,
    ...(room === undefined ? {} : { room }),
    ...(peer === undefined ? {} : { to: from === peer ? reader.name : peer }),
    from,
    text,
    at: new Date(at).toISOString(),
    key,
    ...(kind === 'action' ? { action: true } : {}),
  };
}
