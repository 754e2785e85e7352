/**
 * What a delivery costs this server, the best that Node can do (adaptive-server.ts) and, where they are installed, ngircd
 * and inspircd, with the same loads in the same run. Build, then run on an otherwise idle Linux machine:
 *
 *     npm run build && node dist/scripts/bench/compare.js [rounds, default 3] [seconds a load, default 3] [members ...]
 *
 * Each server is a process of its own on the first core, the members are sockets of a process on another one. The servers
 * take turns in each round; the figures are medians. CPU is that of all threads of the server. A message that is lost,
 * doubled or out of its sender's order ends the run with an error.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChatServer, servers } from './chat-servers.js';
import { type Generator, type Load, startGenerator } from './generator.js';
import { cpuOf } from './program.js';
import { receivedBy, untilReceived } from './receiving.js';
import { type Goal, median, numbersOf, report, type Table } from './report.js';

const loads = {
  sparse: { senders: 16, perSecond: 60 },
  busy: { senders: 16, perSecond: 200 },
  closed: { senders: 16 },
  single: { senders: 1 },
} as const satisfies Record<string, Omit<Load, 'seconds'>>;
type LoadName = keyof typeof loads;

const titles: Readonly<Record<LoadName, string>> = {
  sparse: 'sparse: 60 messages a second',
  busy: 'busy: 200 messages a second',
  closed: 'closed loop: 16 senders, each waits for its last message',
  single: 'one message at a time: each needs a write for every member',
};

interface Figures {
  /** Microseconds of the server's CPU. */
  readonly perDelivery: number;
  readonly perSecond: number;
  /** Milliseconds from sending a message until another member has it. */
  readonly p50: number;
  readonly p99: number;
  readonly perWrite: number;
  /** Bytes that a member receives. */
  readonly bytes: number;
  /** Percent of a core, of the busiest generator. */
  readonly generator: number;
}

/** One row: who was measured with how many members, and the figures of each round. */
interface Subject {
  readonly server: string;
  readonly members: number;
  readonly generators?: number;
  readonly parseAll?: boolean;
  readonly loads: readonly LoadName[];
  readonly results: Map<LoadName, Figures[]>;
}

interface Scene {
  readonly server: ChatServer;
  readonly generators: readonly Generator[];
  readonly members: number;
}

async function measure({ server, generators, members }: Scene, load: Load): Promise<Figures> {
  const pids = [server, ...generators].map(({ process }) => process.pid ?? 0);
  const before = await receivedBy(generators);
  const cpuBefore = pids.map(cpuOf);
  const start = performance.now();
  const said = await generators[0]?.say(load);
  if (said === undefined) throw new RangeError('no generator');
  const wanted = said.messages * (server.protocol === 'frames' ? members : members - 1);
  const got = await untilReceived(generators, before.messages + wanted);
  const seconds = (performance.now() - start) / 1_000;
  const [cpu = 0, ...generatorCpu] = pids.map((pid, index) => cpuOf(pid) - (cpuBefore[index] ?? 0));
  return {
    perDelivery: cpu / wanted,
    perSecond: wanted / seconds,
    p50: said.p50,
    p99: said.p99,
    perWrite: wanted / (got.records - before.records),
    bytes: (got.bytes - before.bytes) / wanted,
    generator: Math.max(...generatorCpu) / seconds / 10_000,
  };
}

/** On a core of its own, where the machine has two. */
function pin(pid: number | undefined, core: number): void {
  if (availableParallelism() > 1) spawnSync('taskset', ['-acp', String(core), String(pid)]);
}

