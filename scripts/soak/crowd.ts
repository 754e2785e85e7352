/**
 * The people of a soak, all in one process, forked by scripts/soak.ts: they talk, join and leave rooms, read back, send
 * files, go away without a word and come back. Reports what they did; knows the protocol, not the server's process.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { alpn, fileAlpn } from '../../lib/protocol/events.js';
import { createFrameReader, encodeFrame, type RawFrame, readFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';

export interface CrowdOrder {
  readonly port: number;
  readonly password: string;
  readonly people: readonly { readonly name: string; readonly token: string }[];
  /** Mean pause between two things that a person does. */
  readonly pauseMs: number;
}

/** Counts since the start; `online` is now. */
export interface CrowdReport {
  readonly online: number;
  readonly done: Readonly<Record<string, number>>;
  /** What should not have happened, and how often. */
  readonly unexpected: Readonly<Record<string, number>>;
}

interface Line {
  /** Rejects when the connection ends before the reply. */
  ask(request: RawFrame): Promise<RawFrame>;
  /** Stops reading and pinging, as a machine that fell asleep. */
  fallSilent(): void;
  drop(): void;
  readonly closed: Promise<unknown>;
  readonly isClosed: () => boolean;
}

interface Person {
  readonly name: string;
  token: string;
  readonly rooms: Record<string, number>;
  readonly direct: Record<string, number>;
}

const rooms = Array.from({ length: 24 }, (_, n) => `room-${n}`);
// What a person can meet without anyone's fault.
const usual = new Set(['rate-limited', 'limit-reached', 'not-a-member', 'room-would-end', 'busy']);
const replyMs = 60_000;
const gone = new Error('The connection closed.');

const done: Record<string, number> = {};
const unexpected: Record<string, number> = {};
let online = 0;
let lastKey = 0;

function count(what: string): void {
  done[what] = (done[what] ?? 0) + 1;
}

function wonder(what: string): void {
  unexpected[what] = (unexpected[what] ?? 0) + 1;
}

/** Exponential, as independent people are. */
function about(ms: number): number {
  return -Math.log(1 - Math.random()) * ms;
}

function oneOf<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}

/** Everyone has an address of their own, as the server counts connections by it. */
async function dial(port: number, index: number, protocol: string): Promise<TLSSocket> {
  const localAddress = `127.1.${index >> 7}.${(index % 128) + 1}`;
  // The types of tls lack what it hands on to net.
  const options: ConnectionOptions & { localAddress: string } = {
    host: '127.0.0.1',
    port,
    localAddress,
    ALPNProtocols: [protocol],
    rejectUnauthorized: false,
  };
  const socket = connect(options);
  socket.on('error', () => {});
  await Promise.race([
    once(socket, 'secureConnect'),
    once(socket, 'close').then(() => {
      throw gone;
    }),
  ]);
  return socket;
}

function createLine(socket: TLSSocket, hear: (frame: RawFrame) => void): Line {
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const waiting = new Map<unknown, (frame: RawFrame) => void>();
  let id = 0;
  let closed = false;
  const ping = setInterval(() => void ask({ type: 'ping' }).catch(() => {}), limits.pingMs);
  const end = once(socket, 'close').then(() => {
    closed = true;
    clearInterval(ping);
  });
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) {
      const answered = frame.re ?? frame.key;
      waiting.get(answered)?.(frame);
      waiting.delete(answered);
      if (frame.re === undefined) hear(frame);
    }
  });

  async function ask(request: RawFrame): Promise<RawFrame> {
    if (closed) throw gone;
    const mine = ++id;
    const late = new AbortController();
    const reply = new Promise<RawFrame>((resolve) => {
      waiting.set(mine, resolve);
      if (request.type === 'say') waiting.set(request.key, resolve);
    });
    socket.write(encodeFrame({ ...request, id: mine }));
    try {
      const answer = await Promise.race([
        reply,
        end.then(() => Promise.reject(gone)),
        setTimeout(replyMs, undefined, { signal: late.signal, ref: false }).then(() => {
          wonder(`no reply to ${request.type}`);
          throw gone;
        }),
      ]);
      if (answer.type === 'error' && !usual.has(String(answer.code)))
        wonder(`${request.type}: ${answer.code}`);
      return answer;
    } finally {
      late.abort();
      waiting.delete(mine);
      waiting.delete(request.key);
    }
  }

  return {
    ask,
    closed: end,
    isClosed: () => closed,
    fallSilent() {
      clearInterval(ping);
      socket.pause();
    },
    drop: () => void socket.destroy(),
  };
}

/** Keeps what is needed to come back to where this person was. */
function remember(person: Person, frame: RawFrame): void {
  const { type, seq, room, to, from } = frame;
  if (type === 'message') count('deliveries');
  if (typeof seq !== 'number') return;
  if (typeof room === 'string' && type !== 'seen') person.rooms[room] = seq;
  else if (typeof to === 'string') person.direct[to === person.name ? String(from) : to] = seq;
}

