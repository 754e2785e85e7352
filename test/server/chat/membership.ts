import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { eventsOf, fence, outcome, post, requestOk } from '../../support/requests.js';
import { ok, runServer, type TestServer } from '../../support/running-server.js';
import { sessionScene } from '../../support/session-scene.js';
import type { WireClient } from '../../support/wire-client.js';

const people = ['ada', 'bob', 'eve'];

async function setUp(t: Test, settings: Parameters<typeof runServer>[1] = {}) {
  const server = await runServer(t, { people, ...settings });
  const [ada, bob, eve] = [await server.enter('ada'), await server.enter('bob'), await server.enter('eve')];
  return { server, ada, bob, eve };
}

/** The conversations in the reply to a sign-in. */
async function signedIn(server: TestServer, name: string) {
  const client = await server.dial();
  const reply = ok(await client.ask({ type: 'resume', token: server.token(name) }));
  return { client, conversations: reply.conversations ?? [] };
}

const join = (room: string) => ({ type: 'join', room }) as const;
const hide = (room: string) => ({ type: 'join', room, private: true }) as const;
const leave = (room: string) => ({ type: 'leave', room }) as const;
const end = (room: string) => ({ type: 'leave', room, end: true }) as const;
const invite = (room: string, name: string) => ({ type: 'invite', room, name }) as const;
const appoint = (room: string, name: string, role: 'owner' | 'moderator' | 'member') =>
  ({ type: 'appoint', room, name, role }) as const;

/** Names and roles in a room, those longest in it first. */
async function rolesIn(client: WireClient, room: string): Promise<string[]> {
  const { people: found = [] } = await requestOk(client, { type: 'who', room });
  return found.map(({ name, room: role }) => `${name} ${role}`);
}

t.test('a member who joins gets the room before the reply, and its messages from then on', async (t) => {
  const { ada, bob, eve } = await setUp(t);
  await requestOk(ada, join('Dev '));
  const types = ada.frames.slice(-2).map(({ type }) => type);
  t.same(types, ['room', 'ok']);
  t.match(ada.all('room'), [{ conversation: { room: 'dev', last: 0, unread: 0, role: 'owner' } }]);
  const before = await post(ada, { room: 'dev' }, 'before');
  await requestOk(bob, join('dev'));
  t.match(bob.all('room'), [{ conversation: { room: 'dev', last: before.seq, unread: 0, role: 'member' } }]);
  await post(ada, { room: 'dev' }, 'after');
  await fence(ada, 'dev', bob);
  t.same(
    bob.all('message').map(({ text }) => text),
    ['after', 'fence'],
  );
  t.match(eventsOf(ada, 'joined').at(-1), { room: 'dev', name: 'bob' });
  await requestOk(bob, join('dev'));
  t.equal(bob.all('room').length, 1, 'joining again changes nothing');
  await requestOk(eve, { type: 'ping' });
  t.same(eventsOf(eve, 'message', 'room'), []);
  t.same(
    eventsOf(eve, 'joined', 'left').filter((frame) => 'room' in frame && frame.room !== 'lobby'),
    [],
    'non-members see nothing of the room',
  );
});

t.test('all terminals of an account join and leave with it, including one that has not synced', async (t) => {
  const { server, ada, bob } = await setUp(t);
  const second = await server.enter('ada');
  const early = await server.enter('ada', { sync: false });
  await requestOk(bob, join('dev'));
  await requestOk(ada, join('dev'));
  await fence(bob, 'dev', ada, second);
  for (const terminal of [ada, second, early]) {
    await requestOk(terminal, { type: 'ping' });
    t.match(eventsOf(terminal, 'room'), [{ conversation: { room: 'dev' } }]);
  }
  t.same(early.all('message'), [], 'messages wait for the sync');
  await requestOk(early, { type: 'sync' });
  t.same(
    early.all('message').map(({ text }) => text),
    ['fence'],
  );

  await requestOk(second, leave('dev'));
  await post(bob, { room: 'dev' }, 'they are gone');
  for (const terminal of [ada, second, early]) {
    await requestOk(terminal, { type: 'ping' });
    const parting = terminal.frames.findIndex(({ type }) => type === 'parted');
    t.match(terminal.frames[parting], { room: 'dev' });
    const later = terminal.frames.slice(parting + 1).filter((frame) => 'room' in frame);
    t.same(later, [], 'nothing of the room comes after it');
    t.equal(await outcome(terminal, { type: 'say', room: 'dev', text: 'hi', key: 'late' }), 'not-a-member');
  }
  t.match(eventsOf(bob, 'left'), [{ room: 'dev', name: 'ada' }]);
});

