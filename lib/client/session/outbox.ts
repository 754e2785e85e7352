/** Messages on their way, one after the other. Knows replies and keys, not connections. */
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import type { Message } from '../../protocol/records.js';
import type { Clock } from '../../system/clock.js';
import type { Connection } from '../wire/connection.js';
import type { Settle } from '../wire/replies.js';
import type { Delivery, Draft } from './session.js';

export interface OutboxOptions {
  readonly clock: Clock;
  /** A new key, unique among all messages of this account. */
  readonly makeKey: () => string;
  readonly report: (key: string, delivery: Delivery) => void;
}

export interface Outbox {
  /** Queues a message and returns its key; the first report comes later. */
  say(draft: Draft): string;
  /** Sends from now on; what was not acknowledged first, with its old key. */
  open(request: Connection['request']): void;
  /** Keeps everything until the next `open`. */
  hold(): void;
  /** An own message was seen in its conversation: it was sent, whatever reply comes or does not. */
  acknowledge(message: Message): void;
  /** Resolves when nothing is unacknowledged, or after `close`. */
  settled(): Promise<void>;
  /** Nothing is sent or reported any more. */
  close(): void;
}

interface Item {
  readonly key: string;
  readonly draft: Draft;
  faults: number;
}

const busyMs = 1_000;
// A fault of the server that comes back for one message this often would hold up all others for ever.
const mostFaults = 30;
const passing: ReadonlySet<ErrorCode> = new Set(['rate-limited', 'busy', 'internal', 'shutting-down']);

export function createOutbox({ clock, makeKey, report }: OutboxOptions): Outbox {
  const queue = createQueue<Item>();
  let request: Connection['request'] | undefined;
  // The message that is sent or waits for its next try; its replies count only while it is this one.
  let current: object | undefined;
  let cancelWait = () => {};
  let closed = false;
  let waiters: (() => void)[] = [];

  function pump() {
    const item = queue.head();
    if (item !== undefined && current === undefined && request !== undefined) send(item, request);
  }
  // Never at once: who says something does not know the key yet, and ten thousand refusals are no recursion.
  function soon() {
    queueMicrotask(pump);
  }
  function send(item: Item, over: Connection['request']) {
    const attempt = {};
    current = attempt;
    const settle: Settle = (outcome) => {
      // Where the connection is lost, the session calls hold().
      if (current !== attempt || outcome instanceof Error) return;
      if (outcome.type === 'ok') finish(item, { state: 'sent', seq: outcome.seq ?? 0 });
      else refused(item, new ProtocolError(outcome.code, outcome.message, outcome.retryAfter));
    };
    try {
      over({ ...item.draft, type: 'say', key: item.key }, settle);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refused(item, new ProtocolError('message-too-long', error.message));
    }
  }
  function refused(item: Item, { code, message, retryAfter }: ProtocolError) {
    if (code === 'internal') item.faults += 1;
    if (!passing.has(code) || item.faults >= mostFaults) {
      return finish(item, { state: 'failed', code, message });
    }
    const waitMs = retryAfter ?? busyMs;
    cancelWait = clock.after(waitMs, () => {
      current = undefined;
      soon();
    });
    report(item.key, { state: 'sending', waitMs });
  }
  function finish(item: Item, delivery: Delivery) {
    cancelWait();
    queue.shift();
    current = undefined;
    report(item.key, delivery);
    soon();
    if (queue.head() === undefined) release();
  }
  function release() {
    const ready = waiters;
    waiters = [];
    for (const resolve of ready) resolve();
  }
  function hold() {
    cancelWait();
    request = undefined;
    current = undefined;
  }

  return {
    say(draft) {
      const key = draft.key ?? makeKey();
      queue.push({ key, draft, faults: 0 });
      if (current === undefined) soon();
      return key;
    },
    open(over) {
      if (closed) return;
      request = over;
      soon();
    },
    hold,
    acknowledge({ key, seq }) {
      const item = queue.head();
      if (item?.key === key) finish(item, { state: 'sent', seq });
    },
    settled() {
      if (closed || queue.head() === undefined) return Promise.resolve();
      return new Promise((resolve) => waiters.push(resolve));
    },
    close() {
      closed = true;
      hold();
      release();
    },
  };
}

/** First in, first out, without moving a long rest at each step. */
function createQueue<T>() {
  let items: T[] = [];
  let first = 0;

  return {
    push(item: T) {
      items.push(item);
    },
    head(): T | undefined {
      return items[first];
    },
    shift() {
      first += 1;
      if (first * 2 < items.length) return;
      items = items.slice(first);
      first = 0;
    },
  };
}
