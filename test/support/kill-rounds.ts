/**
 * A server, or its database, that is killed at random moments, round after round, while sessions send, and what must be true
 * afterwards.
 */
import { setTimeout } from 'node:timers/promises';
import type { Test } from 'tap';
import { randomNumbers } from './random.js';
import { compareSenders, type Sender, senderNames, startSender } from './senders.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

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

// Most kills meet a server that all clients are at; some one that opens its database or takes them back.
const longestServingMs = 500;
const longestStartMs = 400;

export async function sendThroughRounds(
  t: Test,
  { rounds, seed, checkEach, database }: Rounds,
): Promise<void> {
  t.comment(`SEED=${seed} ROUNDS=${rounds}`);
  const random = randomNumbers(seed);
  const on = database === undefined ? [] : ['--database', database.address];
  const server = await startServerProcess('--rate', '10000', ...on);
  t.teardown(() => server.close());
  const link = await server.invite('--uses', String(senderNames.length));
  const endpoint = { host: '127.0.0.1', port: server.port };
  const senders = await Promise.all(
    senderNames.map((name) => startSender({ endpoint, name, link, seed: random(2 ** 32) })),
  );
  for (const sender of senders) sender.begin();
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
  await compareSenders(t, senders);
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
