/**
 * How long a message in a quiet room takes while the server does something else: people sign in with passwords, another room
 * is flooded, someone uploads or downloads a large file. Build, then run on an otherwise idle Linux machine:
 *
 *     node dist/scripts/bench/beside.js [rounds, default 3] [seconds, default 6] [MiB of the file, default 512]
 *
 * The server is the built program in a process of its own; the flood comes from another process, which gives way to this one,
 * the file travels from and to a thread. Absolute figures depend on the machine: compare the ratios, which are to chat with
 * nothing else. "elsewhere" is the same work for a second server, while people chat on the first: what the machine alone
 * costs them, its processors and its disk being shared.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { fileAlpn } from '../../lib/protocol/events.js';
import { parseFileAnswer } from '../../lib/protocol/file-frames.js';
import { createFrameReader, encodeFrame, type RawFrame, readFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { quantile } from '../soak/sample.js';
import { startGenerator } from './generator.js';
import { cpuOf, enter, seed, startProgram } from './program.js';
import { median, numbersOf, report, type Table } from './report.js';
import { addAccounts, signIn } from './sign-in.js';

const mib = 2 ** 20;
/** A little more often than a busy room. */
const pauseMs = 20;
const pingMs = 30_000;
const signers = Array.from({ length: 8 }, (_, index) => `signer-${index}x`);
/** Each says as much as the default limits allow: 5 messages a second. */
const flooders = 100;
const floodPerSecond = flooders * limits.messagesPerSecond * 0.95;

interface Trip {
  readonly type: 'upload' | 'download';
  readonly port: number;
  readonly ticket: string;
  readonly size: number;
  /** What an upload sends again and again; shared memory. */
  readonly piece: Uint8Array;
}

/** In the thread: moves the bytes. */
async function travel({ type, port, ticket, size, piece }: Trip): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: [fileAlpn], rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.write(encodeFrame(type === 'upload' ? { type, ticket } : { type, ticket, offset: 0 }));
  const ready = await answer(socket);
  if (ready.type !== 'ready') throw new Error(JSON.stringify(ready));
  if (type === 'upload') {
    for (let sent = 0; sent < size; sent += piece.length) {
      if (!socket.write(piece.subarray(0, size - sent))) await once(socket, 'drain');
    }
    const kept = await answer(socket);
    if (kept.type !== 'kept') throw new Error(JSON.stringify(kept));
  } else {
    let come = 0;
    for await (const chunk of socket) come += chunk.length;
    if (come !== size) throw new Error(`${come} bytes of ${size} came`);
  }
  socket.destroy();
}

async function answer(socket: TLSSocket) {
  const frame = await readFrame(socket, limits.frameBytes);
  if (frame === undefined) throw new Error('The server hung up.');
  return parseFileAnswer(frame);
}

function inThread(trip: Trip): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: trip });
  return new Promise((resolve, reject) => {
    worker.once('exit', () => resolve());
    worker.once('error', reject);
  });
}

/** MiB that the process has in memory. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

interface Person {
  ask(request: RawFrame): Promise<RawFrame>;
  /** Says something in the quiet room. @returns milliseconds until the other one has it */
  say(): Promise<number>;
}

/** Two people in the quiet room, the first of whom talks. */
async function createPerson(sockets: readonly TLSSocket[]): Promise<Person> {
  const waiting = new Map<unknown, (frame: RawFrame) => void>();
  let id = 2;
  for (const [index, socket] of sockets.entries()) {
    const reader = createFrameReader(() => limits.frameFromServerBytes);
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) {
        const answered = frame.type !== 'message' ? frame.re : index === 0 ? frame.key : frame.text;
        waiting.get(answered)?.(frame);
        waiting.delete(answered);
      }
    });
    // A server closes a connection from which nothing comes, such as that of the one who listens.
    setInterval(() => socket.write(encodeFrame({ type: 'ping', id: ++id })), pingMs).unref();
  }
  function send(request: RawFrame, answered: unknown, socket = sockets[0]): Promise<RawFrame> {
    return new Promise((resolve) => {
      waiting.set(answered, resolve);
      socket?.write(encodeFrame(request));
    });
  }
  for (const socket of sockets) await send({ type: 'join', id: ++id, room: 'quiet' }, id, socket);
  return {
    ask: (request) => send({ ...request, id: ++id }, id),
    async say() {
      const begin = performance.now();
      const text = `${++id}: a message of a usual length, as people say`;
      await send({ type: 'say', id, room: 'quiet', text, key: `key-${id}` }, text);
      return performance.now() - begin;
    },
  };
}

interface Server {
  readonly pid: number;
  readonly port: number;
  readonly person: Person;
  readonly generator: ReturnType<typeof startGenerator>;
  close(): Promise<void>;
}

