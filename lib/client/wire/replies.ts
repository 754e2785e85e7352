/** Requests that wait for their reply. Knows ids and keys, not how a request travels. */
import type { Reply } from '../../protocol/events.js';
import type { Message } from '../../protocol/records.js';
import type { ConnectionLost } from './errors.js';

/** Called once, when the reply was read or will not come. */
export type Settle = (outcome: Reply | ConnectionLost) => void;

export interface Replies {
  /** @param key of a message: its copy, coming back, is as good as a reply */
  expect(id: number, settle: Settle, key?: string): void;
  reply(reply: Reply): void;
  /** A message of this account came back from the server. */
  acknowledge(message: Message): void;
  /** The connection is lost: no reply will come. */
  fail(error: ConnectionLost): void;
}

export function createReplies(): Replies {
  const waiting = new Map<number, { settle: Settle; key: string | undefined }>();
  const idOfKey = new Map<string, number>();

  // A reply to an unknown id is no fault: a say may be answered twice.
  function reply(answer: Reply) {
    const asked = waiting.get(answer.re);
    if (asked === undefined) return;
    waiting.delete(answer.re);
    if (asked.key !== undefined) idOfKey.delete(asked.key);
    asked.settle(answer);
  }

  return {
    expect(id, settle, key) {
      waiting.set(id, { settle, key });
      if (key !== undefined) idOfKey.set(key, id);
    },
    reply,
    acknowledge({ key, seq, at }) {
      const id = idOfKey.get(key);
      if (id !== undefined) reply({ type: 'ok', re: id, seq, at });
    },
    fail(error) {
      const left = [...waiting.values()];
      waiting.clear();
      idOfKey.clear();
      for (const { settle } of left) settle(error);
    },
  };
}
