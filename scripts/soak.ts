/**
 * Watches a server for hours while people come and go: does it grow, leak or slow down? Build, then run on Linux:
 *
 *     npm run build && node dist/scripts/soak.js --minutes 120 --clients 200 --out soak.json
 *
 * The server is the built program in a process of its own, the people are another one (scripts/soak/crowd.ts); this one
 * only measures. Writes each sample to the file, and at the end a picture beside it (.svg) and a table of medians to stdout.
 * The server's log goes to a file beside it, too (.log). Ctrl-C ends it early, with a report.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createFrameReader, encodeFrame } from '../lib/protocol/frame.js';
import { limits } from '../lib/protocol/limits.js';
import { createHasher } from '../lib/server/auth/hasher.js';
import { cpuOf, enter, seed, seededName, startProgram } from './bench/program.js';
import type { CrowdReport } from './soak/crowd.js';
import type { MeterReading } from './soak/meter.js';
import { reportPicture, reportTable } from './soak/report.js';
import { childrenOf, quantile, readProcess, type Sample } from './soak/sample.js';

const sampleMs = 10_000;
const pingEveryMs = 100;
const password = 'a password of the crowd';

interface Result {
  readonly minutes: number;
  readonly clients: number;
  readonly node: string;
  readonly samples: Sample[];
  crowd: CrowdReport | undefined;
  /** Of the server after SIGTERM. */
  exitCode?: number | null;
  /** Lines of its log with a level above info. */
  warnings?: string[];
}

/** Pings one after the other. @returns takes the round trips since the last call, in milliseconds */
function startPinging(socket: TLSSocket): () => number[] {
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  let trips: number[] = [];
  let id = 100;
  let sent = 0;
  const ping = () => {
    sent = performance.now();
    socket.write(encodeFrame({ type: 'ping', id: ++id }));
  };
  socket.on('data', (chunk: Buffer) => {
    for (const { re } of reader.push(chunk)) {
      if (re !== id) continue;
      trips.push(performance.now() - sent);
      setTimeout(pingEveryMs).then(ping);
    }
  });
  socket.on('error', () => {});
  ping();
  return () => {
    const taken = trips;
    trips = [];
    return taken;
  };
}

/** Each call takes one sample. */
function createSampler(
  server: ChildProcess,
  takeTrips: () => number[],
  crowd: () => CrowdReport | undefined,
) {
  const pid = server.pid ?? 0;
  const start = performance.now();
  let last = { cpu: cpuOf(pid), at: start };
  return async (): Promise<Sample> => {
    server.send('read');
    const [reading] = (await once(server, 'message')) as [MeterReading];
    const now = { cpu: cpuOf(pid), at: performance.now() };
    const cpuPercent = (now.cpu - last.cpu) / 10 / (now.at - last.at);
    last = now;
    const trips = takeTrips();
    const { online = 0, done = {} } = crowd() ?? {};
    const children = childrenOf(pid).map((child) => readProcess(child).rssMiB);
    const sample: Sample = {
      seconds: (now.at - start) / 1000,
      ...readProcess(pid),
      heapMiB: reading.heapBytes / 2 ** 20,
      externalMiB: reading.externalBytes / 2 ** 20,
      childrenMiB: children.reduce((sum, each) => sum + each, 0),
      handles: reading.handles,
      cpuPercent,
      loopP50Ms: reading.loopMs.p50,
      loopP99Ms: reading.loopMs.p99,
      pingP50Ms: quantile(trips, 0.5),
      pingP99Ms: quantile(trips, 0.99),
      online,
      messages: done.messages ?? 0,
      deliveries: done.deliveries ?? 0,
    };
    return Object.fromEntries(
      Object.entries(sample).map(([name, value]) => [name, Math.round(value * 100) / 100]),
    ) as unknown as Sample;
  };
}

function startCrowd(order: object, tell: (report: CrowdReport) => void): ChildProcess {
  const crowd = fork(fileURLToPath(new URL('./soak/crowd.js', import.meta.url)));
  crowd.on('message', tell);
  crowd.send(order);
  return crowd;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '120' },
      clients: { type: 'string', default: '200' },
      pause: { type: 'string', default: '40' },
      out: { type: 'string', default: 'soak.json' },
    },
  });
  const [minutes, clients, pause] = [values.minutes, values.clients, values.pause].map(Number) as [
    number,
    number,
    number,
  ];
  const beside = (ending: string) => `${values.out.replace(/\.json$/, '')}${ending}`;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-soak-'));
  const hasher = createHasher();
  const tokens = await seed(folder, clients + 1, { password: await hasher.hash(password) });
  hasher.close();
  const log = openSync(beside('.log'), 'w');
  const meter = new URL('./soak/meter.js', import.meta.url).href;
  const { server, port } = await startProgram(folder, [], { node: ['--import', meter], log, ipc: true });
  const result: Result = { minutes, clients, node: process.version, samples: [], crowd: undefined };
  const people = tokens.slice(0, clients).map((token, index) => ({ name: seededName(index), token }));
  const crowd = startCrowd({ port, password, people, pauseMs: pause * 1000 }, (report) => {
    result.crowd = report;
  });
  const pinger = await enter(port, tokens[clients] ?? '');
  const sample = createSampler(server, startPinging(pinger), () => result.crowd);
  try {
    const end = performance.now() + minutes * 60_000;
    while (!stop.signal.aborted && server.exitCode === null && performance.now() < end) {
      await setTimeout(sampleMs, undefined, { signal: stop.signal }).catch(() => {});
      result.samples.push(await sample());
      writeFileSync(values.out, `${JSON.stringify(result)}\n`);
    }
  } finally {
    crowd.disconnect();
    pinger.destroy();
    server.disconnect();
    if (server.exitCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    closeSync(log);
    await rm(folder, { recursive: true });
  }
  const lines = readFileSync(beside('.log'), 'utf8').split('\n');
  result.warnings = lines.filter((line) => line !== '' && !line.includes('"level":30,'));
  result.exitCode = server.exitCode;
  writeFileSync(values.out, `${JSON.stringify(result)}\n`);
  writeFileSync(beside('.svg'), reportPicture(result.samples));
  process.stdout.write(reportTable(result.samples));
  const { done, unexpected } = result.crowd ?? {};
  const rest = { done, unexpected, exitCode: server.exitCode, warnings: result.warnings.length };
  process.stdout.write(`${JSON.stringify(rest, null, 2)}\n`);
}

await main();
