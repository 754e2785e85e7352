/** Lists who is signed in or in a room. Knows pages, not how they are shown. */
import type { ServerFrameOf } from '../../protocol/events.js';
import type { Person } from '../../protocol/records.js';
import type { Session } from './session.js';

/**
 * All of them, by name; or the server's error.
 * @param room without it, everyone who is signed in
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
