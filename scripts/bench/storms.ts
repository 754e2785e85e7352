/**
 * What it costs the server when everyone comes at once. Build, then run on an otherwise idle Linux machine:
 *
 *     npm run build && node dist/scripts/bench/storms.js [members, default 2,000] [rounds, default 3] [--json FILE] [--prof FOLDER]
 *
 * Three storms: everyone signs in by token; everyone comes back after a restart and has missed nothing; the same with 50
 * messages missed. Each member checks that it gets exactly those. The server is the built program in a process of its own;
 * before each storm as many bare TLS handshakes, with the same certificate and options, show what of it is TLS, and bare
 * connections with canned answers what of it is Node. CPU is that
 * of all threads, from the first connection until the notices of the last arrivals are out; medians of the rounds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { comeBack, cpuOf, createPoster, seed, shakeHands, startProgram } from './program.js';
import { report } from './report.js';

const storms = ['first sign-in', 'back, nothing missed', 'back, 50 missed'] as const;
const missedMessages = 50;
/** Connections at once: many, and within the limits of one address that has signed in. */
const atOnce = 64;
/** Until the counts of arrivals are out. */
const noticesMs = 1_500;

interface Figures {
  /** Seconds of CPU. */
  readonly bare: number;
  readonly canned: number;
  readonly storm: number;
  /** What a member has received, in bytes. */
  readonly received: number;
}

interface Member {
  token: string;
  /** Its position in the lobby. */
  seq: number;
}

async function main(): Promise<void> {
  const [count = 2_000, rounds = 3] = process.argv
    .slice(2)
    .filter((word) => /^\d+$/.test(word))
    .map(Number);
  const results: Figures[][] = [];
  for (let round = 0; round < rounds; round++) results.push(await runRound(count));
  const medians = storms.map((name, storm) => {
    const of = (figure: keyof Figures) => median(results.map((result) => result[storm]?.[figure] ?? 0));
    return { name, bare: of('bare'), canned: of('canned'), storm: of('storm'), received: of('received') };
  });
  const [first, ...back] = medians;
  report({
    name: 'storms',
    tables: [
      {
        title: `${count} members at once, ${rounds} rounds`,
        columns: [
          ...['storm', 'handshakes, s', 'canned answers, s', 'server, s'],
          ...['beyond handshakes, s', 'against handshakes', 'against canned', 'received by each, KiB'],
        ],
        rows: medians.map(({ name, bare, canned, storm, received }) => [
          name,
          ...[bare, canned, storm, storm - bare, storm / bare, storm / canned, received / 1024],
        ]),
      },
    ],
    goals: [
      {
        what: `${count} sign-ins: CPU beyond the handshakes, s`,
        figure: (first?.storm ?? 0) - (first?.bare ?? 0),
        limit: { most: count / 2_000 },
      },
      ...back.map(({ name, bare, storm }) => ({
        what: `${name}: CPU against bare handshakes`,
        figure: storm / bare,
        limit: { most: 1.3 },
      })),
    ],
  });
}

async function runRound(count: number): Promise<Figures[]> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
  const [posterToken = '', ...tokens] = await seed(folder, count + 1);
  const members = tokens.map((token): Member => ({ token, seq: 0 }));
  let missed: readonly number[] = [];
  const results: Figures[] = [];
  try {
    for (const storm of storms) {
      if (storm === 'back, 50 missed') missed = await post(folder, posterToken);
      const program = await startProgram(folder, [], { node: nodeOptions() });
      try {
        const bare = await measureBare(folder, count, 'bare');
        const canned = await measureBare(folder, count, 'canned');
        results.push({ bare, canned, ...(await measureStorm(program, members, missed)) });
      } finally {
        await end(program.server);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return results;
}

/** @returns the seqs of what was posted while everyone else was away */
async function post(folder: string, token: string): Promise<readonly number[]> {
  const { server, port } = await startProgram(folder, []);
  try {
    const { socket } = await comeBack(port, token);
    const poster = createPoster(socket);
    for (let n = 0; n < missedMessages; n++) await poster.say();
    socket.destroy();
    return poster.seqs;
  } finally {
    await end(server);
  }
}

async function measureBare(folder: string, count: number, mode: 'bare' | 'canned'): Promise<number> {
  const script = fileURLToPath(new URL('bare-tls.js', import.meta.url));
  const files = ['server.pem', 'server-key.pem'].map((name) => join(folder, name));
  const server = spawn(process.execPath, [script, ...files, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(server.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  try {
    const come = async () => (mode === 'bare' ? shakeHands(port) : (await comeBack(port, 'token')).socket);
    return (await measure(server, Array(count).fill(0), come)).cpu;
  } finally {
    await end(server);
  }
}

async function measureStorm(
  { server, port }: { server: ChildProcess; port: number },
  members: readonly Member[],
  missed: readonly number[],
): Promise<Omit<Figures, 'bare' | 'canned'>> {
  const { cpu, received } = await measure(server, members, async (member) => {
    const { socket, token, frames } = await comeBack(port, member.token, { lobby: member.seq });
    const seqs = frames.flatMap(({ type, seq }) => (type === 'message' ? [Number(seq)] : []));
    if (seqs.join() !== missed.join()) throw new Error(`missed ${missed.join()}, got ${seqs.join()}`);
    Object.assign(member, { token, seq: seqs.at(-1) ?? member.seq });
    return socket;
  });
  return { storm: cpu, received };
}

/** What it costs the server that everyone connects, the first one alone. */
async function measure<Item>(
  { pid = 0 }: ChildProcess,
  items: readonly Item[],
  connectOne: (item: Item) => Promise<TLSSocket>,
): Promise<{ cpu: number; received: number }> {
  const sockets: TLSSocket[] = [];
  const before = cpuOf(pid);
  const waiting = [...items];
  const next = async () => {
    const socket = await connectOne(waiting.pop() as Item);
    socket.on('error', () => {});
    sockets.push(socket);
  };
  const line = async () => {
    while (waiting.length > 0) await next();
  };
  await next();
  await Promise.all(Array.from({ length: atOnce }, line));
  await setTimeout(noticesMs);
  const cpu = (cpuOf(pid) - before) / 1_000_000;
  const received = sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0) / sockets.length;
  for (const socket of sockets) socket.destroy();
  return { cpu, received };
}

/** Options of Node for the server: with --prof FOLDER, its profiles go there. */
function nodeOptions(): string[] {
  const at = process.argv.indexOf('--prof');
  return at === -1 ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.argv[at + 1]}`];
}

async function end(server: ChildProcess): Promise<void> {
  server.kill('SIGTERM');
  await once(server, 'exit');
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

await main();