async function startServer(megabytes: number): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
  const [first = '', second = '', ...others] = await seed(folder, flooders + 3);
  await addAccounts(folder, signers);
  const { server, port } = await startProgram(folder, ['--max-file', `${megabytes}M`, '--quota', '1T']);
  const sockets = [await enter(port, first), await enter(port, second)];
  const generator = startGenerator({ nice: true });
  // The last one only listens.
  const how = { protocol: 'frames', tokens: others, joinsAtOnce: 8 } as const;
  await generator.join({ ports: [port], ...how, room: 'flood' }, 0, flooders + 1);
  return {
    pid: server.pid ?? 0,
    port,
    person: await createPerson(sockets),
    generator,
    async close() {
      for (const socket of sockets) socket.destroy();
      await generator.close();
      server.kill('SIGTERM');
      await once(server, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

interface Figures {
  readonly trips: readonly number[];
  /** Of the work, a second. */
  readonly done: number;
  /** Percent of a core. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
}

/** Chats until the work is over. @param work resolves with how much of it was done */
async function measure({ pid, person }: Server, work: () => Promise<number>): Promise<Figures> {
  const [cpu, begin] = [cpuOf(pid), performance.now()];
  const trips: number[] = [];
  let memory = 0;
  let over = false;
  const working = work().finally(() => {
    over = true;
  });
  working.catch(() => {});
  while (!over) {
    trips.push(await person.say());
    memory = Math.max(memory, memoryOf(pid));
    await setTimeout(pauseMs);
  }
  const done = await working;
  const ms = performance.now() - begin;
  return { trips, done: (done / ms) * 1_000, cpu: (cpuOf(pid) - cpu) / ms / 10, memory };
}

interface Plan {
  readonly seconds: number;
  /** The file, and what an upload sends again and again. */
  readonly size: number;
  readonly hash: string;
  readonly piece: Uint8Array;
}

async function signInAgainAndAgain({ port }: Server, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  let signIns = 0;
  const again = async (name: string) => {
    while (performance.now() < end) {
      await signIn(port, '127.0.0.1', name);
      signIns++;
    }
  };
  await Promise.all(signers.map(again));
  return signIns;
}

async function flood({ generator }: Server, seconds: number): Promise<number> {
  const before = await generator.received();
  await generator.say({ senders: flooders, perSecond: floodPerSecond, seconds });
  return (await generator.received()).messages - before.messages;
}

async function transfer({ port, person }: Server, request: RawFrame, { size, piece }: Plan): Promise<number> {
  const { ticket } = await person.ask(request);
  if (typeof ticket !== 'string') throw new Error('The server gave no ticket.');
  await inThread({ type: request.type === 'offer' ? 'upload' : 'download', port, ticket, size, piece });
  return size / mib;
}

type Row = 'nothing else' | `${string}, ${'sign-ins' | 'deliveries' | 'MiB'}/s`;

async function runRound(near: Server, far: Server, plan: Plan, add: (row: Row, figures: Figures) => void) {
  const { seconds, size, hash } = plan;
  const idle = async () => {
    await setTimeout(seconds * 1_000);
    return 0;
  };
  add('nothing else', await measure(near, idle));
  for (const [to, through] of [
    ['', near],
    ['elsewhere: ', far],
  ] as const) {
    add(`${to}passwords, sign-ins/s`, await measure(near, () => signInAgainAndAgain(through, seconds)));
    add(`${to}flood in another room, deliveries/s`, await measure(near, () => flood(through, seconds)));
    const key = `file-${performance.now()}`;
    const offer = { type: 'offer', room: 'quiet', name: 'large.bin', size, hash, key };
    add(`${to}upload, MiB/s`, await measure(near, () => transfer(through, offer, plan)));
    const { seq } = await through.person.ask(offer);
    const fetch = { type: 'fetch', of: seq };
    add(`${to}download, MiB/s`, await measure(near, () => transfer(through, fetch, plan)));
  }
}

function reportOf(all: ReadonlyMap<Row, readonly Figures[]>, title: string): void {
  const trips = (row: Row) => (all.get(row) ?? []).flatMap((figures) => figures.trips);
  const at = (row: Row, part: number) => quantile(trips(row), part);
  const ratio = (row: Row, part: number) => at(row, part) / at('nothing else', part);
  const rows = [...all].map(([row, figures]): Table['rows'][number] => {
    const middle = (of: 'done' | 'cpu' | 'memory') => median(figures.map((round) => round[of]));
    const times = [at(row, 0.5), at(row, 0.99), ratio(row, 0.5), ratio(row, 0.99)];
    return [row, middle('done'), ...times, middle('cpu'), middle('memory')];
  });
  const columns = [
    'beside',
    'a second',
    'p50 ms',
    'p99 ms',
    'p50 ratio',
    'p99 ratio',
    'server CPU %',
    'RSS MiB',
  ];
  const figure = ratio('flood in another room, deliveries/s', 0.99);
  report({
    name: 'beside',
    tables: [{ title, columns, rows }],
    goals: [
      { what: 'p99 of a room while another one is flooded, ratio to idle', figure, limit: { most: 2 } },
    ],
  });
}

async function main(): Promise<void> {
  const [rounds = 3, seconds = 6, megabytes = 512] = numbersOf(process.argv);
  const size = megabytes * mib;
  const piece = new Uint8Array(new SharedArrayBuffer(mib / 4));
  piece.set(randomBytes(piece.length));
  const digest = createHash('sha256');
  for (let left = size; left > 0; left -= piece.length) digest.update(piece.subarray(0, left));
  const plan = { seconds, size, hash: digest.digest('base64url'), piece };
  const [near, far] = [await startServer(megabytes), await startServer(megabytes)];
  const all = new Map<Row, Figures[]>();
  try {
    for (let i = 0; i < 100; i++) await near.person.say();
    for (let round = 0; round < rounds; round++) {
      await runRound(near, far, plan, (row, figures) => all.set(row, [...(all.get(row) ?? []), figures]));
    }
  } finally {
    await near.close();
    await far.close();
  }
  reportOf(all, `a message in a quiet room, one every ${pauseMs} ms, beside other work; ${rounds} rounds`);
}

if (isMainThread) await main();
else await travel(workerData as Trip);
