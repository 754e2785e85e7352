/** A session without a server: the test causes events, and sees the messages and requests. */

import type {
  DeliveryStatus,
  OutgoingMessage,
  Session,
  SessionEnd,
  SessionEvent,
  SessionStatus,
} from '../../lib/client/session/session.js';
import type { RequestBody } from '../../lib/client/wire/connection.js';
import type { Reply } from '../../lib/protocol/events.js';
import type { Message } from '../../lib/protocol/records.js';
import { helloOf } from './hello.js';

export interface FakeSession {
  readonly session: Session;
  readonly said: readonly (OutgoingMessage & { readonly key: string })[];
  readonly asked: readonly RequestBody[];
  /** The reason of each `quit`. */
  readonly quits: readonly (string | undefined)[];
  happen(event: SessionEvent): void;
  message(fields: Partial<Message>): void;
  status(status: SessionStatus): void;
  end(end: SessionEnd): void;
  /** Online and caught up. */
  synced(): void;
  deliver(key: string, delivery: DeliveryStatus): void;
  /** Every message is delivered from now on, as soon as it is said. */
  deliverAll(): void;
}

export interface FakeSessionOptions {
  readonly name?: string;
  readonly listener: (event: SessionEvent) => void;
  readonly answer?: (request: RequestBody) => Reply | Promise<Reply>;
  readonly motd?: string;
}

export function createFakeSession({ name = 'ana', listener, answer, motd }: FakeSessionOptions): FakeSession {
  const said: (OutgoingMessage & { readonly key: string })[] = [];
  const asked: RequestBody[] = [];
  const quits: (string | undefined)[] = [];
  const open = new Set<string>();
  const waiting: (() => void)[] = [];
  let delivering = false;
  let over = false;
  let seq = 100;

  function settle(): void {
    if (open.size > 0 && !over) return;
    for (const resolve of waiting.splice(0)) resolve();
  }

  function deliver(key: string, delivery: DeliveryStatus): void {
    if (delivery.state !== 'sending') open.delete(key);
    listener({ kind: 'delivery', key, delivery });
    settle();
  }

  function end(why: SessionEnd): void {
    over = true;
    listener({ kind: 'status', status: { state: 'ended', end: why } });
    settle();
  }

  const session: Session = {
    name,
    role: 'member',
    hello: hello(),
    motd,
    recovery: undefined,
    say(draft) {
      const key = draft.key ?? `key-${said.length + 1}`;
      said.push({ ...draft, key });
      open.add(key);
      if (delivering) queueMicrotask(() => deliver(key, { state: 'sent', seq: ++seq }));
      return key;
    },
    async ask(request) {
      asked.push(request);
      return answer === undefined ? { type: 'ok', re: asked.length } : answer(request);
    },
    blocked: async () => new Set(),
    watched: [],
    openFileConnection: () => Promise.reject(new Error('no files here')),
    reconnect: () => false,
    settled() {
      return new Promise((resolve) => {
        waiting.push(resolve);
        settle();
      });
    },
    async quit(reason) {
      quits.push(reason);
      end({ why: 'quit' });
    },
  };

  return {
    session,
    said,
    asked,
    quits,
    happen: listener,
    message(fields) {
      const event = { ...messageOf(fields), seq: fields.seq ?? ++seq };
      listener({ kind: 'event', event });
    },
    status: (status) => listener({ kind: 'status', status }),
    end,
    synced() {
      listener({ kind: 'status', status: { state: 'online' } });
      listener({
        kind: 'synced',
        first: true,
        conversations: [{ room: 'lobby', last: 0, read: 0, unread: 0, mentions: 0 }],
      });
    },
    deliver,
    deliverAll() {
      delivering = true;
      for (const key of [...open]) deliver(key, { state: 'sent', seq: ++seq });
    },
  };
}

/** A message of ben's in the lobby, unless the fields say otherwise. */
export function messageOf(fields: Partial<Message> = {}): Message {
  const place = fields.to === undefined ? { room: 'lobby' } : {};
  return {
    type: 'message',
    seq: 1,
    ...place,
    from: 'ben',
    text: 'hi',
    at: '2026-11-20T12:34:56.000Z',
    key: 'k',
    ...fields,
  };
}

export function hello(fields: Partial<Session['hello']> = {}): Session['hello'] {
  return helloOf({ server: 'test server', ...fields });
}

/** The message with this seq in the lobby, from bob. */
export function lobbyMessage(seq: number, fields: Partial<Message> = {}): Message {
  const at = '2026-11-20T20:00:00.000Z';
  return messageOf({ seq, from: 'bob', text: `text ${seq}`, at, key: `key${seq}`, ...fields });
}
