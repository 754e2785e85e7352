/** Members in processes of their own (crowd.ts), so that a benchmark's own process does not limit them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RawFrame } from '../../lib/protocol/frame.js';
import type { CrowdCounts, CrowdOrder } from './crowd.js';

export interface Crowds {
  /** Resolves when the accounts of these tokens are in the room and up to date. */
  enter(tokens: readonly string[]): Promise<void>;
  /** Each sends this request; without one every `limits.deadMs` the server ends a connection. */
  send(request: RawFrame): Promise<void>;
  counts(): Promise<CrowdCounts>;
  leave(): Promise<void>;
}

const processes = 2;
export function startCrowds(port: number): Crowds {
  const file = fileURLToPath(new URL('./crowd.js', import.meta.url));
  const crowds = Array.from({ length: processes }, () => fork(file));
  const askAll = (orders: readonly CrowdOrder[]) =>
    Promise.all(crowds.map((crowd, index) => ask(crowd, orders[index % orders.length])));
  return {
    async enter(tokens) {
      const orders = crowds.map((_, index): CrowdOrder => {
        const share = tokens.filter((_token, at) => at % processes === index);
        return { type: 'enter', port, tokens: share, from: `127.0.0.${index + 2}` };
      });
      await askAll(orders);
    },
    async send(request) {
      await askAll([{ type: 'send', request }]);
    },
    async counts() {
      const all = await askAll([{ type: 'count' }]);
      return all.reduce((sum, { bytes, messages }) => ({
        bytes: sum.bytes + bytes,
        messages: sum.messages + messages,
      }));
    },
    async leave() {
      const left = crowds.filter(({ exitCode }) => exitCode === null);
      for (const crowd of left) crowd.disconnect();
      await Promise.all(left.map((crowd) => once(crowd, 'exit')));
    },
  };
}

async function ask(crowd: ChildProcess, order: CrowdOrder | undefined): Promise<CrowdCounts> {
  const done = new AbortController();
  const { signal } = done;
  const answer = once(crowd, 'message', { signal }) as Promise<[CrowdCounts]>;
  const died = once(crowd, 'exit', { signal }).then(() => {
    throw new Error('A crowd ended early.');
  });
  crowd.send(order ?? {});
  try {
    const [counts] = await Promise.race([answer, died]);
    return counts;
  } finally {
    died.catch(() => {});
    done.abort();
  }
}
