/** Servers of one chat on a PostgreSQL primary with a synchronous standby, people who send, and what can happen to all of it. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Test } from 'tap';
import { createAddresses } from '../../lib/client/session/addresses.js';
import { ownPort } from './own-port.js';
import { type Pair, startPair } from './postgres.js';
import { randomNumbers } from './random.js';
import { compareSenders, type Sender, senderNames, startSender } from './senders.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

export interface ClusterScene {
  readonly servers: readonly ServerProcess[];
  readonly database: Pair;
  readonly senders: readonly Sender[];
  readonly random: (below: number) => number;
}

/** Something that happens to the cluster, and is mended. */
export type Fault = (t: Test, scene: ClusterScene) => Promise<void>;

const longestServingMs = 500;
/** A server that stands still for longer is taken for gone. */
const goneMs = 15_000;
const host = '127.0.0.1';

/** @param count of servers */
export async function startServers(t: Test, database: string, count: number): Promise<ServerProcess[]> {
  const ports = await Promise.all(Array.from({ length: count }, ownPort));
  const servers: ServerProcess[] = [];
  for (const port of ports) {
    const peers = ports.filter((each) => each !== port).map((each) => `${host}:${each}`);
    const [first] = servers;
    const server = await startServerProcess(
      ...['--database', database, '--port', `${port}`, '--peer-hosts', peers.join(','), '--rate', '10000'],
      ...(first === undefined ? [] : ['--cert', join(first.home.folder, 'data', 'server.pem')]),
    );
    t.teardown(() => server.close());
    servers.push(server);
  }
  return servers;
}

/** Three servers, eight people: the same thing happens round after round, and nothing may be lost, doubled or out of order. */
export async function sendThroughFaults(
  t: Test,
  { rounds, seed, fault }: { readonly rounds: number; readonly seed: number; readonly fault: Fault },
): Promise<void> {
  t.comment(`SEED=${seed} ROUNDS=${rounds}`);
  const random = randomNumbers(seed);
  const database = await startPair(t);
  const servers = await startServers(t, database.address, 3);
  const [first] = servers as [ServerProcess];
  const link = await first.invite('--uses', String(senderNames.length));
  const endpoints = servers.map(({ port }) => ({ host, port }));
  const senders = await Promise.all(
    senderNames.map((name, index) => {
      const [one = { host, port: first.port }, ...others] = [
        ...endpoints.slice(index % endpoints.length),
        ...endpoints.slice(0, index % endpoints.length),
      ];
      const endpoint = createAddresses({ given: [one, ...others] });
      return startSender({ endpoint, name, link, seed: random(2 ** 32) });
    }),
  );
  for (const sender of senders) sender.begin();
  const scene = { servers, database, senders, random };
  for (let round = 1; round <= rounds; round++) {
    await everyoneSends(senders);
    await setTimeout(random(longestServingMs));
    await fault(t, scene);
    await everyoneSends(senders);
    await namesAreHeldOnce(t, scene, round);
  }
  await compareSenders(t, senders);
}

const everyoneSends = (senders: readonly Sender[]): Promise<unknown> =>
  Promise.all(senders.map((sender) => sender.acknowledges()));

/** Everyone has one terminal, once the servers that are gone are known to be. */
async function namesAreHeldOnce(t: Test, { database }: ClusterScene, round: number): Promise<void> {
  const twice =
    'SELECT count(*) FROM (SELECT 1 FROM terminals GROUP BY account HAVING count(*) > 1) AS twice';
  for (const end = Date.now() + 4 * goneMs; database.sql(twice) !== '0' && Date.now() < end; )
    await setTimeout(200);
  t.equal(database.sql(twice), '0', `round ${round}: no name is held twice`);
  t.equal(database.sql('SELECT count(*) FROM terminals'), String(senderNames.length), 'and each once');
}

const anyOf = <Value>(values: readonly Value[], random: ClusterScene['random']): Value =>
  values[random(values.length)] as Value;

export const faults: Readonly<Record<string, Fault>> = {
  async 'a server is killed'(_, { servers, random }) {
    const server = anyOf(servers, random);
    server.process().kill('SIGKILL');
    await server.process().ended;
    await setTimeout(random(longestServingMs));
    await server.restart();
  },
  async 'a server stands still'(t, { servers, random }) {
    const server = anyOf(servers, random);
    server.process().kill('SIGSTOP');
    await setTimeout(random(2 * goneMs));
    server.process().kill('SIGCONT');
    await refusesSecond(t, { servers, random });
  },
  async 'the primary is killed, the standby promoted'(_, { database, random }) {
    await database.crash();
    await setTimeout(random(longestServingMs));
    await database.restart();
  },
  async 'the primary stands still'(_, { database, random }) {
    database.signal('SIGSTOP');
    await setTimeout(random(goneMs / 2));
    database.signal('SIGCONT');
  },
  async 'all servers restart in turn'(t, { servers }) {
    for (const server of servers) {
      server.process().kill('SIGTERM');
      t.equal(await server.process().ended, 0);
      await server.restart();
    }
  },
};

/** A name that is signed in somewhere can't be signed in without saying what becomes of the other terminal. */
async function refusesSecond(t: Test, { servers, random }: Pick<ClusterScene, 'servers' | 'random'>) {
  const server = anyOf(servers, random);
  const second = server.connect(server.link, anyOf(senderNames, random), '--plain');
  t.not(await second.ended, 0);
  t.match(second.stderr(), /already signed in/);
}
