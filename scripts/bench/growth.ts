/**
 * How the server's work grows with the members of a room: what a delivery costs, and what one more person costs it and
 * everyone else. Build, then run:
 *
 *     npm run build && node dist/scripts/bench/growth.js [members..., default 50 500 2000 5000]
 *
 * The server is the built program in a process of its own, the members are in others. Growth is the power of the number of
 * members: 0 for what does not depend on it, 1 for what is proportional to it. Ends with exit code 1 where something grows
 * faster than its goal.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createFrameReader, encodeFrame, type RawFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { type Crowds, startCrowds } from './crowds.js';
import { cpuOf, enter, seed, startProgram } from './program.js';
import { type Goal, isMet, numbersOf, report } from './report.js';

const perSecond = 20;
const seconds = 5;
const times = 5;
/** Longer than the notices of a large room are gathered. */
const noticeMs = 1_200;
const actors = 1 + times;

/** What one of them costs: the server's CPU in milliseconds, bytes to the one who asks, and to all others together. */
interface Cost {
  readonly cpuMs: number;
  readonly own: number;
  readonly others: number;
}

interface Costs {
  readonly members: number;
  readonly microsPerDelivery: number;
  readonly ofOne: Readonly<Record<What, Cost>>;
}

/** The power of the number of members with which CPU, own bytes and others' bytes may grow; a bit more is noise. */
const mostGrowth = {
  'sign-in of one more': [1, 0, 1],
  'join of a room': [1, 0, 1],
  'away and back': [1, 0, 1],
  'who is online': [1, 1, 0],
  'who is in the room': [1, 1, 0],
} as const;
const noise = 0.2;

type What = keyof typeof mostGrowth;

/** A member who asks and counts. */
async function createActor(port: number, token: string) {
  const socket = await enter(port, token);
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const waiting = new Map<unknown, (reply: RawFrame) => void>();
  let bytes = 0;
  let id = 9;
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    for (const frame of reader.push(chunk)) waiting.get(frame.re)?.(frame);
  });
  return {
    /** That it has got. */
    bytes: () => bytes,
    async ask(request: RawFrame): Promise<RawFrame> {
      socket.write(encodeFrame({ ...request, id: ++id }));
      const reply = await new Promise<RawFrame>((resolve) => waiting.set(id, resolve));
      if (reply.type === 'error') throw new Error(JSON.stringify(reply));
      return reply;
    },
    say: (text: string) =>
      void socket.write(encodeFrame({ type: 'say', id: ++id, room: 'lobby', text, key: `${id}` })),
    leave: () => void socket.destroy(),
  };
}

type Actor = Awaited<ReturnType<typeof createActor>>;

interface Scene {
  readonly pid: number;
  readonly port: number;
  readonly crowds: Crowds;
  readonly actor: Actor;
  readonly members: number;
  readonly newcomers: readonly string[];
}

async function deliveries({ pid, crowds, actor, members }: Scene): Promise<number> {
  const before = { cpu: cpuOf(pid), ...(await crowds.counts()) };
  const wanted = perSecond * seconds;
  const start = performance.now();
  for (let said = 0; said < wanted; said++) {
    actor.say('message of a usual length, as people write them in a room of this kind');
    await setTimeout(Math.max(0, start + ((said + 1) * 1000) / perSecond - performance.now()));
  }
  while ((await crowds.counts()).messages - before.messages < wanted * members) await setTimeout(50);
  return (cpuOf(pid) - before.cpu) / (wanted * members);
}

/** @param act does it `times` times @returns the bytes of the one who asked */
async function costOf({ pid, crowds }: Scene, act: () => Promise<number>): Promise<Cost> {
  const before = { cpu: cpuOf(pid), ...(await crowds.counts()) };
  const own = await act();
  const { bytes } = await crowds.counts();
  return {
    cpuMs: (cpuOf(pid) - before.cpu) / 1000 / times,
    own: own / times,
    others: (bytes - before.bytes) / times,
  };
}

/** @param change is asked for, then taken back, each with its notice to everyone */
async function changes({ actor }: Scene, change: readonly RawFrame[]): Promise<number> {
  const before = actor.bytes();
  for (let i = 0; i < times; i++) {
    for (const request of change) {
      await actor.ask(request);
      await setTimeout(noticeMs);
    }
  }
  return actor.bytes() - before;
}

async function signIns({ port, newcomers }: Scene): Promise<number> {
  let own = 0;
  for (const token of newcomers) {
    const socket = await enter(port, token);
    own += socket.bytesRead;
    socket.on('error', () => {});
    await setTimeout(noticeMs);
    socket.destroy();
    await setTimeout(noticeMs);
  }
  return own;
}

