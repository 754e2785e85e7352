/** Permissions through frames: every role and every action, with a password, a token and on a second terminal. */

import t from 'tap';
import { controlSocket } from '../../../lib/cli/folders.js';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import { limits } from '../../../lib/protocol/limits.js';
import type { Role } from '../../../lib/protocol/records.js';
import { hashToken } from '../../../lib/server/auth/tokens.js';
import { callControl } from '../../../lib/server/operator/control-socket.js';
import { outcome, post } from '../../support/requests.js';
import { makeAccount, ok, password, runServer } from '../../support/running-server.js';
import { sessionScene } from '../../support/session-scene.js';
import type { WireClient } from '../../support/wire-client.js';

/** Server roles; olga owns the rooms, otto moderates them. */
const actors = {
  ada: 'admin',
  mona: 'moderator',
  mike: 'member',
  robo: 'bot',
  olga: 'member',
  otto: 'member',
} as const satisfies Record<string, Role>;
type Actor = keyof typeof actors;
const allActors = Object.keys(actors) as Actor[];

interface Action {
  readonly name: string;
  /** @param target a member of the lobby, of #yard and of #den, not yet moderated */
  ask(target: string, n: number): RequestBody;
  /** All others get `not-allowed`. */
  readonly may: readonly Actor[];
  /** The permitted answer, unless it is `ok`. */
  readonly gets?: string;
}

const staff: Actor[] = ['ada', 'mona'];
const yard: Actor[] = ['ada', 'mona', 'olga', 'otto'];
const den: Actor[] = ['olga', 'otto'];
let seq = 0;

const actions: readonly Action[] = [
  {
    name: 'kick off the server',
    ask: (name) => ({ type: 'kick', name, room: 'lobby' }),
    may: staff,
    gets: 'not-allowed',
  },
  { name: 'kick out of a public room', ask: (name) => ({ type: 'kick', name, room: 'yard' }), may: yard },
  { name: 'kick out of a private room', ask: (name) => ({ type: 'kick', name, room: 'den' }), may: den },
  { name: 'ban', ask: (name) => ({ type: 'ban', name }), may: staff },
  { name: 'ban an address', ask: (_, n) => ({ type: 'ban', address: `192.0.2.${n}` }), may: staff },
  { name: 'unban', ask: (name) => ({ type: 'unban', name }), may: staff, gets: 'no-such-name' },
  { name: 'list bans', ask: () => ({ type: 'bans' }), may: staff },
  { name: 'mute everywhere', ask: (name) => ({ type: 'mute', name }), may: staff },
  { name: 'mute in a public room', ask: (name) => ({ type: 'mute', name, room: 'yard' }), may: yard },
  { name: 'mute in a private room', ask: (name) => ({ type: 'mute', name, room: 'den' }), may: den },
  {
    name: 'unmute',
    ask: (name) => ({ type: 'unmute', name, room: 'yard' }),
    may: yard,
    gets: 'no-such-name',
  },
  { name: 'give a role', ask: (name) => ({ type: 'set-role', name, role: 'moderator' }), may: ['ada'] },
  { name: 'rule a public room', ask: () => ({ type: 'set-rules', room: 'yard', slow: 0 }), may: yard },
  { name: 'rule a private room', ask: () => ({ type: 'set-rules', room: 'den', slow: 0 }), may: den },
  { name: 'rule the lobby', ask: () => ({ type: 'set-rules', room: 'lobby', slow: 0 }), may: staff },
  { name: 'read the audit log', ask: () => ({ type: 'audit' }), may: staff },
  { name: 'invite', ask: () => ({ type: 'make-invite' }), may: staff },
  { name: 'invite a moderator', ask: () => ({ type: 'make-invite', role: 'moderator' }), may: ['ada'] },
  { name: 'list invites', ask: () => ({ type: 'invites' }), may: staff },
  {
    name: 'end an invite',
    ask: () => ({ type: 'uninvite', invite: 9_999 }),
    may: staff,
    gets: 'no-such-name',
  },
  { name: 'make a reset link', ask: (name) => ({ type: 'make-reset', name }), may: ['ada'] },
  { name: "remove another's message", ask: () => ({ type: 'remove', of: seq }), may: yard },
  { name: 'set a topic', ask: (_, n) => ({ type: 'set-topic', room: 'yard', topic: `t${n}` }), may: yard },
  {
    name: 'make a room',
    ask: (_, n) => ({ type: 'join', room: `room-${n}` }),
    may: allActors.filter((name) => name !== 'robo'),
  },
];

