/**
 * A server under people who send anything: requests in any state and order, frames that are nearly right, recorded
 * sessions with damage. A run is a list of steps; what must hold throughout is checked after each rest.
 */
import fc from 'fast-check';
import { Secret, TOTP } from 'otpauth';
import type { ServerFrame } from '../../lib/protocol/events.js';
import { encodeFrame } from '../../lib/protocol/frame.js';
import type { Role } from '../../lib/protocol/records.js';
import { requestSchemas, requestTypes } from '../../lib/protocol/requests.js';
import { type ByteChange, byteChanges, changed, pieces } from './byte-changes.js';
import { anyText, type FieldValues, nearly, strangers, valuesOf } from './frame-arbitraries.js';
import { type ProbedConnection, probe } from './probed-connection.js';
import { password, type SceneClient, type SessionScene, sessionScene } from './session-scene.js';
import { turns } from './turns.js';

const people = ['ada', 'mona', 'ben', 'cleo'];
const roles: Readonly<Record<string, Role>> = { ada: 'admin', mona: 'moderator' };
const otherPassword = 'another good one';
const rooms = ['lobby', 'den', 'attic', 'vault'];

/** Stands for what only the run knows: a new key, or the newest secret of the person who sends it. */
const fill = { key: '@key', token: '@token', code: '@code', otp: '@otp' } as const;

const fields: FieldValues = {
  name: fc.constantFrom(...people, 'dora', 'wendy', 'nobody', 'ADA', 'admin'),
  room: fc.oneof(fc.constantFrom(...rooms), fc.constantFrom('LOBBY', '__proto__', 'constructor', 'gone')),
  password: fc.constantFrom(password, password, otherPassword, 'wrong'),
  old: fc.constantFrom(password, otherPassword),
  key: fc.constantFrom(fill.key, fill.key, fill.key, 'k1', 'k2', '__proto__'),
  token: fc.constantFrom(fill.token, fill.token, 'no-token'),
  code: fc.constantFrom(fill.code, fill.code, 'no-code'),
  otp: fc.constantFrom(fill.otp, fill.otp, '000000'),
  of: fc.integer({ min: 1, max: 40 }),
  seq: fc.integer({ min: 0, max: 40 }),
  emoji: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('+1', ':tada:', '👍', '🦊', '❤', '1️⃣', '__proto__', '') },
    { weight: 1, arbitrary: anyText },
  ),
  address: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.0/24', '::/16', '2001:db8::/32', '0.0.0.0/0'),
};

const to = fc.constantFrom(...people, 'wendy');
/** As in `fields`; `to` and `with` name people. */
const requests: fc.Arbitrary<object> = fc.oneof(
  ...requestTypes
    .map((type) => {
      const schema = requestSchemas[type];
      // Whether a request names a room or a person, seldom both.
      const clear = valuesOf(schema, { ...fields, to, with: to }).map((value) => {
        const frame = value as Record<string, unknown>;
        if (frame.room !== undefined && type !== 'search') delete frame.to;
        // Most would be replies to what is not there.
        if (type === 'say' && Number(frame.of) % 4 !== 0) delete frame.of;
        return frame;
      });
      return {
        weight: type === 'say' ? 20 : type === 'quit' || type === 'logout' ? 1 : 5,
        arbitrary: clear,
      };
    })
    .map(({ weight, arbitrary }) => ({ weight, arbitrary })),
);

/** `nothing`: stays outside. */
type Entry = 'sign-in' | 'register' | 'resume' | 'recover' | 'nothing';

type Step =
  | {
      readonly do: 'enter';
      readonly how: Entry;
      readonly attach: boolean;
    }
  | { readonly do: 'send'; readonly frames: readonly object[]; readonly sizes: readonly number[] }
  | { readonly do: 'replay'; readonly changes: readonly ByteChange[]; readonly sizes: readonly number[] }
  | { readonly do: 'leave'; readonly how: 'end' | 'destroy' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'rest' };

