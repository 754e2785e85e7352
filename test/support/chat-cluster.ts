/** Servers of one chat on a PostgreSQL primary with a synchronous standby, people who send, and what can happen to all of it. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Test } from 'tap';
import { createAddresses } from '../../lib/client/session/addresses.js';
import type { BadNetwork } from './bad-network.js';
import { ownPort } from './own-port.js';
import { type Pair, startPair } from './postgres.js';
import { type Home, makeHome } from './program.js';
import { randomNumbers } from './random.js';
import { compareSenders, type Sender, senderNames, startSender } from './senders.js';
import { type ServerProcess, startServerProcessIn } from './server-process.js';

export interface ClusterScene {
  readonly servers: readonly ServerProcess[];
  readonly database: Pair;
  readonly senders: readonly Sender[];
  readonly random: (below: number) => number;
  readonly network?: FaultNetwork;
}

type FaultNetwork = Pick<BadNetwork, 'lose' | 'heal' | 'far' | 'address' | 'farAddress'>;

/** Something that happens to the cluster, and is mended. */
export type Fault = (t: Test, scene: ClusterScene) => Promise<void>;

const longestServingMs = 500;
/** A server that stands still for longer is taken for gone. */
const goneMs = 15_000;
const local = '127.0.0.1';

interface ServerPlace {
  readonly home: Home;
  readonly host: string;
  readonly port: number;
}

/** The last of the three behind the network, if there is one. */
async function threePlaces(network: FaultNetwork | undefined): Promise<ServerPlace[]> {
  const [one, two, three] = await Promise.all([makeHome(), makeHome(), network?.far ?? makeHome()]);
  const places = [one, two, three].map(async (home, index) => {
    const host = index === 2 ? (network?.farAddress ?? local) : local;
    return { home, host, port: await ownPort() };
  });
  return Promise.all(places);
}

async function startServers(
  t: Test,
  database: string,
  places: readonly ServerPlace[],
): Promise<ServerProcess[]> {
  const servers: ServerProcess[] = [];
  for (const place of places) {
    const { home, host, port } = place;
    const peers = places.filter((each) => each !== place).map((each) => `${each.host}:${each.port}`);
    const [first] = servers;
    const server = await startServerProcessIn(
      home,
      ...['--database', database, '--host', host, '--port', `${port}`],
      ...['--peer-hosts', peers.join(','), '--rate', '10000'],
      ...(first === undefined ? [] : ['--cert', join(first.home.folder, 'data', 'server.pem')]),
    );
    t.teardown(() => server.close());
    servers.push(server);
  }
  return servers;
}

interface FaultRounds {
  readonly rounds: number;
  readonly seed: number;
  readonly fault: Fault;
  readonly network?: FaultNetwork;
}

/** Three servers, eight people: the same thing happens round after round, and nothing may be lost, doubled or out of order. */
export async function sendThroughFaults(
  t: Test,
  { rounds, seed, fault, network }: FaultRounds,
): Promise<void> {
  t.comment(`SEED=${seed} ROUNDS=${rounds}`);
  const random = randomNumbers(seed);
  const database = await startPair(t, network?.address);
  const places = await threePlaces(network);
  const servers = await startServers(t, database.address, places);
  const [first] = servers as [ServerProcess];
  const link = await first.invite('--uses', String(senderNames.length));
  const senders = await Promise.all(
    senderNames.map((name, index) => {
      const turn = index % places.length;
      const [one, ...others] = [...places.slice(turn), ...places.slice(0, turn)] as [
        ServerPlace,
        ...ServerPlace[],
      ];
      const endpoint = createAddresses({ given: [one, ...others] });
      return startSender({ endpoint, name, link, seed: random(2 ** 32) });
    }),
  );
  for (const sender of senders) sender.begin();
  const scene = { servers, database, senders, random, ...(network !== undefined && { network }) };
  for (let round = 1; round <= rounds; round++) {
    await everyoneSends(senders);
    await setTimeout(random(longestServingMs));
    await fault(t, scene);
    await everyoneSends(senders);
    await namesAreHeldOnce(t, scene, `round ${round}`);
  }
  await compareSenders(t, senders);
}

const everyoneSends = (senders: readonly Sender[]): Promise<unknown> =>
  Promise.all(senders.map((sender) => sender.acknowledges()));

/** Everyone has one terminal, once all know which servers are gone, and who was there is elsewhere. */
async function namesAreHeldOnce(t: Test, { database }: ClusterScene, what: string): Promise<void> {
  const held = () => database.sql('SELECT count(*), count(DISTINCT account) FROM terminals');
  const once = `${senderNames.length}|${senderNames.length}`;
  for (const end = Date.now() + 4 * goneMs; held() !== once && Date.now() < end; ) await setTimeout(200);
  t.equal(held(), once, `${what}: each name is held once`);
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
  async 'a server stands still'(t, scene) {
    const { servers, random } = scene;
    const server = anyOf(servers, random);
    server.process().kill('SIGSTOP');
    await setTimeout(random(2 * goneMs));
    server.process().kill('SIGCONT');
    // Who was at a server that was given up a moment ago is nowhere until they have noticed.
    await namesAreHeldOnce(t, scene, 'after standing still');
    await refusesSecond(t, scene);
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

/** From the database, and from its people, without a word. */
export const cutOff: Fault = async (_, { network, random }) => {
  network?.lose(100);
  await setTimeout(random(2 * goneMs));
  network?.heal();
};

/** A name that is signed in somewhere can't be signed in without saying what becomes of the other terminal. */
async function refusesSecond(t: Test, { servers, random }: Pick<ClusterScene, 'servers' | 'random'>) {
  const server = anyOf(servers, random);
  const second = server.connect(server.link, anyOf(senderNames, random), '--plain');
  t.not(await second.ended, 0);
  t.match(second.stderr(), /already signed in/);
}
