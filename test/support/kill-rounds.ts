/**
 * A server, or its database, that is killed at random moments, round after round, while sessions send, and what must be true
 * afterwards.
 */
import { setTimeout } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Session, SessionEvent } from '../../lib/client/session/session.js';
import { startSession } from '../../lib/client/session/start-session.js';
import type { Message } from '../../lib/protocol/records.js';
import { systemClock } from '../../lib/system/clock.js';
import { randomNumbers } from './random.js';
import { ok } from './running-server.js';
import { password, type ServerProcess, startServerProcess } from './server-process.js';

interface Sender {
  readonly name: string;
  readonly session: Session;
  /** In the order in which they came; those of others too. */
  readonly received: string[];
  /** Texts by seq, as acknowledged. */
  readonly acknowledged: Map<number, string>;
  readonly failed: string[];
  /** Sends no more; resolves when all it sent is acknowledged. */
  finish(): Promise<void>;
  /** Resolves when one of its messages is acknowledged from now on. */
  acknowledges(): Promise<void>;
  /** Resolves when this text is the last that it received, or its session has ended. */
  receives(text: string): Promise<void>;
}

interface Rounds {
  readonly rounds: number;
  readonly seed: number;
  /** The database is checked after each so many rounds. */
  readonly checkEach: number;
  /** A PostgreSQL database that the server is on. Of three rounds, it is killed in one, stopped in one, the server killed in one. */
  readonly database?: {
    readonly address: string;
    crash(): Promise<void>;
    restart(): Promise<void>;
    signal(name: NodeJS.Signals): void;
  };
}

const people = ['ann', 'ben', 'cleo', 'dora', 'edgar', 'fay', 'gil', 'hana'];
// Most kills meet a server that all clients are at; some one that opens its database or takes them back.
const longestServingMs = 500;
const longestStartMs = 400;
const longestPauseMs = 20;

export async function sendThroughRounds(
  t: Test,
  { rounds, seed, checkEach, database }: Rounds,
): Promise<void> {
  t.comment(`SEED=${seed} ROUNDS=${rounds}`);
  const random = randomNumbers(seed);
  const on = database === undefined ? [] : ['--database', database.address];
  const server = await startServerProcess('--rate', '10000', ...on);
  t.teardown(() => server.close());
  const link = await server.invite('--uses', String(people.length));
  const senders = await Promise.all(
    people.map((name) => startSender(server, { name, link, seed: random(2 ** 32) })),
  );
  for (let round = 1; round <= rounds; round++) {
    const fault = database === undefined ? 0 : random(3);
    if (database === undefined || fault === 0) await killOnce(t, { server, senders, random });
    else await disturb(t, { server, senders, random }, { ...database, kill: fault === 1 });
    if (round % checkEach !== 0) continue;
    const { code, out } = await server.operate(['check', ...on]);
    t.equal(code, 0, `round ${round}: the server's data is sound`);
    if (code !== 0) t.comment(out);
    const sent = senders.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
    t.comment(`round ${round}: ${sent} messages acknowledged`);
  }
  if (server.process().process.signalCode !== null) await restart(t, server);
  await Promise.all(senders.map((sender) => sender.finish()));
  const [first] = senders as [Sender];
  first.session.say({ room: 'lobby', text: 'the end', key: 'the-end' });
  await Promise.all(senders.map((sender) => sender.receives('the end')));
  await compare(t, senders);
  await Promise.all(senders.map(({ session }) => session.quit()));
}

interface Round {
  readonly server: ServerProcess;
  readonly senders: readonly Sender[];
  readonly random: (below: number) => number;
}

/** Starts the server if it is not running, and kills it at a random moment. */
async function killOnce(t: Test, { server, senders, random }: Round): Promise<void> {
  if (server.process().process.signalCode !== null) {
    const started = restart(t, server);
    if (random(5) > 0) {
      await started;
      // However slow this machine is, they send by then.
      await Promise.race(senders.map((sender) => sender.acknowledges()));
    } else await setTimeout(random(longestStartMs));
  }
  await setTimeout(random(longestServingMs));
  server.process().kill('SIGKILL');
  await server.process().ended;
}

/** Kills or stops the database at a random moment, and starts it or lets it go on. */
async function disturb(
  t: Test,
  { server, senders, random }: Round,
  {
    crash,
    restart: startDatabase,
    signal,
    kill,
  }: NonNullable<Rounds['database']> & { readonly kill: boolean },
): Promise<void> {
  if (server.process().process.signalCode !== null) await restart(t, server);
  await Promise.race(senders.map((sender) => sender.acknowledges()));
  await setTimeout(random(longestServingMs));
  if (kill) await crash();
  else signal('SIGSTOP');
  await setTimeout(random(longestServingMs));
  if (kill) await startDatabase();
  else signal('SIGCONT');
}

/** Resolves when it serves or was killed. */
async function restart(t: Test, server: ServerProcess): Promise<void> {
  const started = server.restart();
  const running = server.process();
  try {
    await started;
  } catch (error) {
    if (running.process.signalCode === 'SIGKILL') return;
    if (!running.stderr().includes('in use')) throw error;
    t.comment('another program had the port for a moment');
    await setTimeout(longestStartMs);
    await restart(t, server);
  }
}

async function startSender(
  server: ServerProcess,
  { name, link, seed }: { name: string; link: string; seed: number },
): Promise<Sender> {
  const random = randomNumbers(seed);
  const received: string[] = [];
  const acknowledged = new Map<number, string>();
  const failed: string[] = [];
  const texts = new Map<string, string>();
  let count = 0;
  let finishing = false;
  let news = () => {};
  let told = () => {};

  function say(): void {
    const text = `${name} ${++count}`;
    texts.set(session.say({ room: 'lobby', text }), text);
  }
  function hear(event: SessionEvent): void {
    if (event.kind === 'event' && event.event.type === 'message') {
      received.push(event.event.text);
      news();
    } else if (event.kind === 'event' && event.event.type === 'gap') {
      failed.push(`a gap after ${event.event.after}`);
    } else if (event.kind === 'status' && event.status.state === 'ended') {
      failed.push(`the session ended: ${JSON.stringify(event.status.end)}`);
      news();
    } else if (event.kind === 'delivery' && event.delivery.state !== 'sending') {
      delivered(event.key, event.delivery);
    }
  }
  function delivered(key: string, delivery: { readonly state: string; readonly seq?: number }): void {
    const text = texts.get(key);
    if (text === undefined) return;
    texts.delete(key);
    told();
    if (delivery.state === 'sent') acknowledged.set(delivery.seq ?? 0, text);
    else failed.push(`${text}: ${JSON.stringify(delivery)}`);
    if (!finishing) setTimeout(random(longestPauseMs)).then(() => finishing || say());
  }

  const session = await startSession(
    {
      endpoint: { host: '127.0.0.1', port: server.port },
      verify: async () => {},
      credentials: { how: 'register', name, password, code: link.split('/').at(-1) ?? '' },
      retryMs: Number.POSITIVE_INFINITY,
      listener: hear,
    },
    // Each try comes 250 ms after the last.
    { clock: systemClock, random: () => 0, makeKey: () => `${name}-${seed}-${count}` },
  );
  // A few of them wait at each moment: what is sent next leaves with the acknowledgement.
  for (let i = 0; i < 3; i++) say();
  return {
    name,
    session,
    received,
    acknowledged,
    failed,
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

async function compare(t: Test, senders: readonly Sender[]): Promise<void> {
  const [{ session }] = senders as [Sender];
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
    // Not `same`, whose difference of a hundred thousand lines helps nobody.
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
