/** What a server refused, and what to type next. Knows codes and commands, not how it is shown. */
import type { ErrorCode } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import type { Asked } from '../session/session.js';
import { errorWords } from '../text/wording.js';

type Advice = (request: { room?: string; name?: string }) => string;

const roomOf = ({ room }: { room?: string }): string => `#${room?.replace(/^#/, '') ?? 'ROOM'}`;

const advice: Partial<Record<ErrorCode, Advice>> = {
  'not-a-member': (request) => (request.name === undefined ? `/join ${roomOf(request)} does it.` : ''),
  'room-would-end': (request) => `/leave ${roomOf(request)} end does it all the same.`,
  'no-such-room': () => '/rooms shows which there are.',
  'no-such-message': () => 'It may have been removed. /search finds messages and their IDs.',
  'no-such-file': () => '/files shows which there are here.',
  'room-name-taken': () => '/rooms shows which there are.',
  'too-many-rooms': () => '/leave #ROOM leaves one.',
};

/** One sentence or two. */
export function errandRefusal(reply: ServerFrameOf<'error'>, request: Asked): string {
  const more = advice[reply.code]?.(request as { room?: string; name?: string }) ?? '';
  return `${errorWords(reply)} ${more}`.trimEnd();
}
