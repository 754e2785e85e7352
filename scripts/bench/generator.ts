/**
 * Members in a process of its own, which say things in one of some ways and check what they get: each message once, those of
 * a sender in order. A message that is lost, doubled or out of order ends the process with an error.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { quantile } from '../soak/sample.js';
import { joinRoom, type Member, type Message, type Room } from './members.js';

/** The members 0 to `senders - 1` say things in turn; member 0 of a process is the first of its own. */
export interface Load {
  readonly senders: number;
  /** At random moments, whether the ones before have arrived or not; without it each sender waits until its last one has. */
  readonly perSecond?: number;
  readonly seconds: number;
}

export interface Said {
  readonly messages: number;
  /** Milliseconds from sending a message until another member has it. */
  readonly p50: number;
  readonly p99: number;
}

/** Of all members since the start. */
export interface Received {
  readonly messages: number;
  /** TLS records, and the bytes in them. */
  readonly records: number;
  readonly bytes: number;
}

type Order =
  | { readonly type: 'join'; readonly room: Room; readonly first: number; readonly count: number }
  | { readonly type: 'say'; readonly load: Load }
  | { readonly type: 'count' };

export interface Generator {
  readonly process: ChildProcess;
  /** @param first the number of its first member on the server */
  join(room: Room, first: number, count: number): Promise<void>;
  say(load: Load): Promise<Said>;
  received(): Promise<Received>;
  close(): Promise<void>;
}

const mostSenders = 128;
/** @param how.nice it gives way to the process that measures */
export function startGenerator({ nice = false } = {}): Generator {
  const child = fork(fileURLToPath(import.meta.url), ['generate']);
  if (nice && child.pid !== undefined) setPriority(child.pid, 10);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`A generator ended with exit code ${code}.`);
  });
  ended.catch(() => {});
  const order = async (what: Order): Promise<unknown> => {
    child.send(what);
    const [answer] = await Promise.race([once(child, 'message'), ended]);
    return answer;
  };
  return {
    process: child,
    async join(room, first, count) {
      await order({ type: 'join', room, first, count });
    },
    say: async (load) => (await order({ type: 'say', load })) as Said,
    received: async () => (await order({ type: 'count' })) as Received,
    async close() {
      if (child.connected) child.disconnect();
      await ended.catch(() => {});
    },
  };
}

function createCrowd() {
  const members: Member[] = [];
  const said = new Array<number>(mostSenders).fill(0);
  const waiting = new Map<string, () => void>();
  const nameOf = ({ sender, number }: Message) => `${sender}-${number}`;
  const received = { messages: 0, records: 0, bytes: 0 };

  function receiver(index: number) {
    const heard = new Array<number>(mostSenders).fill(0);
    return (messages: readonly Message[], bytes: number): void => {
      received.records++;
      received.bytes += bytes;
      received.messages += messages.length;
      for (const message of messages) {
        const { sender, number } = message;
        const last = heard[sender] ?? 0;
        if (number !== last + 1)
          throw new Error(`Member ${index} got ${number} of member ${sender} after ${last}.`);
        heard[sender] = number;
        if (index === sender + 1) waiting.get(nameOf(message))?.();
      }
    };
  }

  return {
    received,
    members,
    async join(room: Room, first: number, count: number): Promise<void> {
      let next = first;
      const work = async () => {
        while (next < first + count) {
          const index = next++;
          members[index - first] = await joinRoom(room, index, receiver(index));
        }
      };
      await Promise.all(Array.from({ length: room.joinsAtOnce }, work));
    },
    /** @returns milliseconds until the member after it has it */
    say(sender: number): Promise<number> {
      const message = { sender, number: (said[sender] ?? 0) + 1 };
      said[sender] = message.number;
      const start = performance.now();
      members[sender]?.say(message);
      return new Promise((resolve) => {
        waiting.set(nameOf(message), () => {
          waiting.delete(nameOf(message));
          resolve(performance.now() - start);
        });
      });
    },
  };
}

type Crowd = ReturnType<typeof createCrowd>;

async function run(crowd: Crowd, { senders, perSecond, seconds }: Load): Promise<Said> {
  const end = performance.now() + seconds * 1_000;
  const waits: number[] = [];
  const say = async (sender: number) => void waits.push(await crowd.say(sender));
  if (perSecond === undefined) {
    const loop = async (sender: number) => {
      while (performance.now() < end) await say(sender);
    };
    await Promise.all(Array.from({ length: senders }, (_, sender) => loop(sender)));
  } else {
    const said: Promise<void>[] = [];
    for (let due = performance.now(); due < end; due += (-Math.log(1 - Math.random()) * 1_000) / perSecond) {
      await setTimeout(Math.max(0, due - performance.now()));
      said.push(say(said.length % senders));
    }
    await Promise.all(said);
  }
  return { messages: waits.length, p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) };
}

async function generate(): Promise<void> {
  const crowd = createCrowd();
  const answer = async (order: Order): Promise<object> => {
    if (order.type === 'join') await crowd.join(order.room, order.first, order.count);
    return order.type === 'say' ? run(crowd, order.load) : crowd.received;
  };
  process.on('message', async (order: Order) => process.send?.(await answer(order)));
  await once(process, 'disconnect');
  process.exit();
}

if (process.argv[2] === 'generate') await generate();
