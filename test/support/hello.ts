/** What a server says first, with the limits in force. */
import type { ServerFrameOf } from '../../lib/protocol/events.js';
import { limits } from '../../lib/protocol/limits.js';

type Hello = ServerFrameOf<'hello'>;

export function helloOf(fields: Partial<Hello> = {}): Hello {
  const { messageBytes, messageLines, frameBytes, passwordMin, nameLength, pingMs, deadMs } = limits;
  const { messageBurst, messagesPerSecond, fileBytes } = limits;
  const sizes = { messageBytes, messageLines, frameBytes, passwordMin, nameLength, fileBytes };
  const paces = { pingMs, deadMs, messageBurst, messagesPerSecond };
  return {
    type: 'hello',
    version: 1,
    server: 'test',
    registration: 'invite',
    limits: { ...sizes, ...paces },
    ...fields,
  };
}