t.test('non-members see a public room, and are asked to join it', async (t) => {
  const { ada, bob } = await setUp(t);
  await requestOk(ada, join('dev'));
  await requestOk(ada, { type: 'set-topic', room: 'dev', topic: ' build \u202e things ' });
  await requestOk(ada, { type: 'set-rules', room: 'dev', slow: 30_000 });
  const { rooms = [] } = await requestOk(bob, { type: 'rooms' });
  t.same(rooms, [
    { room: 'lobby', members: 3, role: 'member' },
    { room: 'dev', topic: 'build  things', members: 1, rules: { slow: 30_000 } },
  ]);
  const requests = [
    { type: 'say', room: 'dev', text: 'hi', key: 'k' },
    { type: 'history', room: 'dev' },
    { type: 'search', words: '', room: 'dev' },
    { type: 'files', room: 'dev' },
    { type: 'read', room: 'dev', seq: 1 },
    { type: 'who', room: 'dev' },
    leave('dev'),
    invite('dev', 'eve'),
    appoint('dev', 'bob', 'owner'),
    { type: 'set-topic', room: 'dev', topic: 'mine' },
  ] as const;
  for (const request of requests) {
    const reply = await bob.ask(request);
    t.match(reply, { type: 'error', code: 'not-a-member', message: /join/i }, request.type);
  }
});

t.test('room names are valid, and unique among all rooms, private ones included', async (t) => {
  const { ada, bob, eve } = await setUp(t);
  for (const bad of ['42', '-x', 'a b', 'ä', ' '])
    t.equal(await outcome(ada, join(bad)), 'name-invalid', bad);
  await requestOk(ada, hide('den'));
  t.equal(await outcome(ada, hide('den')), 'ok', 'members of it stay in it');
  t.equal(await outcome(ada, join('den')), 'ok');
  for (const client of [bob, eve]) {
    t.equal(await outcome(client, join('den')), 'room-name-taken');
    t.equal(await outcome(client, hide('den')), 'room-name-taken');
    t.equal(await outcome(client, { type: 'history', room: 'den' }), 'no-such-room');
  }
  t.equal(await outcome(ada, hide('lobby')), 'room-name-taken');
  t.same(await rolesIn(ada, 'den'), ['ada owner']);
  await requestOk(ada, end('den'));
  t.equal(await outcome(bob, join('den')), 'ok', 'it ended');
  t.equal(await outcome(eve, join('den')), 'ok');
  t.same(await rolesIn(eve, 'den'), ['bob owner', 'eve member']);
});

t.test('the lobby can’t be left, nor a room one is not in', async (t) => {
  const { ada } = await setUp(t);
  t.equal(await outcome(ada, leave('lobby')), 'not-allowed');
  t.equal(await outcome(ada, end('lobby')), 'not-allowed');
  t.equal(await outcome(ada, leave('attic')), 'no-such-room');
  t.equal(await outcome(ada, appoint('lobby', 'bob', 'owner')), 'not-allowed');
});

t.test(
  'the ownership of a room passes to a moderator, else to its longest member; the room ends with its last one',
  async (t) => {
    const { ada, bob, eve } = await setUp(t);
    for (const client of [ada, bob, eve]) await requestOk(client, join('dev'));
    await requestOk(ada, appoint('dev', 'eve', 'moderator'));
    await requestOk(ada, leave('dev'));
    await fence(bob, 'dev', eve);
    const heir = { type: 'role', room: 'dev', name: 'eve', role: 'owner', by: 'ada' };
    t.same(eventsOf(bob, 'role').at(-1), heir);
    t.same(eventsOf(eve, 'role').at(-1), heir);
    t.equal(eventsOf(ada, 'role').length, 1, 'the one who left does not see it');
    await requestOk(ada, join('dev'));
    await requestOk(eve, leave('dev'));
    t.same(await rolesIn(bob, 'dev'), ['ada member', 'bob owner']);
    t.equal(await outcome(bob, { type: 'set-topic', room: 'dev', topic: 'mine now' }), 'ok', 'at once');
    await requestOk(ada, leave('dev'));
    const { seq } = await post(bob, { room: 'dev' }, 'the last word');
    t.equal(await outcome(bob, leave('dev')), 'room-would-end');
    t.same(await rolesIn(bob, 'dev'), ['bob owner'], 'nothing happened yet');
    await requestOk(bob, end('dev'));
    t.equal(await outcome(bob, { type: 'history', room: 'dev' }), 'no-such-room');
    t.equal(await outcome(bob, { type: 'edit', of: seq, text: 'or not' }), 'no-such-message');
    await requestOk(eve, join('dev'));
    t.same((await requestOk(eve, { type: 'history', room: 'dev' })).messages, [], 'the name begins anew');
  },
);