t.test(
  'every role has exactly its permissions, by password, by token and on a second terminal',
  async (t) => {
    const targets = Array.from({ length: actions.length * allActors.length * 3 }, (_, n) => `t${n}-x`);
    const server = await runServer(t, {
      people: allActors,
      passwords: true,
      async prepare(store, accounts) {
        const id = (name: string) => accounts.get(name)?.id ?? 0;
        for (const name of allActors) await store.setRole(id(name), actors[name]);
        const marks = { owner: id('olga'), at: Date.now() };
        const rooms = await Promise.all([
          store.createRoom({ name: 'yard', private: false, ...marks }),
          store.createRoom({ name: 'den', private: true, ...marks }),
        ]);
        const made = await Promise.all(targets.map((name) => makeAccount(store, name, 'none')));
        const all = [
          ...allActors.filter((name) => name !== 'olga').map(id),
          ...made.map((account) => account.id),
        ];
        for (const found of rooms) {
          if (found.outcome !== 'created') throw new Error(found.outcome);
          const room = found.room.id;
          await Promise.all(
            all.flatMap((account) => [
              store.inviteToRoom({ room, account, by: id('olga'), at: 1 }),
              store.joinRoom(account, room),
            ]),
          );
          await store.setRoomRole(id('otto'), room, 'moderator');
        }
      },
    });
    const byPassword = new Map<Actor, WireClient>();
    for (const name of allActors) {
      const client = await server.dial();
      const way = {
        'sign-in': { type: 'sign-in', name, password },
        resume: { type: 'resume', token: server.token(name) },
      } as const;
      ok(await client.ask(way[name === 'robo' ? 'resume' : 'sign-in']));
      byPassword.set(name, client);
    }
    const again = new Map<Actor, WireClient>();
    const ways: readonly [string, (name: Actor) => Promise<WireClient>][] = [
      ['by password', async (name) => byPassword.get(name) ?? server.dial()],
      [
        'by token, on a second terminal',
        async (name) => {
          const client = again.get(name) ?? (await server.dial());
          if (!again.has(name))
            ok(await client.ask({ type: 'resume', token: server.token(name), mode: 'attach' }));
          again.set(name, client);
          return client;
        },
      ],
    ];
    const author = await server.dial();
    ok(await author.ask({ type: 'resume', token: server.token('olga'), mode: 'attach' }));
    let n = 0;
    for (const [way, enter] of ways) {
      for (const action of actions) {
        for (const name of allActors) {
          const client = await enter(name);
          if (action.name.startsWith('remove')) {
            const said = await author.ask({ type: 'say', room: 'yard', text: 'to go', key: `go-${n}` });
            seq = 'seq' in said ? (said.seq ?? 0) : 0;
          }
          const expected = action.may.includes(name) ? (action.gets ?? 'ok') : 'not-allowed';
          const request = action.ask(targets[n++] ?? '', n % 250);
          t.equal(await outcome(client, request), expected, `${name}: ${action.name}, ${way}`);
        }
      }
    }
  },
);

t.test(
  'a former member reads, searches and fetches nothing of a room, even with an old ticket',
  async (t) => {
    const server = await runServer(t, {
      people: ['olga', 'mike'],
      async prepare(store, accounts) {
        const [olga, mike] = ['olga', 'mike'].map((name) => accounts.get(name)?.id ?? 0) as [number, number];
        const made = await store.createRoom({ name: 'den', private: true, owner: olga, at: 1 });
        if (made.outcome !== 'created') throw new Error(made.outcome);
        const room = made.room.id;
        await store.inviteToRoom({ room, account: mike, by: olga, at: 1 });
        await store.joinRoom(mike, room);
        const file = { name: 'plan', size: 1, hash: Buffer.from(hashToken('x')).toString('base64url') };
        await store.append({
          target: { room },
          account: olga,
          key: 'f',
          text: 'plan',
          action: false,
          at: 2,
          file,
        });
      },
    });
    const olga = await server.enter('olga');
    const mike = await server.enter('mike');
    const { seq: said } = await post(olga, { room: 'den' }, 'xylophone');
    const ticket = ok(await mike.ask({ type: 'fetch', of: 1 })).ticket;
    t.ok(ticket, 'as a member he gets a ticket');
    t.equal(await outcome(olga, { type: 'kick', name: 'mike', room: 'den', reason: 'loud' }), 'ok');
    t.match(await mike.next('parted'), { room: 'den', by: 'olga', reason: 'loud' });
    const second = await server.dial();
    ok(await second.ask({ type: 'resume', token: server.token('mike'), mode: 'attach' }));
    for (const client of [mike, second]) {
      t.equal(await outcome(client, { type: 'history', room: 'den' }), 'no-such-room');
      t.same(ok(await client.ask({ type: 'search', words: 'xylophone' })).found, []);
      t.equal(await outcome(client, { type: 'fetch', of: 1 }), 'no-such-file');
      t.equal(await outcome(client, { type: 'edit', of: said, text: 'mine' }), 'no-such-message');
      t.equal(await outcome(client, { type: 'say', room: 'den', text: 'hi', key: 'k' }), 'no-such-room');
      t.equal(await outcome(client, { type: 'join', room: 'lobby' }), 'ok');
    }
  },
);

