/**
 * What a delivery costs this server and, where they are installed, ngircd and inspircd, with the same loads in the same
 * run. Build, then run on an otherwise idle Linux machine:
 *
 *     npm run build && node dist/scripts/bench/compare.js [members, default 500] [rounds, default 3] [seconds, default 5]
 *
 * Each server is a process of its own on the first core, the members are sockets in this process on the second. The servers
 * take turns in each round; the figures are medians. CPU is that of all threads of the server. A message that is lost,
 * doubled or out of its sender's order ends the run with an error.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type ChatServer, installed, type Member, servers } from './chat-servers.js';
import { cpuOf } from './program.js';

const senders = 16;
/** About as long as people write. */
const padding = ' and so on, as people write them in a room of this kind';

interface Figures {
  /** Microseconds of the server's CPU. */
  readonly perDelivery: number;
  readonly perSecond: number;
  /** Milliseconds from sending a message until another member has it. */
  readonly p50: number;
  readonly p99: number;
}

type Load = (crowd: Crowd, untilMs: number) => Promise<void>;

interface Crowd {
  /** Sender 0 to 15 says something; resolves when the member after it has it. */
  say(sender: number): Promise<void>;
}

/** At random moments, so many a second, whether the ones before have arrived or not. */
const paced =
  (perSecond: number): Load =>
  async (crowd, until) => {
    const said: Promise<void>[] = [];
    let due = performance.now();
    for (let i = 0; due < until; i++) {
      await setTimeout(Math.max(0, due - performance.now()));
      said.push(crowd.say(i % senders));
      due += (-Math.log(1 - Math.random()) * 1000) / perSecond;
    }
    await Promise.all(said);
  };

const loads: ReadonlyMap<string, Load> = new Map<string, Load>([
  ['60 a second', paced(60)],
  ['200 a second', paced(200)],
  [
    `closed loop of ${senders}`,
    async (crowd, until) => {
      const loop = async (sender: number) => {
        while (performance.now() < until) await crowd.say(sender);
      };
      await Promise.all(Array.from({ length: senders }, (_, sender) => loop(sender)));
    },
  ],
]);

async function gather(server: ChatServer, count: number) {
  const said = new Array<number>(senders).fill(0);
  const waiting = new Map<string, () => void>();
  const members: Member[] = [];
  let delivered = 0;
  let waits: number[] = [];
  for (let index = 0; index < count; index++) {
    const heard = new Array<number>(senders).fill(0);
    members.push(
      await server.join(index, (text) => {
        const [from = '', number = ''] = text.split(' ', 2);
        const sender = Number(from);
        heard[sender] = (heard[sender] ?? 0) + 1;
        if (heard[sender] !== Number(number))
          throw new Error(`${server.name}: member ${index} got "${text}"`);
        delivered++;
        if (index === sender + 1) waiting.get(`${from} ${number}`)?.();
      }),
    );
  }
  return {
    get delivered() {
      return delivered;
    },
    takeWaits() {
      const taken = waits.sort((a, b) => a - b);
      waits = [];
      return taken;
    },
    said: () => said.reduce((sum, number) => sum + number, 0),
    say(sender: number): Promise<void> {
      const number = (said[sender] ?? 0) + 1;
      said[sender] = number;
      const start = performance.now();
      const name = `${sender} ${number}`;
      members[sender]?.say(`${name}${padding}`);
      return new Promise((resolve) => {
        waiting.set(name, () => {
          waiting.delete(name);
          waits.push(performance.now() - start);
          resolve();
        });
      });
    },
    leave: () => members.forEach((member) => void member.leave()),
  };
}

async function measure(
  crowd: Awaited<ReturnType<typeof gather>>,
  load: Load,
  { server, members, seconds }: { server: ChatServer; members: number; seconds: number },
): Promise<Figures> {
  const pid = server.process.pid ?? 0;
  const before = { said: crowd.said(), delivered: crowd.delivered, cpu: cpuOf(pid), at: performance.now() };
  await load(crowd, before.at + seconds * 1000);
  const wanted = () => (crowd.said() - before.said) * server.receivers(members);
  while (crowd.delivered - before.delivered < wanted()) await setTimeout(2);
  const count = crowd.delivered - before.delivered;
  const waits = crowd.takeWaits();
  return {
    perDelivery: (cpuOf(pid) - before.cpu) / count,
    perSecond: (count / (performance.now() - before.at)) * 1000,
    p50: waits[Math.floor(waits.length / 2)] ?? 0,
    p99: waits[Math.floor(waits.length * 0.99)] ?? 0,
  };
}

/** On a core of its own, where the machine has two. */
function pin(pid: number, core: number): void {
  if (availableParallelism() > 1) spawnSync('taskset', ['-acp', String(core), String(pid)]);
}

async function round(name: string, members: number, seconds: number): Promise<Map<string, Figures>> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
  const start = servers.get(name);
  if (start === undefined) throw new RangeError(name);
  const server = await start(folder, members);
  try {
    pin(server.process.pid ?? 0, 0);
    const crowd = await gather(server, members);
    // The code is warm, and the notices of arrivals are out.
    await measure(crowd, paced(50), { server, members, seconds: 2 });
    const figures = new Map<string, Figures>();
    for (const [what, load] of loads) {
      figures.set(what, await measure(crowd, load, { server, members, seconds }));
    }
    crowd.leave();
    return figures;
  } finally {
    server.process.kill('SIGTERM');
    if (server.process.exitCode === null) await once(server.process, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function main(): Promise<void> {
  const [members = 500, rounds = 3, seconds = 5] = process.argv.slice(2).map(Number);
  const names = installed();
  pin(process.pid, 1);
  const all = new Map(names.map((name) => [name, [] as Map<string, Figures>[]]));
  for (let i = 0; i < rounds; i++) {
    for (const name of names) all.get(name)?.push(await round(name, members, seconds));
  }
  process.stdout.write(`${members} members, ${rounds} rounds of ${seconds} s a load, medians\n`);
  process.stdout.write('load                 server         us/delivery  deliveries/s    p50 ms    p99 ms\n');
  for (const what of loads.keys()) {
    for (const name of names) {
      const of = (field: keyof Figures, digits: number, width: number) =>
        median((all.get(name) ?? []).map((figures) => figures.get(what)?.[field] ?? 0))
          .toFixed(digits)
          .padStart(width);
      const figures = [of('perDelivery', 2, 11), of('perSecond', 0, 14), of('p50', 1, 10), of('p99', 1, 10)];
      process.stdout.write(`${what.padEnd(20)} ${name.padEnd(14)} ${figures.join('')}\n`);
    }
  }
}

await main();