t.test('owners appoint, at least one stays, and the room sees it', async (t) => {
  const { ada, bob, eve } = await setUp(t);
  for (const client of [ada, bob]) await requestOk(client, join('dev'));
  t.equal(await outcome(ada, appoint('dev', 'ada', 'member')), 'not-allowed');
  t.equal(await outcome(bob, appoint('dev', 'bob', 'owner')), 'not-allowed');
  t.equal(await outcome(ada, appoint('dev', 'eve', 'owner')), 'not-a-member');
  t.equal(await outcome(ada, appoint('dev', 'nobody1', 'owner')), 'no-such-name');
  t.equal(await outcome(bob, { type: 'set-topic', room: 'dev', topic: 'x' }), 'not-allowed');
  await requestOk(ada, appoint('dev', 'bob', 'moderator'));
  t.equal(await outcome(bob, { type: 'set-topic', room: 'dev', topic: 'x' }), 'ok');
  t.equal(await outcome(bob, appoint('dev', 'ada', 'member')), 'not-allowed');
  await requestOk(ada, appoint('dev', 'bob', 'owner'));
  await requestOk(bob, appoint('dev', 'ada', 'member'));
  await fence(ada, 'dev', bob);
  const roles = [
    { type: 'role', room: 'dev', name: 'bob', role: 'moderator', by: 'ada' },
    { type: 'role', room: 'dev', name: 'bob', role: 'owner', by: 'ada' },
    { type: 'role', room: 'dev', name: 'ada', role: 'member', by: 'bob' },
  ];
  for (const client of [ada, bob]) t.same(eventsOf(client, 'role'), roles);
  t.equal(await outcome(ada, { type: 'set-topic', room: 'dev', topic: 'y' }), 'not-allowed', 'at once');
  t.same(eventsOf(eve, 'role'), []);
});

t.test('an invitation is sent at once and at each sign-in until it is answered', async (t) => {
  const { server, ada, bob, eve } = await setUp(t);
  await requestOk(ada, hide('den'));
  await requestOk(ada, { type: 'set-topic', room: 'den', topic: 'secrets' });
  await requestOk(ada, invite('den', 'bob'));
  const invited = { type: 'invited', room: 'den', by: 'ada', topic: 'secrets' };
  await requestOk(bob, { type: 'ping' });
  t.same(eventsOf(bob, 'invited'), [invited]);
  const second = await server.enter('bob');
  await requestOk(bob, { type: 'ping' });
  t.same([eventsOf(bob, 'invited').length, eventsOf(second, 'invited').length], [1, 1]);
  t.equal(await outcome(ada, invite('den', 'ada')), 'not-allowed', 'who is in it needs none');
  t.equal(await outcome(bob, invite('den', 'eve')), 'no-such-room', 'the invited do not invite');

  await requestOk(second, leave('den'));
  t.equal(await outcome(bob, leave('den')), 'no-such-room', 'it was refused');
  t.same(eventsOf(await server.enter('bob'), 'invited'), []);
  t.same(eventsOf(bob, 'parted'), [], 'no room was left');
  await requestOk(ada, invite('den', 'bob'));
  await requestOk(bob, join('den'));
  t.same(eventsOf(await server.enter('bob'), 'invited'), [], 'it was used');
  await requestOk(bob, invite('den', 'eve'));
  await requestOk(eve, join('den'));
  t.same(await rolesIn(eve, 'den'), ['ada owner', 'bob member', 'eve member']);
});

t.test('an invitation by a blocked person is dropped, and neither person sees it', async (t) => {
  const { server, ada, bob } = await setUp(t);
  await requestOk(bob, { type: 'block', name: 'ada' });
  await requestOk(ada, hide('den'));
  t.equal(await outcome(ada, invite('den', 'bob')), 'ok');
  await requestOk(bob, { type: 'ping' });
  t.same(eventsOf(bob, 'invited'), []);
  t.same(eventsOf(await server.enter('bob'), 'invited'), []);
  t.equal(await outcome(bob, leave('den')), 'no-such-room');
});

t.test('if only admins may create rooms, members can join existing ones', async (t) => {
  const { ada, bob } = await setUp(t, {
    rooms: 'admins',
    async prepare(store, accounts) {
      const owner = accounts.get('ada')?.id ?? 0;
      await store.createRoom({ name: 'dev', private: false, owner, at: Date.now() });
    },
  });
  t.match(await bob.ask(join('attic')), { code: 'not-allowed', message: /admins/ });
  t.equal(await outcome(bob, hide('attic')), 'not-allowed');
  t.equal(await outcome(bob, join('dev')), 'ok');
  t.equal(await outcome(ada, join('attic')), 'not-allowed', 'who owns a room makes no other');
});

