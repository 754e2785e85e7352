/** Messages on their way out, one after the other. Knows replies and keys, not connections. */
import { isTransient, ProtocolError } from '../../protocol/errors.js';
import { errorOf } from '../../protocol/events.js';
import type { Message } from '../../protocol/records.js';
import type { Clock } from '../../system/clock.js';
import type { ClientConnection, Settle } from '../wire/connection.js';
import { askedWait } from './reconnect.js';
import type { DeliveryStatus, OutgoingMessage } from './session.js';

interface OutboxOptions {
  readonly clock: Clock;
  /** A new key, unique among all messages of this account. */
  readonly makeKey: () => string;
  readonly report: (key: string, delivery: DeliveryStatus) => void;
}

export interface Outbox {
  /** Queues a message and returns its key; the first report comes later. */
  say(message: OutgoingMessage): string;
  /** Sends from now on, beginning with what was not acknowledged, under its old key. */
  open(request: ClientConnection['request']): void;
  /** Keeps everything until the next `open`. */
  hold(): void;
  /** A message of this account was seen in its conversation: it was sent, even if its reply never comes. */
  acknowledge(message: Message): void;
  /** Resolves when nothing is unacknowledged, or after `close`. */
  settled(): Promise<void>;
  /** From now on nothing is sent or reported. */
  close(): void;
}

interface Item {
  readonly key: string;
  readonly message: OutgoingMessage;
  /** Internal errors of the server so far. */
  faults: number;
}

const busyMs = 1_000;
// A message the server fails on this often would hold up all others forever.
const mostFaults = 30;

export function createOutbox({ clock, makeKey, report }: OutboxOptions): Outbox {
  const queue = createQueue<Item>();
  let request: ClientConnection['request'] | undefined;
  // The message being sent or waiting for its next try; replies count only while it is this one.
  let current: object | undefined;
  let cancelWait = () => {};
  let closed = false;

  function sendNext() {
    const item = queue.head();
    if (item !== undefined && current === undefined && request !== undefined) send(item, request);
  }
  // Never at once: the caller of `say` does not know the key yet, and ten thousand refusals must not recurse.
  function soon() {
    queueMicrotask(sendNext);
  }
  function send(item: Item, over: ClientConnection['request']) {
    const attempt = {};
    current = attempt;
    const settle: Settle = (outcome) => {
      // When the connection is lost, the session calls hold().
      if (current !== attempt || outcome instanceof Error) return;
      if (outcome.type === 'ok') finish(item, { state: 'sent', seq: outcome.seq ?? 0 });
      else refused(item, errorOf(outcome));
    };
    try {
      over({ ...item.message, type: 'say', key: item.key }, settle);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refused(item, new ProtocolError('message-too-long', error.message));
    }
  }
  function refused(item: Item, { code, message, retryAfter }: ProtocolError) {
    if (code === 'internal') item.faults += 1;
    if (!isTransient(code) || item.faults >= mostFaults) {
      return finish(item, { state: 'failed', code, message });
    }
    const waitMs = askedWait(retryAfter ?? busyMs);
    cancelWait = clock.after(waitMs, () => {
      current = undefined;
      soon();
    });
    report(item.key, { state: 'sending', waitMs });
  }
  function finish(item: Item, delivery: DeliveryStatus) {
    cancelWait();
    queue.shift();
    current = undefined;
    report(item.key, delivery);
    soon();
    if (queue.head() === undefined) queue.release();
  }
  function hold() {
    cancelWait();
    request = undefined;
    current = undefined;
  }

  return {
    say(message) {
      const key = message.key ?? makeKey();
      queue.push({ key, message, faults: 0 });
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
    settled: () => (closed ? Promise.resolve() : queue.emptied()),
    close() {
      closed = true;
      hold();
      queue.release();
    },
  };
}

/** First in, first out, without moving a long rest at each step; and a promise for its end. */
function createQueue<T>() {
  let items: T[] = [];
  let first = 0;
  let waiting: (() => void)[] = [];

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
    /** Resolves at once when empty, otherwise at the next `release`. */
    emptied(): Promise<void> {
      if (items[first] === undefined) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
    release() {
      const ready = waiting;
      waiting = [];
      for (const resolve of ready) resolve();
    },
  };
}
