/**
 * How long the program takes to start, beside Node alone. Build, then run:
 *
 *     node dist/scripts/bench/start.js [rounds, default 15] [--json FILE]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPseudoTerminal } from '../screen/pseudo-terminal.js';
import { openStore, programFile, startProgram } from './program.js';
import { report } from './report.js';

const program = programFile();
const rounds = Number.parseInt(process.argv[2] ?? '', 10) || 15;
const home = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
// The rest is what the server gets: some of Node's variables make every start slower.
const env = { ...process.env, HOME: home };
let folders = 0;

/** Resolve when it is there; what they return ends what is still running. */
const starts: Record<string, () => Promise<() => Promise<unknown>>> = {
  'node -e 0': () => toEnd(['-e', '0']),
  '--version': () => toEnd([program, '--version']),
  '--help': () => toEnd([program, '--help']),
  'connect --help': () => toEnd([program, 'connect', '--help']),
  'connect to its first prompt': firstPrompt,
  'server to listening': () => listening(join(home, 'data')),
  'server, first start': () => listening(join(home, `data-${++folders}`)),
};

const goals = { '--version': 1.3, 'connect to its first prompt': 2.5, 'server to listening': 3 };

async function toEnd(args: readonly string[]): Promise<() => Promise<unknown>> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  await once(child, 'close');
  return async () => {};
}

async function firstPrompt(): Promise<() => Promise<unknown>> {
  const terminal = openPseudoTerminal([process.execPath, program, 'connect'], { env });
  await terminal.shows(/server/i);
  return async () => {
    terminal.kill();
    await terminal.ended;
  };
}

async function listening(folder: string): Promise<() => Promise<unknown>> {
  const { server } = await startProgram(folder, []);
  return () => ended(server);
}

/** Of a server that was in use: there is an admin, so that a start writes no first invite. */
async function makeData(folder: string): Promise<void> {
  await (await listening(folder))();
  const store = await openStore(folder);
  await store.register({ name: 'ana', skeleton: 'ana', password: 'none', role: 'admin', at: Date.now() });
  await store.close();
}

async function ended(server: ChildProcess): Promise<void> {
  server.kill();
  await once(server, 'close');
}

const times = new Map(Object.keys(starts).map((name) => [name, [] as number[]]));
await makeData(join(home, 'data'));
for (let round = 0; round < rounds; round++) {
  for (const [name, start] of Object.entries(starts)) {
    const before = performance.now();
    const end = await start();
    times.get(name)?.push(performance.now() - before);
    await end();
  }
}
await rm(home, { recursive: true, force: true });

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
/** Round by round, so that both were measured under the same load. */
const ratio = (values: readonly number[]): number =>
  median(values.map((value, round) => value / (times.get('node -e 0')?.[round] ?? 0)));

report({
  name: 'start',
  tables: [
    {
      title: `Starts, ${rounds} interleaved rounds`,
      columns: ['start', 'median ms', 'least ms', 'x node -e 0'],
      rows: [...times].map(([name, values]) => [name, median(values), Math.min(...values), ratio(values)]),
    },
  ],
  goals: Object.entries(goals).map(([name, most]) => ({
    what: `${name}, times node -e 0`,
    figure: ratio(times.get(name) ?? []),
    limit: { most },
  })),
});
