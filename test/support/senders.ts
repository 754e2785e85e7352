/** Sessions that send without end while servers and databases fail, and what must be true of what they sent and received. */
import { setTimeout } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Session, SessionEvent, SessionOptions } from '../../lib/client/session/session.js';
import { startSession } from '../../lib/client/session/start-session.js';
import type { Message } from '../../lib/protocol/records.js';
import { systemClock } from '../../lib/system/clock.js';
import { randomNumbers } from './random.js';
import { ok } from './running-server.js';
import { password } from './server-process.js';

export interface Sender {
  readonly name: string;
  readonly session: Session;
  /** In the order in which they came; those of others too. */
  readonly received: string[];
  /** Texts by seq, as acknowledged. */
  readonly acknowledged: Map<number, string>;
  readonly failed: string[];
  /** The longest that one of its messages waited for its acknowledgement, in milliseconds. */
  readonly longestWait: () => number;
  /** Sends from now on. */
  begin(): void;
  /** Sends no more; resolves when all it sent is acknowledged. */
  finish(): Promise<void>;
  /** Resolves when one of its messages is acknowledged from now on. */
  acknowledges(): Promise<void>;
  /** Resolves when this text is the last that it received, or its session has ended. */
  receives(text: string): Promise<void>;
}

export const senderNames = ['ann', 'ben', 'cleo', 'dora', 'edgar', 'fay', 'gil', 'hana'];
const longestPauseMs = 20;

/**
 * Someone who is there, has caught up and sends nothing yet: where others already sent, the first catch-up would have a gap.
 * @param sender.link with an invite code for its account
 */
export async function startSender({
  endpoint,
  name,
  link,
  seed,
}: Pick<SessionOptions, 'endpoint'> & { name: string; link: string; seed: number }): Promise<Sender> {
  const random = randomNumbers(seed);
  const received: string[] = [];
  const acknowledged = new Map<number, string>();
  const failed: string[] = [];
  /** The last ones of its connection, for a failure. */
  const states: string[] = [];
  const texts = new Map<string, { readonly text: string; readonly at: number }>();
  let count = 0;
  let longestWait = 0;
  let finishing = false;
  let news = () => {};
  let told = () => {};
  let arrived = () => {};
  const caughtUp = new Promise<void>((resolve) => {
    arrived = resolve;
  });

  function say(): void {
    const text = `${name} ${++count}`;
    texts.set(session.say({ room: 'lobby', text }), { text, at: performance.now() });
  }
  function hear(event: SessionEvent): void {
    if (event.kind === 'event' && event.event.type === 'message') {
      received.push(event.event.text);
      news();
    } else if (event.kind === 'event' && event.event.type === 'gap') {
      const { after, before } = event.event;
      failed.push(`a gap after ${after} before ${before}, having ${received.length}; ${states.join(', ')}`);
    } else if (event.kind === 'synced') {
      arrived();
    } else if (event.kind === 'status' && event.status.state !== 'ended') {
      states.push(`${JSON.stringify(event.status)} at ${received.length}`);
      states.splice(0, states.length - 12);
    } else if (event.kind === 'status' && event.status.state === 'ended') {
      failed.push(`the session ended: ${JSON.stringify(event.status.end)}`);
      arrived();
      news();
    } else if (event.kind === 'delivery' && event.delivery.state !== 'sending') {
      delivered(event.key, event.delivery);
    }
  }
  function delivered(key: string, delivery: { readonly state: string; readonly seq?: number }): void {
    const said = texts.get(key);
    if (said === undefined) return;
    const { text, at } = said;
    texts.delete(key);
    longestWait = Math.max(longestWait, performance.now() - at);
    told();
    if (delivery.state === 'sent') acknowledged.set(delivery.seq ?? 0, text);
    else failed.push(`${text}: ${JSON.stringify(delivery)}`);
    if (!finishing) setTimeout(random(longestPauseMs)).then(() => finishing || say());
  }

  const session = await startSession(
    {
      endpoint,
      verify: async () => {},
      credentials: { how: 'register', name, password, code: link.split('/').at(-1) ?? '' },
      retryMs: Number.POSITIVE_INFINITY,
      listener: hear,
    },
    // Each try comes 250 ms after the last.
    { clock: systemClock, random: () => 0, makeKey: () => `${name}-${seed}-${count}` },
  );
  await caughtUp;
  return {
    name,
    session,
    received,
    acknowledged,
    failed,
    longestWait: () => longestWait,
    begin() {
      // A few of them wait at each moment: what is sent next leaves with the acknowledgement.
      for (let i = 0; i < 3; i++) say();
    },
    finish() {
      finishing = true;
      return session.settled();
    },
    acknowledges: () =>
      new Promise((resolve) => {
        told = resolve;
      }),
    async receives(text) {
      while (received.at(-1) !== text && !failed.some((line) => line.startsWith('the session ended'))) {
        await new Promise<void>((resolve) => {
          news = resolve;
        });
      }
    },
  };
}

/** Ends all, and looks at what each sent and received. */
export async function compareSenders(t: Test, senders: readonly Sender[]): Promise<void> {
  await Promise.all(senders.map((sender) => sender.finish()));
  const [{ session }] = senders as [Sender];
  session.say({ room: 'lobby', text: 'the end', key: 'the-end' });
  await Promise.all(senders.map((sender) => sender.receives('the end')));
  const kept = await history(session);
  const order = kept.map(({ text }) => text);
  const bySeq = new Map(kept.map(({ seq, text }) => [seq, text]));
  let lost = 0;
  for (const { acknowledged } of senders) {
    for (const [seq, text] of acknowledged) if (bySeq.get(seq) !== text) lost++;
  }
  t.equal(lost, 0, 'every acknowledged message is in the history, where it was acknowledged');
  t.equal(new Set(order).size, order.length, 'and none twice');
  for (const { name, received, failed } of senders) {
    t.same(failed, [], `${name} met no refusal, gap or end`);
    // Not `same`, whose difference of a hundred thousand lines helps no one.
    t.equal(firstDifference(received, order), -1, `${name} received all, once, in the order of the history`);
    const own = order.filter((text) => text.startsWith(`${name} `));
    t.equal(
      firstDifference(
        own,
        own.map((_, n) => `${name} ${n + 1}`),
      ),
      -1,
      `${name}'s are in ${name}'s order`,
    );
  }
  t.comment(`${order.length} messages kept, ${lost} lost`);
  t.comment(
    `longest wait for an acknowledgement: ${Math.round(Math.max(...senders.map((sender) => sender.longestWait())))} ms`,
  );
  await Promise.all(senders.map((sender) => sender.session.quit()));
}

function firstDifference(one: readonly string[], other: readonly string[]): number {
  const length = Math.max(one.length, other.length);
  for (let at = 0; at < length; at++) if (one[at] !== other[at]) return at;
  return -1;
}

/** The whole history of the lobby, page by page. */
async function history(session: Session): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const after = all.at(-1)?.seq ?? 0;
    const { messages = [], more } = ok(await session.ask({ type: 'history', room: 'lobby', after }));
    all.push(...messages);
    if (more !== true) return all;
  }
}