async function come(order: CrowdOrder, person: Person, index: number): Promise<Line> {
  const socket = await dial(order.port, index, alpn);
  let closing: unknown;
  const line = createLine(socket, (frame) => {
    if (frame.type === 'closing') closing = frame.code;
    remember(person, frame);
  });
  const signsIn = person.token === '';
  const reply = await line.ask(
    signsIn
      ? { type: 'sign-in', name: person.name, password: order.password, mode: 'take-over' }
      : { type: 'resume', token: person.token, mode: 'take-over' },
  );
  if (reply.type !== 'ok') {
    line.drop();
    throw gone;
  }
  person.token = String(reply.token);
  await line.ask({ type: 'sync', rooms: { ...person.rooms }, direct: { ...person.direct } });
  count(signsIn ? 'sign-ins' : 'resumed');
  online++;
  void line.closed.then(() => {
    online--;
    if (closing !== undefined && closing !== 'signed-out' && closing !== 'timed-out')
      wonder(`closing: ${closing}`);
  });
  return line;
}

function somewhere(person: Person, order: CrowdOrder): { room: string } | { to: string } {
  const chance = Math.random();
  if (chance < 0.15) {
    const { name } = oneOf(order.people);
    return name === person.name ? { room: 'lobby' } : { to: name };
  }
  return { room: chance < 0.4 ? 'lobby' : oneOf(Object.keys(person.rooms).concat('lobby')) };
}

async function sendFile(order: CrowdOrder, index: number, where: object, line: Line): Promise<void> {
  const bytes = randomBytes(1_000 + Math.floor(Math.random() * 100_000));
  const hash = createHash('sha256').update(bytes).digest('base64url');
  const offer = {
    type: 'offer',
    ...where,
    name: 'notes.bin',
    size: bytes.length,
    hash,
    key: `f-${index}-${++lastKey}`,
  };
  const { ticket } = await line.ask(offer);
  if (typeof ticket !== 'string') return;
  const socket = await dial(order.port, index, fileAlpn);
  try {
    socket.write(encodeFrame({ type: 'upload', ticket }));
    const ready = await readFrame(socket, limits.frameBytes);
    // Some uploads are given up half-way.
    const whole = Math.random() < 0.8;
    socket.write(whole ? bytes : bytes.subarray(0, bytes.length >> 1));
    if (!whole) return count('uploads given up');
    const kept = await readFrame(socket, limits.frameBytes);
    if (ready === undefined || kept === undefined) throw gone;
    count('uploads');
  } finally {
    socket.destroy();
  }
}

/** One thing that people do. @returns whether the person stays */
async function act(order: CrowdOrder, person: Person, index: number, line: Line): Promise<boolean> {
  const chance = Math.random() * 100;
  const where = somewhere(person, order);
  if (chance < 68) {
    const key = `k-${process.pid}-${++lastKey}`;
    const text = `message ${lastKey} ${'of a usual length, as people write them '.repeat(1 + Math.floor(Math.random() * 3))}`;
    const reply = await line.ask({ type: 'say', ...where, text, key });
    if (reply.type !== 'error') count('messages');
  } else if (chance < 76) {
    const conversation = 'to' in where ? { with: where.to } : where;
    const page = await line.ask({ type: 'history', ...conversation, limit: 50 });
    count('pages of history');
    const messages = Array.isArray(page.messages) ? page.messages : [];
    if (messages.length === 0 || Math.random() < 0.5) return true;
    await line.ask({ type: 'react', of: oneOf(messages).seq, emoji: oneOf(['+1', 'tada', 'eyes']) });
    count('reactions');
  } else if (chance < 79) {
    await line.ask({ type: 'search', words: 'usual length', limit: 20 });
    count('searches');
  } else if (chance < 84) {
    const room = oneOf(rooms);
    await line.ask({ type: 'join', room });
    person.rooms[room] ??= 0;
    count('joined');
  } else if (chance < 87) {
    const room = Object.keys(person.rooms).find((name) => name !== 'lobby');
    if (room === undefined) return true;
    await line.ask({ type: 'leave', room });
    delete person.rooms[room];
    count('left');
  } else if (chance < 90) {
    await sendFile(order, index, where, line);
  } else if (chance < 97) {
    count('dropped');
    return false;
  } else if (chance < 99) {
    count('fell silent');
    line.fallSilent();
    // The server hangs up meanwhile; a socket that does not read never notices.
    await setTimeout(limits.deadMs * 1.2);
    return false;
  } else {
    await line.ask({ type: 'quit' });
    person.token = '';
    count('quit');
    return false;
  }
  return true;
}

async function live(order: CrowdOrder, index: number): Promise<never> {
  const person: Person = { name: '', token: '', ...order.people[index], rooms: {}, direct: {} };
  await setTimeout(Math.random() * order.pauseMs);
  for (;;) {
    let line: Line | undefined;
    try {
      line = await come(order, person, index);
      let stays = true;
      while (stays) {
        await Promise.race([setTimeout(about(order.pauseMs)), line.closed]);
        if (line.isClosed()) throw gone;
        stays = await act(order, person, index, line);
      }
    } catch (error) {
      if (error !== gone) throw error;
      wonder('a connection ended');
    }
    line?.drop();
    await setTimeout(about(order.pauseMs / 2));
  }
}

process.once('message', (order: CrowdOrder) => {
  order.people.forEach((_, index) => void live(order, index));
  setInterval(() => process.send?.({ online, done, unexpected } satisfies CrowdReport), 1_000);
});
process.once('disconnect', () => process.exit());
