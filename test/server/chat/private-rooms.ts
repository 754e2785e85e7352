/** A private room, and what two people say to each other, against every role on every path of the wire. */

import t, { type Test } from 'tap';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import type { ServerFrame } from '../../../lib/protocol/events.js';
import type { FileInfo } from '../../../lib/protocol/records.js';
import { hashToken } from '../../../lib/server/auth/tokens.js';
import type { Account } from '../../../lib/store/account-store.js';
import type { ConversationKey, NewEntry } from '../../../lib/store/message-store.js';
import type { Store } from '../../../lib/store/store.js';
import { fence, outcome, post, requestOk } from '../../support/requests.js';
import { ok, password, runServer, type TestServer } from '../../support/running-server.js';
import { kept } from '../../support/store-subject.js';
import type { WireClient } from '../../support/wire-client.js';

const secret = 'xylophone';
const room = 'hideout';
/** A room, a message and a person that never were. */
const never = { room: 'neverwas', seq: 987_654 };

const file: FileInfo = { name: 'plan.txt', size: 3, hash: 'A'.repeat(43) };
const code = 'c'.repeat(22);

/** Olga owns it, mona moderates it, mike is a member and said all that is in it. */
const insiders = { owner: 'olga', moderator: 'mona', member: 'mike' } as const;
/** Stan and bart were never in it, and all its members block bart; the admin is not in it. */
const outsiders = {
  'former member': 'finn',
  stranger: 'stan',
  'blocked stranger': 'bart',
  'admin who is a stranger': 'adele',
} as const;
const invited = 'ines';
const people = [...Object.values(insiders), invited, 'finn', 'stan', 'bart', 'nora'];

type Column = keyof typeof insiders | 'invited' | 'outsider';
type Expected = Readonly<Record<Column, string>>;

interface Marks {
  /** A message of mike's for each request that changes one, and one with a file. */
  readonly edited: number;
  readonly removed: number;
  readonly file: number;
}

interface Path {
  readonly name: string;
  ask(room: string, marks: Marks): RequestBody;
  readonly expected: Expected;
}

const members = (inside: string, outside: string): Expected => ({
  ...{ owner: inside, moderator: inside, member: inside },
  ...{ invited: outside, outsider: outside },
});
const noRoom = 'no-such-room';
const noMessage = 'no-such-message';
let offers = 0;

/** The last ones add or remove a member. */
const paths: readonly Path[] = [
  {
    name: 'say',
    ask: (to) => ({ type: 'say', room: to, text: 'hello?', key: `hello-${to}` }),
    expected: members('ok', noRoom),
  },
  {
    name: 'say in upper case',
    ask: (to) => ({ type: 'say', room: to.toUpperCase(), text: 'hello?', key: `HELLO-${to}` }),
    expected: members('ok', noRoom),
  },
  { name: 'history', ask: (of) => ({ type: 'history', room: of }), expected: members('ok', noRoom) },
  {
    name: 'history since',
    ask: (of) => ({ type: 'history', room: of, since: '2020-01-01T00:00:00Z' }),
    expected: members('ok', noRoom),
  },
  { name: 'files', ask: (of) => ({ type: 'files', room: of }), expected: members('ok', noRoom) },
  {
    name: 'search in it',
    ask: (of) => ({ type: 'search', words: secret, room: of }),
    expected: members('ok', noRoom),
  },
  { name: 'who is in it', ask: (of) => ({ type: 'who', room: of }), expected: members('ok', noRoom) },
  { name: 'read', ask: (of) => ({ type: 'read', room: of, seq: 1 }), expected: members('ok', noRoom) },
  {
    name: 'offer a file',
    ask: (to) => ({ type: 'offer', room: to, ...file, key: `offer-${++offers}` }),
    expected: members('ok', noRoom),
  },
  {
    name: 'fetch a file',
    ask: (_, { file: of }) => ({ type: 'fetch', of }),
    expected: members('ok', 'no-such-file'),
  },
  {
    name: 'set its topic',
    ask: (of) => ({ type: 'set-topic', room: of, topic: 'mine' }),
    expected: { ...members('ok', noRoom), member: 'not-allowed' },
  },
  {
    name: 'invite into it',
    ask: (to) => ({ type: 'invite', room: to, name: 'nora' }),
    expected: members('ok', noRoom),
  },
  {
    name: 'invite an unknown name',
    ask: (to) => ({ type: 'invite', room: to, name: 'nobody1' }),
    expected: members('no-such-name', noRoom),
  },
  {
    name: 'appoint in it',
    ask: (of) => ({ type: 'appoint', room: of, name: 'mike', role: 'member' }),
    expected: { ...members('not-allowed', noRoom), owner: 'ok' },
  },
  {
    name: 'reply to a message',
    ask: (to, { edited: of }) => ({ type: 'say', room: to, text: 'yes', of, key: `reply-${to}` }),
    expected: members('ok', noRoom),
  },
  {
    name: 'quote a message in another room',
    ask: (_, { edited: of }) => ({ type: 'say', room: 'lobby', text: 'yes', of, key: 'quote' }),
    expected: members(noMessage, noMessage),
  },
  {
    name: 'react to a message',
    ask: (_, { edited: of }) => ({ type: 'react', of, emoji: 'eyes' }),
    expected: members('ok', noMessage),
  },
  {
    name: 'pin a message',
    ask: (_, { edited: of }) => ({ type: 'pin', of }),
    expected: { ...members('ok', noMessage), member: 'not-allowed' },
  },
  {
    name: 'unpin a message',
    ask: (_, { edited: of }) => ({ type: 'unpin', of }),
    expected: { ...members('ok', noMessage), member: 'not-allowed' },
  },
  { name: 'pinned messages', ask: (of) => ({ type: 'pins', room: of }), expected: members('ok', noRoom) },
  {
    name: 'edit a message',
    ask: (_, { edited: of }) => ({ type: 'edit', of, text: 'changed' }),
    expected: { ...members('not-allowed', noMessage), member: 'ok' },
  },
  {
    name: 'remove a message',
    ask: (_, { removed: of }) => ({ type: 'remove', of }),
    expected: members('ok', noMessage),
  },
  {
    name: 'refuse an invitation, or leave',
    ask: (of) => ({ type: 'leave', room: of }),
    expected: { ...members('ok', noRoom), invited: 'ok' },
  },
];