const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 3 });
const sentFrames = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: requests.map((frame) => ({ ...frame, id: 0 })) },
    { weight: 2, arbitrary: nearly(requests) },
    { weight: 1, arbitrary: strangers },
  ),
  { minLength: 1, maxLength: 40, size: 'max' },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('send' as const), frames: sentFrames, sizes }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('replay' as const),
      changes: fc.array(byteChanges, { maxLength: 6 }),
      sizes,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('enter' as const),
      how: fc.constantFrom<Entry>('sign-in', 'sign-in', 'register', 'resume', 'recover', 'nothing'),
      attach: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant('leave' as const), how: fc.constantFrom('end', 'destroy') }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 1, 1_000, 1_000, 20_000, 60_000) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rest' as const) }) },
);

/** What some people do, one step after the other. */
export function serverRuns(maxLength: number): fc.Arbitrary<ServerRun> {
  return fc.array(fc.tuple(fc.nat(people.length - 1), step), { minLength: 1, maxLength, size: 'max' });
}

export type ServerRun = readonly (readonly [person: number, step: Step])[];

/** @returns how many frames were sent. @throws if the server did what it must not */
export async function runServer(run: ServerRun): Promise<number> {
  const closers: (() => unknown)[] = [];
  const failures: string[] = [];
  const fail = (why: unknown) => void failures.push(String(why));
  const scene = await sessionScene({
    teardown: (close: () => unknown) => void closers.unshift(close),
    error: fail,
    match: () => true,
  } as never);
  try {
    return await play(scene, run, { failures, fail });
  } finally {
    for (const close of closers) await close();
  }
}

interface Verdict {
  readonly failures: readonly string[];
  readonly fail: (why: unknown) => void;
}

async function play(scene: SessionScene, run: ServerRun, verdict: Verdict): Promise<number> {
  const witnesses = await createWitnesses(scene, verdict);
  const crowd = people.map((name, i) =>
    createPerson(scene, { name, address: `192.0.2.${i + 1}` }, verdict.fail),
  );
  for (const name of people) await makeAccount(scene, name, roles[name] ?? 'member');
  for (const [index, step] of run) {
    if (step.do === 'wait') await witnesses.wait(step.ms);
    else if (step.do === 'rest') await rest(scene, crowd, witnesses);
    else crowd[index]?.act(step);
    check(scene, verdict);
  }
  await rest(scene, crowd, witnesses);
  for (const person of crowd) person.act({ do: 'leave', how: 'end' });
  await witnesses.leave();
  check(scene, verdict);
  return crowd.reduce((sum, person) => sum + person.frames, 0);
}

