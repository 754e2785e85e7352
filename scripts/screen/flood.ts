/** Measures a client under load: types on its screen while others send messages. Linux only. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { alpn } from '../../lib/protocol/events.js';
import { createFrameReader, encodeFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { openPseudoTerminal } from './pseudo-terminal.js';

export interface Flood {
  readonly messages: number;
  /** Messages a second of all senders together; without it, as fast as possible. */
  readonly rate?: number;
}

export interface FloodFigures {
  readonly messages: number;
  /** Seconds. */
  readonly took: number;
  readonly frames: number;
  /** Typed keys that did not become text. */
  readonly lost: number;
  /** Of one core. */
  readonly cpu: number;
  /** Bytes, after a tenth of the messages. */
  readonly rssStart: number;
  readonly rssEnd: number;
}

const program = fileURLToPath(new URL('../../bin/secure-chat.js', import.meta.url));
const password = 'correct horse battery';
const senders = 4;
const keyMs = 100;
// Of one sender, so that the server's answers are what sets the pace.
const unanswered = 50;
const words = 'a message as people write them, of some eighty characters: ada, did you see it?';

/** Runs a server, a client at 120x40 and some senders; all of them are gone afterwards. */
export async function measureFlood({ messages, rate }: Flood): Promise<FloodFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-flood-'));
  const env = { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', SECURE_CHAT_PASSWORD: password };
  const data = join(folder, 'data');
  const server = spawn(
    process.execPath,
    [program, 'server', '--data', data, '--host', '127.0.0.1', '--port', '0', '--rate', '10000'],
    { env, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = once(server, 'exit');
  try {
    const port = await portOf(server.stdout);
    const invited = await promisify(execFile)(
      process.execPath,
      [program, 'invite', '--data', data, '--uses', '9'],
      { env },
    );
    const link = invited.stdout.trim();
    const code = link.split('/').at(-1) ?? '';
    const writers = await Promise.all(
      Array.from({ length: senders }, (_, i) => openSender(port, `writer${i}`, code)),
    );
    const terminal = openPseudoTerminal([process.execPath, program, 'connect', link, '--name', 'reader'], {
      env,
      cols: 120,
      rows: 40,
    });
    try {
      await terminal.until(() => terminal.frames > 0, 'a picture');
      return await measure({ messages, ...(rate !== undefined && { rate }) }, { writers, terminal });
    } finally {
      for (const writer of writers) writer.leave();
      terminal.kill('SIGKILL');
      await terminal.ended;
    }
  } finally {
    server.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

interface Scene {
  readonly writers: readonly Sender[];
  readonly terminal: ReturnType<typeof openPseudoTerminal>;
}

async function measure({ messages, rate }: Flood, { writers, terminal }: Scene): Promise<FloodFigures> {
  const { pid } = terminal;
  const started = performance.now();
  const before = { frames: terminal.frames, cpu: cpuSeconds(pid) };
  let typed = '';
  const typing = setInterval(() => {
    const key = String.fromCharCode(97 + (typed.length % 26));
    typed += key;
    terminal.type(key);
  }, keyMs);
  let rssStart = 0;
  let sent = 0;
  const done = `the last of ${messages}`;
  await Promise.all(
    writers.map(async (writer, i) => {
      for (let turn = i; turn < messages - 1; turn += writers.length) {
        if (rate !== undefined) await until(started + (turn * 1000) / rate);
        await writer.say(`${turn} ${words}`);
        if (++sent === Math.floor(messages / 10)) rssStart = rss(pid);
      }
      await writer.settled();
    }),
  );
  await writers[0]?.say(done);
  await terminal.until(() => terminal.screen().includes(done), done);
  const took = (performance.now() - started) / 1000;
  clearInterval(typing);
  const figures = {
    frames: terminal.frames - before.frames,
    cpu: (cpuSeconds(pid) - before.cpu) / took,
    rssStart,
    rssEnd: rss(pid),
  };
  // The newest of it is at the end of the input, which shows what it has room for.
  await terminal
    .until(() => inputOf(terminal.rows()).endsWith(typed.slice(-200)), 'what was typed')
    .catch(() => {});
  const shown = inputOf(terminal.rows());
  let kept = 0;
  while (kept < Math.min(typed.length, shown.length) && typed.at(-1 - kept) === shown.at(-1 - kept)) kept++;
  return { ...figures, messages, took, lost: Math.min(typed.length, shown.length) - kept };
}

/** All that is typed, as far as it is shown. */
function inputOf(rows: readonly string[]): string {
  const at = rows.findLastIndex((row) => row.startsWith('#lobby '));
  return rows
    .slice(at)
    .map((row) => row.slice('#lobby › '.length).trimEnd())
    .join('');
}

interface Sender {
  /** Resolves when there is room for another. */
  say(text: string): Promise<void>;
  /** Resolves when all are acknowledged. */
  settled(): Promise<void>;
  leave(): void;
}

async function openSender(port: number, name: string, code: string): Promise<Sender> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port,
    ALPNProtocols: [alpn],
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
  });
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  let id = 0;
  let waiting = 0;
  let news: () => void = () => {};
  let isIn: () => void = () => {};
  const entered = new Promise<void>((resolve) => {
    isIn = resolve;
  });
  const send = (frame: object): void => void socket.write(encodeFrame({ ...frame, id: ++id }));
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) {
      if (frame.type === 'hello') send({ type: 'register', name, password, code });
      else if (frame.type === 'ok' && frame.name === name) isIn();
      else if (frame.type === 'error') throw new Error(`The server refuses: ${frame.code}`);
      else if (frame.type === 'ok' || (frame.type === 'message' && frame.from === name)) {
        waiting--;
        news();
      }
    }
  });
  socket.on('error', () => {});
  await entered;

  const below = async (most: number): Promise<void> => {
    while (waiting > most) {
      await new Promise<void>((resolve) => {
        news = resolve;
      });
    }
  };
  return {
    async say(text) {
      await below(unanswered);
      waiting++;
      send({ type: 'say', room: 'lobby', text, key: `${name}-${id}` });
    },
    settled: () => below(0),
    leave: () => void socket.destroy(),
  };
}

async function portOf(stdout: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: stdout })) {
    const port = /^join link: secure-chat:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
    if (port !== undefined) {
      stdout.resume();
      return Number(port);
    }
  }
  throw new Error('The server did not start.');
}

async function until(moment: number): Promise<void> {
  const ms = moment - performance.now();
  if (ms > 1) await setTimeout(ms);
}

/** Seconds of CPU that a process used so far: fields 14 and 15 of proc_pid_stat(5), in hundredths. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function rss(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