interface House extends Marks {
  readonly server: TestServer;
  readonly last: number;
}

/** A server with the room and its people in its data. */
async function openHouse(t: Test): Promise<House> {
  const seqs: number[] = [];
  const server = await runServer(t, {
    people,
    async prepare(store, accounts) {
      seqs.push(...(await furnish(store, accounts)));
    },
  });
  const [edited = 0, removed = 0, announced = 0, last = 0] = seqs;
  return { server, edited, removed, file: announced, last };
}

async function furnish(store: Store, accounts: ReadonlyMap<string, Account>): Promise<number[]> {
  const id = (name: string) => accounts.get(name)?.id ?? 0;
  const at = Date.now();
  await store.createInvite({ code: hashToken(code), role: 'admin', uses: 1, expires: at + 60_000, at });
  const made = await store.createRoom({ name: room, private: true, owner: id('olga'), at });
  if (made.outcome !== 'created') throw new Error(made.outcome);
  for (const name of ['mona', 'mike', 'finn', invited]) {
    await store.inviteToRoom({ room: made.room.id, account: id(name), by: id('olga'), at });
    if (name !== invited) await store.joinRoom(id(name), made.room.id);
  }
  await store.setRoomRole(id('mona'), made.room.id, 'moderator');
  for (const name of Object.values(insiders)) await store.block(id(name), id('bart'));
  const target: ConversationKey = { room: made.room.id };
  const entry = (key: string, rest: Partial<NewEntry> = {}): NewEntry => ({
    ...{ target, account: id('mike'), key, text: `${secret} ${key}`, action: false, at },
    ...rest,
  });
  const said = [
    await kept(store, entry('first')),
    await kept(store, entry('second')),
    await kept(store, entry('third', { text: `${secret}.txt`, file })),
  ];
  const topic = { room: made.room.id, account: id('olga'), topic: `about ${secret}`, at };
  await store.setTopic(topic);
  said.push(await kept(store, entry('last')));
  await store.leaveRoom(id('finn'), made.room.id, { end: false });
  return said.map(({ seq }) => seq);
}

/** Signed in and not synced, with what the sign-in said. */
async function comes({ server }: House, name: string): Promise<WireClient> {
  const client = await server.dial();
  const signIn = people.includes(name)
    ? ({ type: 'resume', token: server.token(name) } as const)
    : ({ type: 'register', name, password, code } as const);
  ok(await client.ask(signIn));
  return client;
}

/** Everything that a client received, except about itself. */
function traces(frames: readonly ServerFrame[]): string[] {
  return frames
    .map((frame) => JSON.stringify(frame))
    .filter((text) => text.includes(room) || text.includes(secret));
}

/** A refusal without what differs by the request alone. */
async function refusal(client: WireClient, request: RequestBody): Promise<object> {
  const { re: _, ...rest } = { re: 0, ...(await client.ask(request)) };
  return JSON.parse(JSON.stringify(rest).replaceAll(never.room, room));
}