function check(scene: SessionScene, { failures }: Verdict): void {
  const [error] = scene.errors;
  if (error !== undefined) throw new Error('The server logged an error.', { cause: error });
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

/** Lets everything be answered, and sees whether two others can still talk. */
async function rest(scene: SessionScene, crowd: readonly Person[], witnesses: Witnesses): Promise<void> {
  const settled = () => crowd.every((person) => person.settled);
  const received = () => crowd.reduce((sum, person) => sum + person.received, 0);
  const missing = () => crowd.map((person) => person.owed()).join('; ');
  await witnesses.talk();
  let talked = scene.clock.ticks();
  while (!settled()) {
    const before = received();
    await until(scene, () => settled() || received() > before, missing);
    // After wrong passwords each reply may take 8 s, and they come one after the other.
    if (scene.clock.ticks() - talked < 20_000) continue;
    await witnesses.talk();
    talked = scene.clock.ticks();
  }
  await witnesses.talk();
}

/** So much time passes until the next reply; then it is stuck. */
const patienceMs = 30_000;
/** Real time, for what the disk does meanwhile. Only a server that is stuck uses it up. */
const hangMs = 60_000;

async function until(scene: SessionScene, done: () => boolean, missing: () => string): Promise<void> {
  const deadline = performance.now() + hangMs;
  for (let waited = 0; !done(); waited += 20) {
    await turns(1);
    if (waited < patienceMs) scene.clock.advance(20);
    else if (performance.now() > deadline) throw new Error(`Stuck: ${missing()}`);
  }
}

/** Of those whom no one may sign in as. */
const ownPassword = 'known to the witnesses';

async function makeAccount(scene: SessionScene, name: string, role: Role, secret = password): Promise<void> {
  const { wire } = scene.connect('203.0.113.2');
  await wire.ask({ type: 'register', name, password: secret });
  await scene.store.setRole((await scene.store.account(name))?.id ?? 0, role);
  await wire.ask({ type: 'quit' });
  await wire.closed;
}

type Witnesses = Awaited<ReturnType<typeof createWitnesses>>;

/** Two admins, out of reach for the others, who must not notice anything of all this. */
async function createWitnesses(scene: SessionScene, verdict: Verdict) {
  const { fail } = verdict;
  const [wendy, walt] = (await Promise.all(
    ['wendy', 'walt'].map(async (name) => {
      await makeAccount(scene, name, 'admin', ownPassword);
      const client = scene.connect('203.0.113.1');
      await client.wire.ask({ type: 'sign-in', name, password: ownPassword });
      await client.wire.ask({ type: 'sync' });
      return client;
    }),
  )) as [SceneClient, SceneClient];
  let said = 0;

  /** @throws if it takes too long or a witness is out */
  async function inTime(what: string, promise: Promise<unknown>): Promise<void> {
    let done = false;
    const settled = promise.then(
      () => {
        done = true;
      },
      (error) => {
        done = true;
        fail(`${what}: ${error} ${JSON.stringify([wendy, walt].map(({ wire }) => wire.all('closing')))}`);
      },
    );
    await until(
      scene,
      () => done,
      () => what,
    );
    await settled;
  }

  return {
    async talk(): Promise<void> {
      const key = `witness-${++said}`;
      const say = wendy.wire.ask({ type: 'say', room: 'lobby', text: 'still here?', key });
      await inTime(
        'a message of a witness',
        say.then((reply) => {
          if (reply.type !== 'message') fail(`a witness's message got ${JSON.stringify(reply)}`);
        }),
      );
      check(scene, verdict);
      await inTime(
        'its delivery to another',
        walt.wire.next('message', (message) => message.key === key),
      );
      await inTime('a ping', walt.wire.ask({ type: 'ping' }));
    },
    async wait(ms: number): Promise<void> {
      await inTime('pings', Promise.all([wendy, walt].map(({ wire }) => wire.ask({ type: 'ping' }))));
      // In parts, so that what is sent at an end is read before the time for it is over.
      for (let passed = 0; passed < ms; passed += 1_000) {
        scene.clock.advance(Math.min(1_000, ms - passed));
        await turns(2);
      }
    },
    async leave(): Promise<void> {
      for (const { wire } of [wendy, walt]) wire.end();
      await inTime('the end', Promise.all([wendy.wire.closed, walt.wire.closed]));
    },
  };
}

interface Person {
  act(step: Exclude<Step, { do: 'wait' | 'rest' }>): void;
  readonly settled: boolean;
  readonly frames: number;
  /** Frames from the server. */
  readonly received: number;
  owed(): string;
}

let lastKey = 0;

function createPerson(
  scene: SessionScene,
  { name, address }: { name: string; address: string },
  fail: (why: unknown) => void,
): Person {
  const connections: ProbedConnection[] = [];
  const known: { token: string; code: string; secret: string | undefined } = {
    token: 'none',
    code: 'none',
    secret: undefined,
  };
  let lastId = 0;

  let received = 0;

  function learn(frame: ServerFrame): void {
    received++;
    if (frame.type !== 'ok') return;
    known.token = frame.token ?? known.token;
    known.secret = frame.secret ?? known.secret;
    known.code = frame.recovery ?? frame.links?.[0]?.split('/').at(-1) ?? known.code;
  }

  function filled(frame: object): object {
    const values: Record<string, unknown> = { ...frame };
    if (values.id === 0) values.id = ++lastId + 1_000;
    for (const [field, value] of Object.entries(values)) {
      if (value === fill.key) values[field] = `key-${++lastKey}`;
      if (value === fill.token) values[field] = known.token;
      if (value === fill.code) values[field] = known.code;
      if (value === fill.otp) values[field] = otp(known.secret, scene.clock.now());
    }
    return values;
  }

  function open(): ProbedConnection {
    const { peer } = scene.dial(address);
    const connection = probe(peer, learn, fail);
    connections.push(connection);
    return connection;
  }

  function enter(how: Entry, mode: 'attach' | 'take-over'): ProbedConnection {
    const signIns = [password, otherPassword].map((each) => ({
      ...{ type: 'sign-in', name, password: each, mode },
      ...(known.secret !== undefined && { otp: fill.otp }),
    }));
    const entries: Record<Entry, object[]> = {
      'sign-in': signIns,
      register: [{ type: 'register', name: `${name}-${connections.length}`, password }],
      resume: [{ type: 'resume', token: fill.token, mode }],
      recover: [{ type: 'recover', name, password, code: fill.code }],
      nothing: [],
    };
    const connection = open();
    const frames = how === 'nothing' ? [] : [...entries[how], { type: 'sync' }];
    for (const frame of frames) connection.write(encodeFrame(filled({ id: 0, ...frame })));
    return connection;
  }

  function current(): ProbedConnection {
    const last = connections.at(-1);
    return last === undefined || last.isClosed ? enter('sign-in', 'attach') : last;
  }

  function send(connection: ProbedConnection, bytes: Buffer, cuts: readonly number[]): void {
    for (const piece of pieces(bytes, cuts)) connection.write(piece);
  }

  return {
    act(step) {
      switch (step.do) {
        case 'enter':
          enter(step.how, step.attach ? 'attach' : 'take-over');
          break;
        case 'send':
          send(current(), Buffer.concat(step.frames.map((frame) => encodeFrame(filled(frame)))), step.sizes);
          break;
        case 'replay': {
          const frames = recorded(name).map((frame) => encodeFrame(filled({ id: 0, ...frame })));
          send(open(), changed(frames, step.changes), step.sizes);
          break;
        }
        case 'leave':
          connections.at(-1)?.leave(step.how);
          break;
        default:
          step satisfies never;
      }
    },
    get settled() {
      return connections.every((connection) => connection.settled);
    },
    get frames() {
      return connections.reduce((sum, { frames }) => sum + frames, 0);
    },
    get received() {
      return received;
    },
    owed: () => `${name}: ${connections.filter((each) => !each.settled).map((each) => each.owed())}`,
  };
}

function otp(secret: string | undefined, timestamp: number): string {
  return secret === undefined
    ? '000000'
    : new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp });
}

