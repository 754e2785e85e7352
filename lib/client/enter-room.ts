/** Joins a room that is there. Knows requests, not who wants to be in it. */
import { ProtocolError } from '../protocol/errors.js';
import type { Session } from './session/session.js';
import { errorWords } from './text/wording.js';

/**
 * Joins a room unless this account is in it; creates none, as `join` alone would.
 * @throws ProtocolError `no-such-room`, or the server's refusal; what `ask` rejects with
 */
export async function enterRoom(ask: Session['ask'], room: string): Promise<void> {
  const reply = await ask({ type: 'rooms' });
  if (reply.type === 'error') throw new ProtocolError(reply.code, errorWords(reply));
  const found = (reply.rooms ?? []).find((each) => each.room === room);
  if (found === undefined) {
    throw new ProtocolError('no-such-room', `There is no room #${room}. Create it with /join in the chat.`);
  }
  if (found.role !== undefined) return;
  const joined = await ask({ type: 'join', room });
  if (joined.type === 'error') throw new ProtocolError(joined.code, errorWords(joined));
}