t.test('no role acts on its own or a higher role', async (t) => {
  const people = {
    ada: 'admin',
    adam: 'admin',
    mona: 'moderator',
    max: 'moderator',
    mike: 'member',
  } as const;
  const names = Object.keys(people) as (keyof typeof people)[];
  const server = await runServer(t, {
    people: names,
    async prepare(store, accounts) {
      for (const name of names) await store.setRole(accounts.get(name)?.id ?? 0, people[name]);
    },
  });
  const requests = (name: string): RequestBody[] => [
    { type: 'kick', name },
    { type: 'ban', name },
    { type: 'mute', name },
    { type: 'make-reset', name },
  ];
  for (const [by, on] of [
    ['ada', 'adam'],
    ['mona', 'ada'],
    ['mona', 'max'],
    ['mike', 'mona'],
    ['mona', 'mona'],
  ] as const) {
    const client = await server.dial();
    ok(await client.ask({ type: 'resume', token: server.token(by), mode: 'attach' }));
    for (const request of requests(on))
      t.equal(await outcome(client, request), 'not-allowed', `${by}: ${request.type} ${on}`);
    t.equal(
      await outcome(client, { type: 'set-role', name: on, role: 'member' }),
      'not-allowed',
      `${by}: ${on}`,
    );
  }
  const ada = await server.dial();
  ok(await ada.ask({ type: 'resume', token: server.token('ada'), mode: 'attach' }));
  const adam = await server.enter('adam');
  t.equal(
    await outcome(adam, { type: 'set-role', name: 'adam', role: 'member' }),
    'ok',
    'stepping down is allowed',
  );
  t.equal(await outcome(adam, { type: 'bans' }), 'not-allowed', 'at once');
  t.equal(
    await outcome(ada, { type: 'set-role', name: 'ada', role: 'member' }),
    'not-allowed',
    'but not the last',
  );
});

