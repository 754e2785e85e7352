/**
 * What a message costs the server for each member it is delivered to. Build, then run on an otherwise idle
 * Linux machine:
 *
 *     npm run build && node dist/scripts/bench/fan-out.js [members, default 200] [messages, default 300]
 *
 * The server is the built program in a process of its own, with its store; members are bare TLS sockets in this
 * process. Absolute figures depend on the machine: compare the ratios, which are to the load that sends one
 * message at a time, so that each needs a write for every member.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { createFrameReader, encodeFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { cpuOf, enter, seed, startProgram } from './program.js';

interface Member {
  /** Message frames that have come. */
  readonly delivered: () => number;
  /** Says something; resolves when its own copy has come. */
  say(): Promise<void>;
  leave(): void;
}

interface Load {
  readonly name: string;
  run(members: readonly Member[], messages: number): Promise<void>;
}

const senders = 16;
const pacedPerSecond = 60;

const loads: readonly Load[] = [
  {
    name: 'one at a time',
    async run([member], messages) {
      for (let i = 0; i < messages; i++) await member?.say();
    },
  },
  {
    name: `paced, ${pacedPerSecond} a second`,
    async run(members, messages) {
      const said: (Promise<void> | undefined)[] = [];
      const start = performance.now();
      for (let i = 0; i < messages; i++) {
        said.push(members[i % senders]?.say());
        await setTimeout(Math.max(0, start + ((i + 1) * 1000) / pacedPerSecond - performance.now()));
      }
      await Promise.all(said);
    },
  },
  {
    name: `closed loop of ${senders}`,
    async run(members, messages) {
      let left = messages;
      const loop = async (member: Member) => {
        while (left-- > 0) await member.say();
      };
      await Promise.all(members.slice(0, senders).map(loop));
    },
  },
  {
    name: `bursts of ${senders}`,
    async run(members, messages) {
      for (let left = messages; left > 0; left -= senders) {
        await Promise.all(members.slice(0, Math.min(left, senders)).map((member) => member.say()));
      }
    },
  },
];

function createMember(socket: TLSSocket): Member {
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const waiting = new Map<unknown, () => void>();
  let delivered = 0;
  let said = 0;
  const serial = socket.localPort;
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) {
      if (frame.type === 'error') throw new Error(JSON.stringify(frame));
      if (frame.type !== 'message') continue;
      delivered++;
      waiting.get(frame.key)?.();
      waiting.delete(frame.key);
    }
  });
  return {
    delivered: () => delivered,
    say: () =>
      new Promise((resolve) => {
        const key = `${serial}-${++said}`;
        waiting.set(key, resolve);
        const text = `message ${said} of a usual length, as people write them`;
        socket.write(encodeFrame({ type: 'say', id: said + 2, room: 'lobby', text, key }));
      }),
    leave: () => void socket.destroy(),
  };
}

async function measure(
  load: Load,
  members: readonly Member[],
  { pid, messages }: { pid: number; messages: number },
) {
  const delivered = () => members.reduce((sum, member) => sum + member.delivered(), 0);
  const before = { delivered: delivered(), cpu: cpuOf(pid), at: performance.now() };
  const wanted = before.delivered + messages * members.length;
  await load.run(members, messages);
  while (delivered() < wanted) await setTimeout(5);
  const seconds = (performance.now() - before.at) / 1000;
  const deliveries = delivered() - before.delivered;
  return { micros: (cpuOf(pid) - before.cpu) / deliveries, perSecond: deliveries / seconds };
}

async function main(): Promise<void> {
  const [count = 200, messages = 300] = process.argv.slice(2).map(Number);
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
  const tokens = await seed(folder, count);
  const { server, port } = await startProgram(folder, []);
  const pid = server.pid ?? 0;
  const members: Member[] = [];
  try {
    for (const token of tokens) members.push(createMember(await enter(port, token)));
    // The notices of the last arrivals are out, and the code is warm.
    for (let i = 0; i < 100; i++) await members[i % count]?.say();
    await setTimeout(1_500);
    process.stdout.write(`${count} members, ${messages} messages a load\n`);
    process.stdout.write(
      'load                     server us/delivery   deliveries/s   cost against the first\n',
    );
    let first = 0;
    for (const load of loads) {
      const { micros, perSecond } = await measure(load, members, { pid, messages });
      first ||= micros;
      const figures = [micros.toFixed(2).padStart(19), Math.round(perSecond).toString().padStart(14)];
      process.stdout.write(
        `${load.name.padEnd(24)} ${figures.join(' ')}   ${(micros / first).toFixed(2).padStart(22)}\n`,
      );
    }
  } finally {
    for (const member of members) member.leave();
    server.kill('SIGTERM');
    await once(server, 'exit');
    await rm(folder, { recursive: true });
  }
}

await main();