async function runRound({ server: name, members, parseAll = false, ...subject }: Subject, seconds: number) {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
  const generators = Array.from({ length: subject.generators ?? 1 }, () => startGenerator());
  generators.forEach(({ process }, index) => {
    pin(process.pid, 1 + (index % Math.max(1, availableParallelism() - 1)));
  });
  const server = await servers[name]?.(folder, members);
  if (server === undefined) throw new RangeError(name);
  try {
    pin(server.process.pid, 0);
    const { process: _, port, ...how } = server;
    const room = { ...how, ports: [port], room: 'lobby', parseAll };
    const share = Math.ceil(members / generators.length);
    for (const [index, generator] of generators.entries()) {
      await generator.join(room, index * share, Math.min(share, members - index * share));
    }
    const scene = { server, generators, members };
    // The code is warm, and the notices of arrivals are out.
    await measure(scene, { senders: 16, perSecond: 50, seconds: 2 });
    for (const load of subject.loads) {
      const figures = await measure(scene, { ...loads[load], seconds });
      subject.results.set(load, [...(subject.results.get(load) ?? []), figures]);
    }
  } finally {
    for (const generator of generators) await generator.close();
    server.process.kill('SIGTERM');
    if (server.process.exitCode === null) await once(server.process, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
}

function rowOf({ server, members, results }: Subject, load: LoadName): Table['rows'][number] {
  const figures = results.get(load) ?? [];
  const all = (figure: keyof Figures) => figures.map((round) => round[figure]);
  const cpu = all('perDelivery');
  const others = (['perSecond', 'p50', 'p99', 'perWrite', 'bytes', 'generator'] as const).map((figure) =>
    median(all(figure)),
  );
  return [
    `${members.toLocaleString('en-US')} members, ${server}`,
    median(cpu),
    Math.min(...cpu),
    Math.max(...cpu),
    ...others,
  ];
}

const columns = [
  'members, server',
  'CPU us/delivery',
  'least',
  'most',
  'deliveries/s',
  'p50 ms',
  'p99 ms',
  'messages/write',
  'bytes/delivery',
  'generator CPU %',
];

const count = (members: number): string => members.toLocaleString('en-US');

/** Of what was measured; those of 500 and 2,000 members, and beside IRC servers, only where there are such figures. */
function goalsOf(subjects: readonly Subject[]): Goal[] {
  const own = 'secure-chat';
  const figure = (server: string, members: number, load: LoadName, of: keyof Figures = 'perDelivery') => {
    const subject = subjects.find((one) => one.server === server && one.members === members);
    return median((subject?.results.get(load) ?? []).map((round) => round[of]));
  };
  const ratio = (members: number, load: LoadName, to: string, of?: keyof Figures) =>
    figure(own, members, load, of) / figure(to, members, load, of);
  const better = (members: number, load: LoadName) =>
    ['ngircd', 'inspircd']
      .filter((name) => name in servers)
      .toSorted((a, b) => figure(a, members, load) - figure(b, members, load))[0] ?? '';
  const beside = (members: number, load: LoadName, limit: number): Goal => {
    const name = better(members, load);
    return {
      what: `${count(members)} members, ${load}: CPU per delivery, ratio to ${name || 'the better IRC server'}`,
      figure: ratio(members, load, name),
      limit: { most: limit },
    };
  };
  const [least, most] = [
    Math.min(...subjects.map((one) => one.members)),
    Math.max(...subjects.map((one) => one.members)),
  ];
  const goals: Goal[] = [
    beside(500, 'closed', 0.6),
    {
      what: '500 members, closed: CPU per delivery, ratio to Node adaptive',
      figure: ratio(500, 'closed', 'Node adaptive'),
      limit: { most: 1.1 },
    },
    beside(500, 'busy', 0.8),
    {
      what: `500 members, busy: p99, ratio to ${better(500, 'busy')}`,
      figure: ratio(500, 'busy', better(500, 'busy'), 'p99'),
      limit: { most: 1 },
    },
    beside(500, 'sparse', 1.2),
    beside(2_000, 'closed', 0.9),
    {
      what: '500 members, closed: messages per write',
      figure: figure(own, 500, 'closed', 'perWrite'),
      limit: { least: 14 },
    },
    {
      what: `500 members, closed: deliveries/s, ratio to ${better(500, 'closed')}`,
      figure: ratio(500, 'closed', better(500, 'closed'), 'perSecond'),
      limit: { least: 2 },
    },
    // 5 % are noise.
    ...(least === most ? [] : (['sparse', 'busy', 'closed'] as const)).map((load) => ({
      what: `${load}: CPU per delivery, ${count(most)} members, ratio to ${least}`,
      figure: figure(own, most, load) / figure(own, least, load),
      limit: { most: 1.05 },
    })),
  ];
  return goals.filter((goal) => Number.isFinite(goal.figure));
}

/** The same load with more work in the generator, and with two of them: that must not change the server's figures. */
function generatorChecks(members: number): Subject[] {
  const subject = { server: 'secure-chat', members, loads: ['closed'] } as const;
  return [{ parseAll: true }, { generators: 2 }].map((how) => ({ ...subject, ...how, results: new Map() }));
}

function checkTable(subjects: readonly Subject[], checks: readonly Subject[]): Table {
  const [middle] = checks;
  const usual = subjects.find((one) => one.server === middle?.server && one.members === middle.members);
  const names = ['each record parsed once', 'parsed by each member', 'in two processes'];
  const rows = [usual, ...checks].map((subject, index) => {
    const [, cpu, least, most, perSecond, , , perWrite, , generator] =
      subject === undefined ? [] : rowOf(subject, 'closed');
    const figures = [cpu, least, most, perSecond, perWrite, generator].map(Number);
    return [names[index] ?? '', ...figures] as [string, ...number[]];
  });
  const title = `the generator, checked: secure-chat, ${count(middle?.members ?? 0)} members, closed loop`;
  return {
    title,
    columns: ['generator', ...columns.slice(1, 5), 'messages/write', 'generator CPU %'],
    rows,
  };
}

async function main(): Promise<void> {
  const [rounds = 3, seconds = 3, ...sizes] = numbersOf(process.argv);
  const members = sizes.length > 0 ? sizes : [50, 500, 2_000];
  const all = Object.keys(loads) as LoadName[];
  const subjects = members.flatMap((each) =>
    Object.keys(servers).map((server) => ({
      server,
      members: each,
      loads: all,
      results: new Map<LoadName, Figures[]>(),
    })),
  );
  const checks = generatorChecks(members[Math.floor(members.length / 2)] ?? 500);
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
    for (const subject of [...subjects, ...checks]) await runRound(subject, seconds);
  }
  const tables = all.map((load) => ({
    title: titles[load],
    columns,
    rows: subjects.map((subject) => rowOf(subject, load)),
  }));
  report({
    name: 'compare',
    tables: [...tables, checkTable(subjects, checks)],
    goals: goalsOf(subjects),
  });
}

await main();
