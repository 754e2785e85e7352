/** Which conversation: `#room` or `@person`. Knows how both are written, not which ones exist. */
import { parseName, parseRoomName } from './names.js';

/** A room, or the other person of a direct message. */
export type RoomOrPerson = { readonly room: string } | { readonly with: string };

/** The same where a message goes, as `say` and transfers want it. */
export type Recipient = { readonly room: string } | { readonly to: string };

type ParsedRoomOrPerson =
  | { readonly ok: true; readonly conversation: RoomOrPerson }
  | { readonly ok: false; readonly message: string };

/**
 * What a person typed.
 * @param bare what a word without `#` or `@` means
 */
export function parseRoomOrPerson(typed: string, bare: 'room' | 'person'): ParsedRoomOrPerson {
  if (typed.startsWith('@') || (bare === 'person' && !typed.startsWith('#'))) {
    const parsed = parseName(typed.replace(/^@/, ''));
    return parsed.ok ? { ok: true, conversation: { with: parsed.name } } : parsed;
  }
  const parsed = parseRoomName(typed);
  return parsed.ok ? { ok: true, conversation: { room: parsed.name } } : parsed;
}

/** `#room` or `@person`. */
export function formatRoomOrPerson(conversation: RoomOrPerson): `#${string}` | `@${string}` {
  return 'room' in conversation ? `#${conversation.room}` : `@${conversation.with}`;
}

/** The reverse of `formatRoomOrPerson`; checks nothing. */
export function toRoomOrPerson(formatted: `#${string}` | `@${string}`): RoomOrPerson {
  return formatted.startsWith('#') ? { room: formatted.slice(1) } : { with: formatted.slice(1) };
}

export function recipientOf(conversation: RoomOrPerson): Recipient {
  return 'room' in conversation ? conversation : { to: conversation.with };
}
