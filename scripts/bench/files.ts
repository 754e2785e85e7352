/**
 * What a large file costs those who chat meanwhile. Build, then run on an otherwise idle Linux machine:
 *
 *     npm run build && node dist/scripts/bench/files.js [MiB, default 1024] [MiB a second, default without limit]
 *
 * The server is the built program in a process of its own; the file travels from and to a thread of this
 * process, so that the process that measures chat does nothing else. Absolute figures depend on the machine: compare
 * the ratios, which are to chat with no transfer. "elsewhere" is the same file through a second server, while
 * people chat on the first: what the machine alone costs them, its processors and its disk being shared.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fileAlpn } from '../../lib/protocol/events.js';
import { parseFileAnswer } from '../../lib/protocol/file-frames.js';
import { createFrameReader, encodeFrame, type RawFrame, readFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { cpuOf, enter, seed, startProgram } from './program.js';

const mib = 2 ** 20;
/** A little more often than a busy room. */
const pauseMs = 20;
const aloneMessages = 500;

interface Trip {
  readonly type: 'upload' | 'download';
  readonly port: number;
  readonly ticket: string;
  readonly size: number;
  /** Bytes a second; 0 for as fast as it goes. */
  readonly pace: number;
  /** What an upload sends again and again; shared memory. */
  readonly piece: Uint8Array;
}

interface Chatter {
  ask(request: RawFrame): Promise<RawFrame>;
  /** Says something. @returns milliseconds until its own copy has come */
  say(): Promise<number>;
  leave(): void;
}

/** In the thread: moves the bytes. @returns milliseconds, from ready to kept or to the last byte */
async function travel({ type, port, ticket, size, pace, piece }: Trip): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: [fileAlpn], rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.write(encodeFrame(type === 'upload' ? { type, ticket } : { type, ticket, offset: 0 }));
  const ready = await answer(socket);
  if (ready.type !== 'ready') throw new Error(JSON.stringify(ready));
  const begin = performance.now();
  const inTime = async (bytes: number): Promise<void> => {
    const early = pace === 0 ? 0 : begin + (bytes / pace) * 1000 - performance.now();
    if (early > 1) await setTimeout(early);
  };
  if (type === 'upload') {
    for (let sent = 0; sent < size; sent += piece.length) {
      if (!socket.write(piece.subarray(0, size - sent))) await once(socket, 'drain');
      await inTime(sent);
    }
    const kept = await answer(socket);
    if (kept.type !== 'kept') throw new Error(JSON.stringify(kept));
  } else {
    let come = 0;
    for await (const chunk of socket) {
      come += chunk.length;
      await inTime(come);
    }
    if (come !== size) throw new Error(`${come} bytes of ${size} came`);
  }
  socket.destroy();
  return performance.now() - begin;
}

async function answer(socket: TLSSocket) {
  const frame = await readFrame(socket, limits.frameBytes);
  if (frame === undefined) throw new Error('The server hung up.');
  return parseFileAnswer(frame);
}

function createChatter(socket: TLSSocket): Chatter {
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const waiting = new Map<unknown, (frame: RawFrame) => void>();
  let id = 2;
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) {
      const answered = frame.type === 'message' ? frame.key : frame.re;
      waiting.get(answered)?.(frame);
      waiting.delete(answered);
    }
  });
  function send(request: RawFrame, answered: unknown): Promise<RawFrame> {
    return new Promise((resolve) => {
      waiting.set(answered, resolve);
      socket.write(encodeFrame(request));
    });
  }
  return {
    ask: (request) => send({ ...request, id: ++id }, id),
    async say() {
      const begin = performance.now();
      const key = `key-${++id}`;
      await send(
        { type: 'say', id, room: 'lobby', text: 'a message of a usual length, as people say', key },
        key,
      );
      return performance.now() - begin;
    },
    leave: () => void socket.destroy(),
  };
}

/** Says something at a steady pace until `over` resolves. @returns milliseconds of each, in order of size */
async function chatUntil(chatter: Chatter, over: Promise<unknown>): Promise<number[]> {
  const trips: number[] = [];
  let ended = false;
  over.then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  while (!ended) {
    trips.push(await chatter.say());
    await setTimeout(pauseMs);
  }
  return trips.sort((a, b) => a - b);
}