async function lists({ actor }: Scene, room: { room?: string }): Promise<number> {
  const before = actor.bytes();
  for (let i = 0; i < times; i++) {
    let after = '';
    for (let more = true; more; ) {
      const reply = await actor.ask({ type: 'who', ...room, ...(after !== '' && { after }) });
      after = (reply.people as { name: string }[]).at(-1)?.name ?? '';
      more = reply.more === true;
    }
  }
  return actor.bytes() - before;
}

async function costsOf(scene: Scene): Promise<Costs> {
  const { crowds, actor, members } = scene;
  await actor.ask({ type: 'join', room: 'big' });
  await crowds.send({ type: 'join', id: 9, room: 'big' });
  await setTimeout(noticeMs);
  while (((await actor.ask({ type: 'rooms' })).rooms as { members: number }[]).some(fewer))
    await setTimeout(500);
  function fewer({ members: there }: { members: number }) {
    return there < members;
  }
  await setTimeout(2 * noticeMs);
  const join = [
    { type: 'leave', room: 'big' },
    { type: 'join', room: 'big' },
  ];
  const away = [{ type: 'away', text: 'lunch' }, { type: 'back' }];
  return {
    members,
    microsPerDelivery: await deliveries(scene),
    ofOne: {
      'sign-in of one more': await costOf(scene, () => signIns(scene)),
      'join of a room': await costOf(scene, () => changes(scene, join)),
      'away and back': await costOf(scene, () => changes(scene, away)),
      'who is online': await costOf(scene, () => lists(scene, {})),
      'who is in the room': await costOf(scene, () => lists(scene, { room: 'lobby' })),
    },
  };
}

async function measure(members: number): Promise<Costs> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-bench-'));
  const tokens = await seed(folder, members + actors);
  const [first = '', ...newcomers] = tokens.splice(members);
  const { server, port } = await startProgram(folder, []);
  const crowds = startCrowds(port);
  try {
    await crowds.enter(tokens);
    const actor = await createActor(port, first);
    const costs = await costsOf({ pid: server.pid ?? 0, port, crowds, actor, members, newcomers });
    actor.leave();
    return costs;
  } finally {
    await crowds.leave();
    server.kill('SIGTERM');
    await once(server, 'exit');
    await rm(folder, { recursive: true });
  }
}

/** The power with which a figure grows from one size to the next. */
function growth(from: readonly [number, number], to: readonly [number, number]): number {
  return Math.log(Math.max(1, to[1]) / Math.max(1, from[1])) / Math.log(to[0] / from[0]);
}

function goals(all: readonly Costs[]): Goal[] {
  // Below, notices are by name.
  const [small, large] = [all.find(({ members }) => members > limits.presenceNamed), all.at(-1)];
  if (small === undefined || large === undefined || small === large) return [];
  const [least] = all;
  const at2000 = all.find(({ members }) => members === 2_000);
  const perDelivery =
    at2000 === undefined ? [] : [at2000.microsPerDelivery / (least?.microsPerDelivery ?? 1)];
  return [
    ...perDelivery.map((figure) => ({
      what: `CPU of a delivery with 2,000 members beside ${least?.members}`,
      figure,
      limit: { most: 1.05 },
    })),
    ...(Object.keys(mostGrowth) as What[]).flatMap((what) =>
      (['cpuMs', 'own', 'others'] as const).map((field, index): Goal => {
        const at = ({ members, ofOne }: Costs) => [members, ofOne[what][field]] as const;
        const most = (mostGrowth[what][index] ?? 0) + noise;
        return { what: `growth of ${what}, ${field}`, figure: growth(at(small), at(large)), limit: { most } };
      }),
    ),
  ];
}

const sizes = numbersOf(process.argv);
const all: Costs[] = [];
for (const members of sizes.length > 0 ? sizes : [50, 500, 2_000, 5_000]) {
  all.push(await measure(members));
}
const results = goals(all);
report({
  name: 'growth',
  tables: [
    {
      title: `CPU of a delivery, ${perSecond} messages a second`,
      columns: ['members', 'us'],
      rows: all.map(({ members, microsPerDelivery }) => [String(members), microsPerDelivery]),
    },
    ...(Object.keys(mostGrowth) as What[]).map((what) => ({
      title: `${what}, on average of ${times}`,
      columns: ['members', 'CPU ms', 'own bytes', "others' bytes"],
      rows: all.map(({ members, ofOne }): [string, ...number[]] => {
        const { cpuMs, own, others } = ofOne[what];
        return [String(members), cpuMs, own, others];
      }),
    })),
  ],
  goals: results,
});
if (!results.every(isMet)) process.exitCode = 1;