async function everythingHappens(house: House, olga: WireClient): Promise<void> {
  const mike = await house.server.enter('mike');
  const { seq } = await post(mike, { room }, `${secret} now`);
  await requestOk(mike, { type: 'edit', of: seq, text: `${secret} then` });
  await requestOk(mike, { type: 'react', of: seq, emoji: '+1' });
  await requestOk(olga, { type: 'pin', of: seq });
  await requestOk(olga, { type: 'unpin', of: seq });
  await requestOk(olga, { type: 'remove', of: seq });
  await requestOk(olga, { type: 'set-topic', room, topic: `more ${secret}` });
  await requestOk(olga, { type: 'appoint', room, name: 'mike', role: 'moderator' });
  await requestOk(olga, { type: 'invite', room, name: 'nora' });
  const nora = await house.server.enter('nora');
  await requestOk(nora, { type: 'join', room });
  await requestOk(nora, { type: 'leave', room });
  await fence(olga, room, mike);
  const entries = ['message', 'edited', 'removed', 'reaction', 'pinned', 'unpinned', 'topic'];
  const seen = [...entries, 'role', 'joined', 'left'];
  for (const type of seen) {
    if (!traces(olga.frames.filter((frame) => frame.type === type)).length)
      throw new Error(`no ${type} event`);
  }
  // Only now is he the member again that the table means.
  await requestOk(olga, { type: 'appoint', room, name: 'mike', role: 'member' });
  mike.destroy();
}

const readings: readonly RequestBody[] = [
  { type: 'rooms' },
  { type: 'who' },
  { type: 'search', words: secret },
  { type: 'search', words: secret.slice(0, 4) },
  { type: 'search', words: '' },
  { type: 'search', words: secret, from: 'mike' },
  { type: 'search', words: '', from: 'mike' },
  { type: 'history', with: 'mike' },
  { type: 'files', with: 'mike' },
  { type: 'history', room: 'lobby' },
  { type: 'blocks' },
];

for (const [column, name] of Object.entries(insiders) as [keyof typeof insiders, string][]) {
  t.test(`${column}: everything is there`, async (t) => {
    const house = await openHouse(t);
    const client = await comes(house, name);
    t.match(traces(client.frames).join(), `"topic":"about ${secret}"`, 'in the reply to the sign-in');
    await requestOk(client, { type: 'sync', rooms: { [room]: house.removed } });
    t.same(
      client.all('message').map(({ seq }) => seq),
      [house.file, house.last],
      'from its position on',
    );
    for (const words of [secret, secret.slice(0, 4)]) {
      t.equal((await requestOk(client, { type: 'search', words, from: 'mike' })).found?.length, 4);
    }
    for (const path of paths) {
      t.equal(await outcome(client, path.ask(room, house)), path.expected[column], path.name);
    }
    t.equal(await outcome(client, { type: 'history', room }), noRoom, 'who left is a stranger');
    t.same(house.server.errors, []);
  });
}

for (const [who, name] of [...Object.entries(outsiders), ['invited', invited] as const]) {
  t.test(`${who}: the room does not exist`, async (t) => {
    const house = await openHouse(t);
    const client = await comes(house, name);
    const column = who === 'invited' ? 'invited' : 'outsider';
    // They know that the room is there, what it is about and who invites them: no more.
    const invitation = { type: 'invited', room, by: 'olga', topic: `about ${secret}` };
    const known = (frames: readonly ServerFrame[]) =>
      column === 'outsider' ? traces(frames) : traces(frames.filter(({ type }) => type !== 'invited'));
    const positions = { [room]: 0, [never.room]: 0 };
    await requestOk(client, { type: 'sync', rooms: positions, direct: { mike: 0 } });
    t.same(client.all('invited'), column === 'invited' ? [invitation] : []);
    const olga = await house.server.enter('olga');
    await everythingHappens(house, olga);
    for (const request of readings) {
      const reply = await requestOk(client, request);
      if (column === 'invited' && request.type === 'rooms') {
        const { rooms = [] } = reply;
        t.match(
          rooms.find((each) => each.room === room),
          { private: true, invited: 'olga', members: 3 },
        );
        continue;
      }
      t.same(traces([reply]), [], JSON.stringify(request));
    }
    const others = client.frames.filter((frame) => !(frame.type === 'ok' && 'rooms' in frame));
    t.same(known(others), [], 'in no frame that came, asked for or not');

    const nothing: Marks = { edited: never.seq, removed: never.seq + 1, file: never.seq + 2 };
    for (const path of paths) {
      if (column === 'invited' && path.expected.invited === 'ok') continue;
      const found = await refusal(client, path.ask(room, house));
      t.match(found, { type: 'error', code: path.expected[column] }, path.name);
      t.same(found, await refusal(client, path.ask(never.room, nothing)), `${path.name}: word for word`);
    }
    if (column === 'invited') return entersOrRefuses(t, { house, client });
    for (const hidden of [{}, { private: true }] as const) {
      const taken = await outcome(client, { type: 'join', room, ...hidden });
      t.equal(taken, 'room-name-taken', 'all that can be found out is that the name is in use');
    }
    t.equal(await outcome(client, { type: 'history', room }), noRoom);
    t.same(house.server.errors, []);
  });
}

