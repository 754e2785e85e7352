/** Who is on the server or in a room. Knows pages, not who shows them. */
import type { ServerFrameOf } from '../../protocol/events.js';
import type { Person } from '../../protocol/records.js';
import type { Session } from './session.js';

/**
 * Everybody, by name; the server's error where it does not tell.
 * @param room without it, those who are signed in
 * @throws ProtocolError `connection-lost`
 */
export async function askPeople(
  session: Pick<Session, 'ask'>,
  room?: string,
): Promise<readonly Person[] | ServerFrameOf<'error'>> {
  const all: Person[] = [];
  for (;;) {
    const after = all.at(-1)?.name;
    const reply = await session.ask({
      type: 'who',
      ...(room !== undefined && { room }),
      ...(after !== undefined && { after }),
    });
    if (reply.type === 'error') return reply;
    const { people = [], more = false } = reply;
    all.push(...people);
    if (!more || people.length === 0) return all;
  }
}