t.test('an account can create rooms and invite twenty times at once, then every three seconds', async (t) => {
  const { clock, signIn } = await sessionScene(t);
  const [ada] = [(await signIn('ada')).wire, await signIn('bob')];
  for (let i = 1; i < 20; i++) t.equal(await outcome(ada, join(`room-${i}`)), 'ok');
  t.equal(await outcome(ada, invite('room-1', 'bob')), 'ok');
  t.match(await ada.ask(join('room-20')), { code: 'rate-limited', retryAfter: 3_000 });
  t.match(await ada.ask(invite('room-2', 'bob')), { code: 'rate-limited', retryAfter: 3_000 });
  t.equal(await outcome(ada, join('room-1')), 'ok', 'what makes nothing is not counted');
  clock.advance(3_000);
  t.equal(await outcome(ada, join('room-20')), 'ok');
  t.equal(await outcome(ada, join('room-21')), 'rate-limited');
});

t.test('an account can be in a limited number of rooms', async (t) => {
  const { server, ada } = await setUp(t, {
    async prepare(store, accounts) {
      const owner = accounts.get('ada')?.id ?? 0;
      const marks = { owner, at: Date.now(), unlimited: true };
      // And the lobby.
      for (let i = 1; i < limits.roomsPerAccount; i++) {
        await store.createRoom({ name: `room-${i}`, private: i % 2 === 0, ...marks });
      }
      const bob = accounts.get('bob')?.id ?? 0;
      await store.createRoom({ name: 'another', private: false, owner: bob, at: Date.now() });
    },
  });
  t.equal(await outcome(ada, join('too-much')), 'too-many-rooms');
  t.equal(await outcome(ada, join('another')), 'too-many-rooms');
  await requestOk(ada, end('room-1'));
  t.equal(await outcome(ada, join('another')), 'ok');
  t.same(server.errors, []);
});

t.test('of members who join a new room at the same moment, one creates it and all are in it', async (t) => {
  const { server, ada, bob, eve } = await setUp(t);
  const outcomes = await Promise.all([ada, bob, eve].map((client) => outcome(client, join('tea'))));
  t.same(outcomes, ['ok', 'ok', 'ok']);
  t.same((await rolesIn(bob, 'tea')).map((each) => each.split(' ')[1]).toSorted(), [
    ...['member', 'member', 'owner'],
  ]);
  await fence(eve, 'tea', ada, bob);
  const hidden = await Promise.all([ada, bob].map((client) => outcome(client, hide('den'))));
  t.same(hidden.toSorted(), ['ok', 'room-name-taken'], 'a private one has only its creator');
  const mixed = await Promise.all([outcome(ada, join('pot')), outcome(bob, hide('pot'))]);
  t.ok(mixed.includes('ok') && mixed.includes('room-name-taken'), mixed.join());
  t.same(server.errors, []);
});

t.test('memberships, roles, topics, invitations and blocks survive a restart', async (t) => {
  const { server, ada, bob } = await setUp(t);
  await requestOk(ada, hide('den'));
  await requestOk(ada, invite('den', 'bob'));
  await requestOk(bob, join('den'));
  await requestOk(ada, appoint('den', 'bob', 'moderator'));
  await requestOk(bob, { type: 'set-topic', room: 'den', topic: 'plans' });
  await post(ada, { room: 'den' }, 'hello @bob');
  await post(ada, { room: 'den' }, 'hello all');
  await requestOk(ada, invite('den', 'eve'));
  await requestOk(bob, { type: 'block', name: 'eve' });
  await server.close();

  const again = { ...(await runServer(t, { data: server.data })), token: server.token };
  const { client, conversations } = await signedIn(again, 'bob');
  t.match(conversations, [
    { room: 'lobby', role: 'member' },
    { room: 'den', private: true, role: 'moderator', topic: 'plans', unread: 2, mentions: 1 },
  ]);
  t.equal(await outcome(client, { type: 'set-topic', room: 'den', topic: 'other plans' }), 'ok');
  t.same((await requestOk(client, { type: 'blocks' })).names, ['eve']);
  const { client: eve } = await signedIn(again, 'eve');
  await requestOk(eve, { type: 'sync' });
  t.same(eventsOf(eve, 'invited'), [{ type: 'invited', room: 'den', by: 'ada', topic: 'other plans' }]);
});
