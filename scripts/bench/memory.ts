/**
 * How much memory a signed-in member who does nothing costs the server, and a bare TLS server in Node. Build, then run:
 *
 *     npm run build && node dist/scripts/bench/memory.js [members..., default 500 2000 10000] [--snapshots FOLDER] [--alone]
 *
 * Each server is a process of its own; members come in steps, and after each the server is left alone for a while. The
 * figure is its resident memory (VmRSS) as it then is, garbage included, less that before the first member; a second one,
 * after a forced collection, shows how much of it is garbage. With more than 9,000 members: `ulimit -n 20000`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureKeyPair } from '../../lib/trust/renewal.js';
import { startCrowds } from './crowds.js';
import type { HeapOrder } from './heap.js';
import { cpuOf, seed, startProgram } from './program.js';
import { report, type Table } from './report.js';

const settleMs = 12_000;
const kib = 1024;

interface Measured {
  readonly members: number;
  readonly rssKib: number;
  readonly cpuMs: number;
  /** After a forced collection. */
  readonly collected: { readonly rssKib: number; readonly memory: NodeJS.MemoryUsage };
}

type Start = (folder: string) => Promise<{ server: ChildProcess; port: number }>;

const heapModule = new URL('./heap.js', import.meta.url).href;
const node = ['--import', heapModule];

const servers: Readonly<Record<string, Start>> = {
  'secure-chat': (folder) => startProgram(folder, [], { node, ipc: true }),
  async 'bare TLS'(folder) {
    const script = fileURLToPath(new URL('./bare-tls.js', import.meta.url));
    const { certFile, keyFile } = await ensureKeyPair({ folder, hosts: ['127.0.0.1'], now: Date.now() });
    const server = spawn(process.execPath, [...node, script, certFile, keyFile, 'canned'], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const [line] = (await once(server.stdout as Readable, 'data')) as [Buffer];
    return { server, port: Number(line.toString()) };
  },
};

function rssKib({ pid }: ChildProcess): number {
  const [, kibs] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibs);
}

async function heapOf(server: ChildProcess, order: HeapOrder): Promise<NodeJS.MemoryUsage> {
  server.send(order);
  const [memory] = (await once(server, 'message')) as [NodeJS.MemoryUsage];
  return memory;
}

async function measure(start: Start, sizes: readonly number[], snapshots?: string): Promise<Measured[]> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
  const tokens = await seed(folder, Math.max(...sizes));
  const { server, port } = await start(folder);
  const crowds = startCrowds(port);
  const measured: Measured[] = [];
  let entered = 0;
  try {
    for (const members of [0, ...sizes]) {
      const cpu = cpuOf(server.pid ?? 0);
      // In steps, so that those who came first are not silent for too long.
      for (; entered < members; entered = Math.min(members, entered + 1_000)) {
        await crowds.send({ type: 'ping', id: 9 });
        await crowds.enter(tokens.slice(entered, Math.min(members, entered + 1_000)));
      }
      const cpuMs = (cpuOf(server.pid ?? 0) - cpu) / 1000;
      await setTimeout(settleMs);
      const idle = rssKib(server);
      const snapshot = snapshots === undefined ? undefined : join(snapshots, `${members}.heapsnapshot`);
      const memory = await heapOf(server, { type: 'collect' });
      measured.push({ members, rssKib: idle, cpuMs, collected: { rssKib: rssKib(server), memory } });
      if (snapshot !== undefined) await heapOf(server, { type: 'snapshot', file: snapshot });
    }
  } finally {
    await crowds.leave();
    server.kill('SIGTERM');
    await once(server, 'exit');
    await rm(folder, { recursive: true });
  }
  return measured;
}

function table(name: string, [empty, ...measured]: readonly Measured[]): Table {
  const base = empty?.rssKib ?? 0;
  return {
    title: `${name}: memory of idle members`,
    columns: [
      ...['members', 'RSS MiB', 'KiB a member', 'of the last step', 'collected: KiB', 'JS heap KiB'],
      ...['external KiB', 'empty MiB', 'sign-in CPU ms'],
    ],
    rows: measured.map(({ members, rssKib: rss, cpuMs, collected }, index) => {
      const before = measured[index - 1] ?? empty;
      const step = members - (before?.members ?? 0);
      const memory = (field: 'heapUsed' | 'external') =>
        (collected.memory[field] - (empty?.collected.memory[field] ?? 0)) / kib / members;
      return [
        String(members),
        rss / kib,
        (rss - base) / members,
        (rss - (before?.rssKib ?? 0)) / step,
        (collected.rssKib - (empty?.collected.rssKib ?? 0)) / members,
        memory('heapUsed'),
        memory('external'),
        base / kib,
        cpuMs / step,
      ];
    }),
  };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { snapshots: { type: 'string' }, json: { type: 'string' }, alone: { type: 'boolean' } },
  });
  const sizes = positionals.length > 0 ? positionals.map(Number) : [500, 2_000, 10_000];
  const all = new Map<string, Measured[]>();
  for (const [name, start] of Object.entries(servers)) {
    if (values.alone && name !== 'secure-chat') continue;
    all.set(name, await measure(start, sizes, name === 'secure-chat' ? values.snapshots : undefined));
  }
  const perMember = (members: number) => {
    const [empty, ...measured] = all.get('secure-chat') ?? [];
    const found = measured.find((each) => each.members === members);
    return found === undefined ? [] : [(found.rssKib - (empty?.rssKib ?? 0)) / members];
  };
  const [at2000] = perMember(2_000);
  const [at10000] = perMember(10_000);
  report({
    name: 'memory',
    tables: [...all].map(([name, measured]) => table(name, measured)),
    goals: [
      ...(at2000 === undefined ? [] : [goal('KiB for each of 2,000 idle members', at2000, 36)]),
      ...(at2000 === undefined || at10000 === undefined
        ? []
        : [goal('one of 10,000 beside one of 2,000', at10000 / at2000, 1.1)]),
    ],
  });
}

function goal(what: string, figure: number, most: number) {
  return { what, figure, limit: { most } };
}

await main();
