/** Requests that wait for their reply. Knows ids and keys, not how a request travels. */
import type { Reply } from '../../protocol/events.js';
import type { Message } from '../../protocol/records.js';
import type { ConnectionLost } from './errors.js';

/** Called once, as soon as the reply is read or will not come. */
export type Settle = (outcome: Reply | ConnectionLost) => void;

export interface Replies {
  /** @param key of a message: its own copy answers as well as a reply does */
  expect(id: number, settle: Settle, key?: string): void;
  reply(reply: Reply): void;
  /** A message of this account came back from the server. */
  acknowledge(message: Message): void;
  /** No reply will come any more. */
  fail(error: ConnectionLost): void;
}

export function createReplies(): Replies {
  const waiting = new Map<number, { settle: Settle; key: string | undefined }>();
  const said = new Map<string, number>();

  // A reply to what nobody waits for is no fault: a say may be answered twice.
  function reply(answer: Reply) {
    const asked = waiting.get(answer.re);
    if (asked === undefined) return;
    waiting.delete(answer.re);
    if (asked.key !== undefined) said.delete(asked.key);
    asked.settle(answer);
  }

  return {
    expect(id, settle, key) {
      waiting.set(id, { settle, key });
      if (key !== undefined) said.set(key, id);
    },
    reply,
    acknowledge({ key, seq, at }) {
      const id = said.get(key);
      if (id !== undefined) reply({ type: 'ok', re: id, seq, at });
    },
    fail(error) {
      const left = [...waiting.values()];
      waiting.clear();
      said.clear();
      for (const { settle } of left) settle(error);
    },
  };
}