t.test('a new role counts at once on every terminal', async (t) => {
  const server = await runServer(t, {
    people: ['ada', 'mike'],
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const [ada, mike] = [await server.enter('ada'), await server.enter('mike')];
  t.equal(await outcome(mike, { type: 'audit' }), 'not-allowed');
  t.equal(await outcome(ada, { type: 'set-role', name: 'mike', role: 'moderator' }), 'ok');
  t.match(await mike.next('rank'), { name: 'mike', role: 'moderator', by: 'ada' });
  t.match(ok(await mike.ask({ type: 'audit' })).audit, [
    { by: 'ada', action: 'role', on: 'mike', detail: 'member to moderator' },
  ]);
  t.equal(await outcome(mike, { type: 'set-topic', room: 'lobby', topic: 'x' }), 'ok', 'in the lobby too');
  t.equal(await outcome(ada, { type: 'set-role', name: 'mike', role: 'member' }), 'ok');
  t.equal(await outcome(mike, { type: 'set-topic', room: 'lobby', topic: 'y' }), 'not-allowed');
});

t.test('room restrictions apply to members only, and not to stored messages', async (t) => {
  const server = await runServer(t, {
    people: ['ada', 'mike'],
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const [ada, mike] = [await server.enter('ada'), await server.enter('mike')];
  const rule = (rules: object) => outcome(ada, { type: 'set-rules', room: 'lobby', ...rules } as RequestBody);
  let key = 0;
  const say = (client: WireClient, text: string) =>
    client
      .ask({ type: 'say', room: 'lobby', text, key: `r${++key}` })
      .then((reply) => ('code' in reply ? reply.code : 'said'));
  t.equal(await rule({ restrict: ['links', 'caps', 'files'] }), 'ok');
  t.match(await mike.next('rules'), {
    room: 'lobby',
    by: 'ada',
    rules: { restrict: ['links', 'caps', 'files'] },
  });
  t.equal(await say(mike, 'see https://example.org'), 'restricted');
  t.equal(await say(mike, 'LISTEN TO ME NOW'), 'restricted');
  t.equal(await say(mike, 'NATO and TLS are fine'), 'said');
  t.equal(await say(ada, 'SEE HTTPS://EXAMPLE.ORG'), 'said', 'moderators can');
  const { seq: own } = await post(mike, { room: 'lobby' }, 'harmless');
  t.equal(
    await outcome(mike, { type: 'edit', of: own, text: 'http://example.org' }),
    'restricted',
    'an edit is no way around',
  );
  const offer = {
    type: 'offer',
    room: 'lobby',
    name: 'a',
    size: 1,
    hash: 'A'.repeat(43),
    key: 'f1',
  } as const;
  t.equal(await outcome(mike, offer), 'restricted');

  t.equal(await rule({ restrict: [], slow: 60_000 }), 'ok');
  const first = { type: 'say', room: 'lobby', text: 'one', key: 'slow-1' } as const;
  t.match(await mike.ask(first), { type: 'message' });
  t.equal(await say(mike, 'two'), 'slow-mode');
  t.match(await mike.ask(first), { type: 'ok' }, 'a stored message gets the same answer');
  t.equal(await say(ada, 'three'), 'said');
  t.equal(await rule({ slow: 0, locked: true }), 'ok');
  t.equal(await say(mike, 'four'), 'room-locked');
  t.equal(await outcome(mike, { type: 'say', to: 'ada', text: 'hi', key: 'd1' }), 'ok', 'elsewhere he can');
  t.equal(await rule({ locked: false }), 'ok');
  t.equal(await say(mike, 'five'), 'said');
});

t.test('the rate restriction allows five messages per person, then one every six seconds', async (t) => {
  const { clock, signIn, connect } = await sessionScene(t);
  const { wire: ada } = await signIn('ada');
  // He does not sync, so that his messages are answered with ok.
  const mike = connect().wire;
  ok(await mike.ask({ type: 'register', name: 'mike', password }));
  for (const wire of [ada, mike]) ok(await wire.ask({ type: 'join', room: 'den' }));
  ok(await ada.ask({ type: 'set-rules', room: 'den', restrict: ['rate'] }));
  let key = 0;
  const say = () => outcome(mike, { type: 'say', room: 'den', text: 'fast', key: `r${++key}` });
  for (let n = 0; n < limits.restrictedRate; n++) t.equal(await say(), 'ok');
  t.equal(await say(), 'slow-mode');
  clock.advance(5_999);
  t.equal(await say(), 'slow-mode');
  clock.advance(1);
  t.same([await say(), await say()], ['ok', 'slow-mode']);
});

t.test('a muted member cannot post in a room or anywhere until unmuted', async (t) => {
  const server = await runServer(t, {
    people: ['ada', 'mike'],
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const [ada, mike] = [await server.enter('ada'), await server.enter('mike')];
  ok(await ada.ask({ type: 'join', room: 'yard' }));
  ok(await mike.ask({ type: 'join', room: 'yard' }));
  let key = 0;
  const say = (where: object) =>
    mike
      .ask({ type: 'say', ...where, text: 'hi', key: `m${++key}` } as RequestBody)
      .then((reply) => ('code' in reply ? reply.code : 'said'));
  ok(await ada.ask({ type: 'mute', name: 'mike', room: 'yard', ms: 60_000, reason: 'noise' }));
  t.match(await mike.next('muted'), { room: 'yard', by: 'ada', reason: 'noise' });
  t.same([await say({ room: 'yard' }), await say({ room: 'lobby' })], ['muted', 'said']);
  ok(await ada.ask({ type: 'mute', name: 'mike' }));
  t.same([await say({ room: 'lobby' }), await say({ to: 'ada' })], ['muted', 'muted']);
  mike.destroy();
  const back = await server.enter('mike');
  t.equal(
    await outcome(back, { type: 'say', room: 'lobby', text: 'hi', key: 'after' }),
    'muted',
    'a new session too',
  );
  ok(await ada.ask({ type: 'unmute', name: 'mike' }));
  t.not(await outcome(back, { type: 'say', room: 'lobby', text: 'hi', key: 'after' }), 'muted');
  t.equal(
    await outcome(back, { type: 'say', room: 'yard', text: 'hi', key: 'there' }),
    'muted',
    'that one lasts',
  );
});

t.test('a muted member cannot post by other means', async (t) => {
  const server = await runServer(t, {
    people: ['ada', 'mike', 'zed'],
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const [ada, mike, zed] = [await server.enter('ada'), await server.enter('mike'), await server.enter('zed')];
  ok(await mike.ask({ type: 'join', room: 'yard' }));
  ok(await mike.ask({ type: 'away', text: 'buy my things' }));
  ok(await ada.ask({ type: 'mute', name: 'mike' }));
  t.match(
    ok(await zed.ask({ type: 'whois', name: 'mike' })).whois,
    { away: '' },
    'what was said before goes',
  );
  const topic = { type: 'set-topic', room: 'yard', topic: 'buy more' } as const;
  t.same(
    [await outcome(mike, { type: 'away', text: 'buy more' }), await outcome(mike, topic)],
    ['muted', 'muted'],
  );
  ok(await mike.ask({ type: 'away', text: '' }));
  ok(await mike.ask({ type: 'quit', reason: 'buy more' }));
  const left = await ada.next('left');
  t.same([left.name, left.reason], ['mike', undefined]);
  ok(await ada.ask({ type: 'set-rules', room: 'lobby', locked: true }));
  t.equal(await outcome(zed, { type: 'away', text: 'but I must say' }), 'room-locked');
  ok(await zed.ask({ type: 'away', text: '' }));
  ok(await ada.ask({ type: 'quit', reason: 'night' }));
  const last = await zed.next('left', ({ name }) => name === 'ada');
  t.equal(last.reason, 'night', 'moderators can');
});

t.test('everything that others see has the message rate limit', async (t) => {
  const { clock, signIn: member } = await sessionScene(t, { rate: { burst: 2, perSecond: 1 } });
  const [{ wire: ana }, { wire: ben }] = [await member('ana'), await member('ben')];
  ok(await ana.ask({ type: 'join', room: 'den' }));
  const floods: readonly RequestBody[] = [
    { type: 'away', text: 'a' },
    { type: 'back' },
    { type: 'join', room: 'yard' },
    { type: 'leave', room: 'den' },
    { type: 'set-topic', room: 'den', topic: 'a' },
    { type: 'set-rules', room: 'den', locked: true },
    { type: 'appoint', room: 'den', name: 'ben', role: 'owner' },
    { type: 'kick', name: 'ben', room: 'den' },
    { type: 'mute', name: 'ben', room: 'den' },
    { type: 'unmute', name: 'ben', room: 'den' },
  ];
  ok(await ana.ask({ type: 'away', text: 'now' }));
  for (const request of floods) t.equal(await outcome(ana, request), 'rate-limited', request.type);
  clock.advance(20);
  t.match(await ben.next('away'), { text: 'now' });
});

t.test('concurrent changes of room rules both apply', async (t) => {
  const people = ['ada', 'eve'];
  const server = await runServer(t, {
    people,
    async prepare(store, accounts) {
      for (const name of people) await store.setRole(accounts.get(name)?.id ?? 0, 'admin');
    },
  });
  const [ada, eve] = [await server.enter('ada'), await server.enter('eve')];
  const change = { type: 'set-rules', room: 'lobby' } as const;
  const answers = [
    outcome(ada, { ...change, locked: true }),
    outcome(eve, { ...change, slow: 5_000 }),
    outcome(ada, { ...change, restrict: ['files'] }),
  ];
  t.same(await Promise.all(answers), ['ok', 'ok', 'ok']);
  const rules = { locked: true, slow: 5_000, restrict: ['files'] };
  const told = [await eve.next('rules'), await eve.next('rules'), await eve.next('rules')];
  t.same(told.at(-1)?.rules, rules);
});

t.test('room appointments are in the audit log, those of private rooms for the operator only', async (t) => {
  const server = await runServer(t, {
    people: ['ada', 'mike'],
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const [ada, mike] = [await server.enter('ada'), await server.enter('mike')];
  ok(await mike.ask({ type: 'join', room: 'yard' }));
  ok(await mike.ask({ type: 'join', room: 'den', private: true }));
  ok(await mike.ask({ type: 'invite', room: 'den', name: 'ada' }));
  for (const room of ['yard', 'den']) {
    ok(await ada.ask({ type: 'join', room }));
    ok(await mike.ask({ type: 'appoint', room, name: 'ada', role: 'owner' }));
  }
  const entry = { by: 'mike', action: 'appoint', on: 'ada', detail: 'owner' };
  const seen = ok(await ada.ask({ type: 'audit' })).audit ?? [];
  t.match(seen, [{ ...entry, room: 'yard' }]);
  t.equal(seen.length, 1);
  const { audit } = await callControl(controlSocket(server.data), 'audit', {});
  t.match(audit, [
    { ...entry, room: 'den' },
    { ...entry, room: 'yard' },
  ]);
});
