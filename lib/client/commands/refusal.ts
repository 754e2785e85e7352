/** Why a command did nothing, and what to type next. Knows codes and commands, not how it is shown. */

import type { ErrorCode } from '../../protocol/errors.js';
import type { ServerFrameOf } from '../../protocol/events.js';
import { errorWords } from '../text/wording.js';
import type { RequestBody } from '../wire/connection.js';

/** Nothing was done; the message is for the person. */
export class CommandRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CommandRefused';
  }
}

export const notConnected = 'Not connected. Try again once the connection is back.';

type Advice = (request: { room?: string; name?: string }) => string;

const roomOf = ({ room }: { room?: string }): string => `#${room?.replace(/^#/, '') ?? 'ROOM'}`;

const advice: Partial<Record<ErrorCode, Advice>> = {
  // With a name, it is that person who is not a member.
  'not-a-member': (request) => (request.name === undefined ? `Join it with /join ${roomOf(request)}.` : ''),
  'room-would-end': (request) => `To leave and close it, type /leave ${roomOf(request)} end.`,
  'no-such-room': () => 'List the rooms with /rooms.',
  'no-such-message': () => 'It may have been removed. Find messages and their IDs with /search.',
  'no-such-file': () => 'List the files sent here with /files.',
  'room-name-taken': () => 'List the rooms with /rooms.',
  'too-many-rooms': () => 'Leave one with /leave #ROOM.',
};

/** What the server refused, in its words, and what to type next. */
export function refusalOf(reply: ServerFrameOf<'error'>, request: RequestBody): CommandRefused {
  const next = advice[reply.code]?.(request as { room?: string; name?: string }) ?? '';
  return new CommandRefused(`${errorWords(reply)} ${next}`.trimEnd());
}