async function entersOrRefuses(t: Test, { house, client }: { house: House; client: WireClient }) {
  const leave = paths.at(-1)?.ask(room, house) as RequestBody;
  t.equal(await outcome(client, leave), 'ok', 'an invitation can be refused');
  t.same(
    await refusal(client, leave),
    await refusal(client, { type: 'leave', room: never.room }),
    'and then it never was',
  );
  const olga = await house.server.enter('olga', { sync: false });
  await requestOk(olga, { type: 'invite', room, name: invited });
  t.equal(await outcome(client, { type: 'join', room }), 'ok', 'another can be taken');
  const { messages = [] } = await requestOk(client, { type: 'history', room });
  t.ok(
    messages.some(({ seq }) => seq === house.last),
    'then all of it is there',
  );
}

/** The direct messages of ada and bob, against everyone else. */
t.test('direct messages are readable by the two people only, whatever role others have', async (t) => {
  const seqs: number[] = [];
  const server = await runServer(t, {
    people: ['ada', 'bob', 'stan', 'bart'],
    async prepare(store, accounts) {
      const [ada, bob] = [accounts.get('ada')?.id ?? 0, accounts.get('bob')?.id ?? 0];
      const at = Date.now();
      await store.createInvite({ code: hashToken(code), role: 'admin', uses: 1, expires: at + 60_000, at });
      await store.block(ada, accounts.get('bart')?.id ?? 0);
      const entry = { target: { direct: [ada, bob] } as const, account: ada, action: false, at };
      seqs.push((await kept(store, { ...entry, key: 'k1', text: secret })).seq);
      seqs.push((await kept(store, { ...entry, key: 'k2', text: `${secret}.txt`, file })).seq);
    },
  });
  const [seq = 0, announced = 0] = seqs;
  const house: House = { server, edited: seq, removed: seq, file: announced, last: announced };
  const adele = await server.dial();
  ok(await adele.ask({ type: 'register', name: 'adele', password, code }));
  const others = new Map([
    ['a stranger', await server.enter('stan', { sync: { direct: { ada: 0, bob: 0 } } })],
    ['a blocked person', await server.enter('bart', { sync: { direct: { ada: 0, bob: 0 } } })],
    ['an admin', adele],
  ]);
  await requestOk(adele, { type: 'sync', direct: { ada: 0, bob: 0 } });
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  const now = await post(ada, { to: 'bob' }, `${secret} now`);
  await requestOk(ada, { type: 'edit', of: now.seq, text: `${secret} then` });
  await requestOk(bob, { type: 'react', of: now.seq, emoji: 'heart' });
  await requestOk(ada, { type: 'pin', of: now.seq });
  await requestOk(bob, { type: 'read', with: 'ada', seq: now.seq });
  t.equal((await requestOk(bob, { type: 'search', words: secret })).found?.length, 3, 'bob finds it');
  t.equal(await outcome(bob, { type: 'fetch', of: announced }), 'ok');

  for (const [who, client] of others) {
    for (const peer of ['ada', 'bob']) {
      const reads: readonly RequestBody[] = [
        { type: 'history', with: peer },
        { type: 'files', with: peer },
        { type: 'pins', with: peer },
        { type: 'search', words: secret, with: peer },
        { type: 'search', words: secret, from: peer },
        { type: 'search', words: '', from: peer },
        { type: 'read', with: peer, seq },
      ];
      for (const request of reads) {
        const { messages = [], found = [] } = await requestOk(client, request);
        t.same([messages, found], [[], []], `${who}: ${JSON.stringify(request)}`);
      }
    }
    for (const path of paths.filter(({ name }) => /message|fetch/.test(name))) {
      const nothing = { edited: never.seq, removed: never.seq + 1, file: never.seq + 2 };
      const found = await refusal(client, path.ask(room, house));
      t.match(found, { type: 'error', code: path.expected.outsider }, `${who}: ${path.name}`);
      t.same(found, await refusal(client, path.ask(room, nothing)), `${who}: ${path.name}: word for word`);
    }
    await requestOk(client, { type: 'ping' });
    t.same(traces(client.frames), [], `${who}: in no frame that came`);
  }
  t.same(server.errors, []);
});