function inThread(trip: Trip): Promise<number> {
  const worker = new Worker(new URL(import.meta.url), { workerData: trip });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** MiB that the process has in memory. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

interface Measured {
  readonly trips: readonly number[];
  readonly ms: number;
  readonly cpuMs: number;
  readonly memory: number;
}

async function measure({ pid, chatter }: Server, work: () => Promise<number>): Promise<Measured> {
  const cpu = cpuOf(pid);
  let memory = memoryOf(pid);
  const timer = setInterval(() => {
    memory = Math.max(memory, memoryOf(pid));
  }, 50);
  const working = work();
  const trips = await chatUntil(chatter, working).finally(() => clearInterval(timer));
  return { trips, ms: await working, cpuMs: (cpuOf(pid) - cpu) / 1000, memory };
}

function createReport(size: number) {
  const at = (trips: readonly number[], part: number) => trips[Math.floor(trips.length * part)] ?? Number.NaN;
  let first: readonly number[] = [];
  const heads = ['MiB/s', 'server CPU', 'RSS MiB', 'p50 ms', 'p99 ms', 'p50', 'p99'];
  const line = (name: string, figures: readonly string[]) =>
    process.stdout.write(`${name.padEnd(20)}${figures.map((figure) => figure.padStart(11)).join('')}\n`);
  line('', heads);
  return (name: string, { trips, ms, cpuMs, memory }: Measured): void => {
    if (first.length === 0) first = trips;
    const ratio = (part: number) => `${(at(trips, part) / at(first, part)).toFixed(2)} x`;
    const rate = name === 'alone' ? '-' : ((size / mib / ms) * 1000).toFixed(0);
    const times = [at(trips, 0.5).toFixed(2), at(trips, 0.99).toFixed(2)];
    const used = [`${((cpuMs / ms) * 100).toFixed(0)} %`, memory.toFixed(0)];
    line(name, [rate, ...used, ...times, ratio(0.5), ratio(0.99)]);
  };
}

async function main(): Promise<void> {
  const [megabytes = 1024, perSecond = 0] = process.argv.slice(2).map(Number);
  const size = megabytes * mib;
  const piece = new Uint8Array(new SharedArrayBuffer(mib / 4));
  piece.set(randomBytes(piece.length));
  const digest = createHash('sha256');
  for (let left = size; left > 0; left -= piece.length) digest.update(piece.subarray(0, left));
  const hash = digest.digest('base64url');

  const [near, far] = [await startServer(megabytes), await startServer(megabytes)];
  try {
    for (let i = 0; i < 100; i++) await near.chatter.say();
    process.stdout.write(`${megabytes} MiB, one message every ${pauseMs} ms; ratios are to chat alone\n`);
    const report = createReport(size);
    const begin = performance.now();
    const alone = async () => {
      await setTimeout(aloneMessages * pauseMs);
      return performance.now() - begin;
    };
    report('alone', await measure(near, alone));
    const offer = { type: 'offer', room: 'lobby', name: 'large.bin', size, hash, key: 'large' };
    for (const [to, through] of [
      ['', near],
      ['elsewhere: ', far],
    ] as const) {
      const travelling = async (request: RawFrame): Promise<Measured> => {
        const { ticket } = await through.chatter.ask(request);
        if (typeof ticket !== 'string') throw new Error('The server gave no ticket.');
        const type = request.type === 'offer' ? 'upload' : 'download';
        const trip: Trip = { type, port: through.port, ticket, size, pace: perSecond * mib, piece };
        return measure(near, () => inThread(trip));
      };
      report(`${to}upload`, await travelling(offer));
      const { seq } = await through.chatter.ask(offer);
      report(`${to}download`, await travelling({ type: 'fetch', of: seq }));
    }
  } finally {
    await near.close();
    await far.close();
  }
}

interface Server {
  readonly pid: number;
  readonly port: number;
  readonly chatter: Chatter;
  close(): Promise<void>;
}

async function startServer(megabytes: number): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
  const [token = ''] = await seed(folder, 1);
  const { server, port } = await startProgram(folder, ['--max-file', `${megabytes}M`, '--quota', '1T']);
  const chatter = createChatter(await enter(port, token));
  return {
    pid: server.pid ?? 0,
    port,
    chatter,
    async close() {
      chatter.leave();
      server.kill('SIGTERM');
      await once(server, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

if (isMainThread) await main();
else parentPort?.postMessage(await travel(workerData as Trip));