/** A session as a client would have it. */
function recorded(name: string): object[] {
  return [
    { type: 'check-name', name: 'dora', code: fill.code },
    { type: 'sign-in', name, password, mode: 'attach' },
    { type: 'sync', rooms: { lobby: 0 }, direct: { ben: 1 } },
    { type: 'say', room: 'lobby', text: 'good morning', key: fill.key },
    { type: 'join', room: 'den' },
    { type: 'say', room: 'den', text: 'who is here?\n\u{1f468}\u200d\u{1f469}', key: fill.key, action: true },
    { type: 'say', to: 'ben', text: 'psst', key: fill.key },
    { type: 'edit', of: 3, text: 'better' },
    { type: 'say', room: 'lobby', text: 'indeed', of: 3, key: fill.key },
    { type: 'react', of: 3, emoji: '+1' },
    { type: 'pin', of: 3 },
    { type: 'pins', room: 'lobby' },
    { type: 'unpin', of: 3 },
    { type: 'history', room: 'lobby', before: 40, limit: 10 },
    { type: 'search', words: 'good "morning"', limit: 5 },
    { type: 'set-topic', room: 'den', topic: 'tea' },
    { type: 'set-rules', room: 'den', restrict: ['links', 'caps'], slow: 1_000 },
    { type: 'read', room: 'lobby', seq: 5 },
    { type: 'who', room: 'den' },
    { type: 'offer', room: 'lobby', name: 'a.txt', size: 3, hash: 'x'.repeat(43), key: fill.key },
    { type: 'begin-factor', password },
    { type: 'away', text: 'lunch' },
    { type: 'quit', reason: 'bye' },
  ];
}
