/**
 * One server on a file beside one, two and three servers on one PostgreSQL database, with the same members and loads in the same
 * run. Build, then run on an otherwise idle Linux machine with PostgreSQL:
 *
 *     npm run build && node dist/scripts/bench/cluster.js [rounds, default 3] [seconds a load, default 3] [members, default 200]
 *
 * Members are spread over the servers, and the time of a message is measured at a member of another server. CPU is that of all
 * servers; that of PostgreSQL stands beside it. A message that is lost, doubled or out of its sender's order ends the run with an
 * error.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDatabaseAddress } from '../../lib/store/postgres/address.js';
import { openPostgresStore } from '../../lib/store/postgres/open.js';
import {
  initializePostgres,
  makePostgresNode,
  type PostgresNode,
  socketAddress,
} from '../cluster/postgres-node.js';
import { childrenOf } from '../soak/sample.js';
import { type Generator, type Load, startGenerator } from './generator.js';
import { cpuOf, openStore, seedStore, startProgram } from './program.js';
import { receivedBy, untilReceived } from './receiving.js';
import { type Goal, median, numbersOf, report, type Table } from './report.js';

const loads = {
  single: { senders: 1 },
  busy: { senders: 16, perSecond: 100 },
  closed: { senders: 16 },
} as const satisfies Record<string, Omit<Load, 'seconds'>>;
type LoadName = keyof typeof loads;

const titles: Readonly<Record<LoadName, string>> = {
  single: 'one message at a time',
  busy: '100 messages a second',
  closed: 'closed loop: 16 senders, each waits for its last message',
};

interface Figures {
  readonly messages: number;
  readonly deliveries: number;
  /** Milliseconds from sending a message until a member of the next server has it. */
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of CPU of all servers for a delivery, and of PostgreSQL for a message. */
  readonly perDelivery: number;
  readonly database: number;
}

interface Subject {
  readonly name: string;
  /** 0: one server on a file. */
  readonly servers: number;
  readonly results: Map<LoadName, Figures[]>;
}

interface Scene {
  readonly servers: readonly ChildProcess[];
  readonly generator: Generator;
  readonly members: number;
  readonly postgres: PostgresNode;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Of those that there are now, and of those that they have waited for. */
function databaseCpu({ pid }: PostgresNode): number {
  if (pid === undefined) return 0;
  return sum([pid, ...childrenOf(pid)].map((each) => cpuOf(each)));
}

async function measure(scene: Scene, load: Load): Promise<Figures> {
  const { servers, generator, members, postgres } = scene;
  const cpu = () => sum(servers.map(({ pid = 0 }) => cpuOf(pid)));
  const before = await receivedBy([generator]);
  const [cpuBefore, databaseBefore, start] = [cpu(), databaseCpu(postgres), performance.now()];
  const said = await generator.say(load);
  await untilReceived([generator], before.messages + said.messages * members);
  const seconds = (performance.now() - start) / 1_000;
  return {
    messages: said.messages / seconds,
    deliveries: (said.messages * members) / seconds,
    ...{ p50: said.p50, p99: said.p99 },
    perDelivery: (cpu() - cpuBefore) / (said.messages * members),
    database: (databaseCpu(postgres) - databaseBefore) / said.messages,
  };
}

async function runRound(
  { servers: count, results }: Subject,
  {
    postgres,
    database,
    seconds,
    members,
  }: { postgres: PostgresNode; database: string; seconds: number; members: number },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
  const started: ChildProcess[] = [];
  const generator = startGenerator();
  try {
    const address = socketAddress(database, postgres.folder);
    const store =
      count === 0
        ? openStore(folder)
        : openPostgresStore({ address: parseDatabaseAddress(address), onFailure: () => {} });
    const tokens = await seedStore(await store, members);
    const ports: number[] = [];
    for (let n = 0; n < Math.max(1, count); n++) {
      const options = count === 0 ? [] : ['--database', address];
      const { server, port } = await startProgram(join(folder, count === 0 ? '' : `${n}`), options);
      started.push(server);
      ports.push(port);
    }
    await generator.join({ ports, protocol: 'frames', tokens, joinsAtOnce: 8, room: 'lobby' }, 0, members);
    const scene = { servers: started, generator, members, postgres };
    await measure(scene, { senders: 16, perSecond: 50, seconds: 2 });
    for (const name of Object.keys(loads) as LoadName[]) {
      const figures = await measure(scene, { ...loads[name], seconds });
      results.set(name, [...(results.get(name) ?? []), figures]);
    }
  } finally {
    await generator.close();
    for (const server of started) {
      server.kill('SIGTERM');
      if (server.exitCode === null) await once(server, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  }
}

const columns = [
  'servers',
  'messages/s',
  'deliveries/s',
  'p50 ms',
  'p99 ms',
  'CPU us/delivery',
  'PostgreSQL CPU us/message',
];

function tableOf(subjects: readonly Subject[], load: LoadName, members: number): Table {
  const rows = subjects.map(({ name, results }): Table['rows'][number] => {
    const rounds = results.get(load) ?? [];
    const of = (figure: keyof Figures) => median(rounds.map((round) => round[figure]));
    const figures = (['messages', 'deliveries', 'p50', 'p99', 'perDelivery', 'database'] as const).map(of);
    return [name, ...figures];
  });
  return { title: `${members} members, ${titles[load]}`, columns, rows };
}

async function main(): Promise<void> {
  const [rounds = 3, seconds = 3, members = 200] = numbersOf(process.argv);
  const folder = await mkdtemp(join(tmpdir(), 'pg-'));
  const postgres = makePostgresNode({ folder, sync: true });
  const subjects: Subject[] = ['one on a file', 'one on PostgreSQL', 'two', 'three'].map((name, servers) => {
    return { name, servers, results: new Map() };
  });
  try {
    initializePostgres(postgres);
    await postgres.start();
    for (let round = 0; round < rounds; round++) {
      process.stderr.write(`round ${round + 1} of ${rounds}\n`);
      for (const subject of subjects) {
        const database = `chat_${round}_${subject.servers}`;
        postgres.sql('postgres', `CREATE DATABASE ${database}`);
        await runRound(subject, { postgres, database, seconds, members });
      }
    }
  } finally {
    await postgres.crash();
    await rm(folder, { recursive: true, force: true });
  }
  const tables = (Object.keys(loads) as LoadName[]).map((load) => tableOf(subjects, load, members));
  report({ name: 'cluster', tables, goals: [] satisfies Goal[] });
}

await main();
