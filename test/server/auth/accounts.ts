import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { hashToken } from '../../../lib/server/auth/tokens.js';
import type { Account } from '../../../lib/store/account-store.js';
import type { Store } from '../../../lib/store/store.js';
import { parseJoinLink } from '../../../lib/trust/endpoint.js';
import { createDelayedCall } from '../../support/delayed-call.js';
import { outcome, requestOk } from '../../support/requests.js';
import { ok, password, runServer, type TestServer } from '../../support/running-server.js';
import { quickHasher, type SessionScene, sessionScene } from '../../support/session-scene.js';
import { turns } from '../../support/turns.js';

function codeOf(link: string | undefined): string {
  const parsed = parseJoinLink(link ?? '');
  if (!parsed.ok || parsed.value.code === undefined) throw new Error('The link has no code.');
  return parsed.value.code;
}

/** Registers over a new connection. */
async function register(server: TestServer, fields: { name: string; password?: string; code?: string }) {
  const client = await server.dial();
  const reply = await client.ask({ type: 'register', password, ...fields });
  client.destroy();
  return reply;
}

t.test('the first link creates an admin, an invite a member', async (t) => {
  const server = await runServer(t);
  const first = { name: 'Ada', code: codeOf(server.running.firstLink) };
  t.match(await register(server, first), { type: 'ok', name: 'ada', role: 'admin', token: /^[\w-]{43}$/ });
  t.match(await register(server, { ...first, name: 'bob' }), { code: 'invite-invalid' }, 'and only once');
  const code = await server.running.invite({});
  t.match(await register(server, { name: 'bob', code }), { type: 'ok', name: 'bob', role: 'member' });
  const admin = await server.running.invite({ role: 'admin' });
  t.match(await register(server, { name: 'carol', code: admin }), { role: 'admin' });
  t.same(server.errors, []);
});

t.test('only a server without an admin has a first link, and a new one replaces the old', async (t) => {
  const people = await runServer(t, { people: ['ada'], prepare: makeAdmin });
  t.equal(people.running.firstLink, undefined);

  const fresh = await runServer(t);
  const code = codeOf(fresh.running.firstLink);
  await fresh.close();
  const again = await runServer(t, { data: fresh.data });
  t.not(codeOf(again.running.firstLink), code);
  t.match(await register(again, { name: 'ada', code }), { code: 'invite-invalid' });
});

t.test('an invite creates as many accounts as it has uses', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const code = await server.running.invite({ uses: 2 });
  t.match(await register(server, { name: 'bob', code }), { type: 'ok' });
  t.match(await register(server, { name: 'carol', code }), { type: 'ok' });
  t.match(await register(server, { name: 'dora', code }), { code: 'invite-invalid' });
});

t.test('a single-use invite used twice at the same time creates one account', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const code = await server.running.invite({});
  const replies = await Promise.all([
    register(server, { name: 'bob', code }),
    register(server, { name: 'eve', code }),
  ]);
  t.same(replies.map(({ type }) => type).sort(), ['error', 'ok']);
  t.match(
    replies.find(({ type }) => type === 'error'),
    { code: 'invite-invalid' },
  );
});

t.test('a refused registration does not use up the invite', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const code = await server.running.invite({});
  t.match(await register(server, { name: 'ada', code }), { code: 'name-taken' });
  t.match(await register(server, { name: 'a d a', code }), { code: 'name-invalid' });
  t.match(await register(server, { name: 'bob', code }), { type: 'ok' });
});

t.test('a name is checked with the answers of registration, by those who could register', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bill'] });
  const code = await server.running.invite({});
  const client = await server.dial();
  const check = (name: string, given: { code?: string } = { code }) =>
    outcome(client, { type: 'check-name', name, ...given });
  const answers = {
    zoe: 'ok',
    ADA: 'name-taken',
    bi11: 'name-look-alike',
    admin: 'name-reserved',
    'z o e': 'name-invalid',
  };
  for (const [name, answer] of Object.entries(answers)) {
    t.equal(await check(name), answer, name);
    const registered = answer === 'ok' ? undefined : await register(server, { name, code });
    if (registered !== undefined) t.match(registered, { code: answer }, `${name}, as registration says`);
  }
  t.match(await register(server, { name: 'zoe', code }), { type: 'ok' }, 'no check used up the invite');
  for (const given of [{ code }, { code: 'invented' }]) {
    t.equal(await check('ada', given), 'invite-invalid', 'without an invite nothing is revealed');
  }
  t.equal(await check('ada', {}), 'invite-needed');
});

t.test('where registration is open or closed, so are checks of names', async (t) => {
  const open = await runServer(t, { people: ['ada'], registration: 'open' });
  const stranger = await open.dial();
  t.equal(await outcome(stranger, { type: 'check-name', name: 'ada' }), 'name-taken');
  t.equal(await outcome(stranger, { type: 'check-name', name: 'zoe' }), 'ok');
  const closed = await runServer(t, { people: ['ada'], prepare: makeAdmin, registration: 'closed' });
  const visitor = await closed.dial();
  t.equal(await outcome(visitor, { type: 'check-name', name: 'ada' }), 'registration-closed');
  const code = await closed.running.invite({});
  t.equal(await outcome(visitor, { type: 'check-name', name: 'ada', code }), 'registration-closed');
});

t.test('an expired and an invented invite get the same answer', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const code = await server.running.invite({ expiresMs: 1 });
  for (const made = Date.now(); Date.now() <= made + 1; ) await turns(1);
  const { re: _, ...expired } = (await register(server, { name: 'bob', code })) as { re: number };
  const { re: __, ...invented } = (await register(server, { name: 'bob', code: 'invented' })) as {
    re: number;
  };
  t.match(expired, { code: 'invite-invalid' });
  t.same(invented, expired);
});

t.test('the policy decides who can register', async (t) => {
  const people = ['ada'];
  const open = await runServer(t, { people, registration: 'open' });
  t.equal((await open.dial()).hello.registration, 'open');
  t.match(await register(open, { name: 'bob' }), { type: 'ok', role: 'member' });

  const invite = await runServer(t, { people });
  t.equal((await invite.dial()).hello.registration, 'invite', 'the default');
  t.match(await register(invite, { name: 'bob' }), { code: 'invite-needed' });

  const closed = await runServer(t, { people, prepare: makeAdmin, registration: 'closed' });
  t.equal((await closed.dial()).hello.registration, 'closed');
  t.match(await register(closed, { name: 'bob' }), { code: 'registration-closed' });
  for (const role of ['member', 'admin'] as const) {
    const code = await closed.running.invite({ role });
    t.match(
      await register(closed, { name: 'bob', code }),
      { code: 'registration-closed' },
      `even with an invite for a ${role}`,
    );
  }

  const fresh = await runServer(t, { registration: 'closed' });
  const first = codeOf(fresh.running.firstLink);
  t.match(
    await register(fresh, { name: 'ada', code: first }),
    { role: 'admin' },
    'but the first account can be created',
  );
});

async function makeAdmin(store: Store, accounts: ReadonlyMap<string, Account>): Promise<void> {
  for (const { id } of accounts.values()) await store.setRole(id, 'admin');
}

t.test('members and no admin: every start has a link for the admin, however one registers', async (t) => {
  for (const registration of ['closed', 'invite', 'open'] as const) {
    const server = await runServer(t, { people: ['ada'], registration });
    const member = await server.running.invite({ role: 'member' });
    if (registration === 'closed')
      t.match(await register(server, { name: 'bob', code: member }), { code: 'registration-closed' });
    await server.close();
    const again = await runServer(t, { data: server.data, registration });
    const code = codeOf(again.running.firstLink);
    t.match(await register(again, { name: 'dora', code }), { role: 'admin' }, registration);
    await again.close();
    const last = await runServer(t, { data: server.data, registration });
    t.equal(last.running.firstLink, undefined);
  }
});

const stepMs = 3_600_000 / limits.accountsPerHour;

/** Creates as many accounts at once as one address can, from 192.0.2.1. */
async function crowd(scene: SessionScene) {
  for (let n = 0; n < limits.accountsPerHour; n++) {
    await requestOk(scene.connect().wire, { type: 'register', name: `name-${n}-of-many`, password });
  }
}

t.test(
  'without an invite an address can create ten accounts at once, then one every six minutes',
  async (t) => {
    const scene = await sessionScene(t);
    const make = (name: string, address?: string) =>
      scene.connect(address).wire.ask({ type: 'register', name, password });
    await crowd(scene);
    const early = scene.connect().wire;
    const reply = await early.ask({ type: 'register', name: 'early', password });
    t.match(reply, { code: 'too-many-attempts', retryAfter: stepMs });
    t.match(await early.next('closing'), { code: 'too-many-attempts' });
    t.match(await make('other', '192.0.2.2'), { type: 'ok' }, 'other addresses can');
    scene.clock.advance(stepMs - 1);
    t.match(await make('early'), { code: 'too-many-attempts', retryAfter: 1 });
    scene.clock.advance(1);
    t.match(await make('name-1-of-many'), { code: 'name-taken' }, 'refused requests do not count');
    t.match(await make('early'), { type: 'ok' });
    t.match(await make('late'), { code: 'too-many-attempts', retryAfter: stepMs });
  },
);

t.test('addresses of one IPv6 network share that limit', async (t) => {
  const scene = await sessionScene(t);
  const make = (n: number, address: string) =>
    outcome(scene.connect(address).wire, { type: 'register', name: `name-${n}-of-many`, password });
  for (let n = 0; n < limits.accountsPerHour; n++) t.equal(await make(n, `2001:db8::${n + 1}`), 'ok');
  t.equal(await make(98, '2001:db8::ffff'), 'too-many-attempts');
  t.equal(await make(99, '2001:db8:1::1'), 'ok');
});

t.test('accounts with an invite are not limited and do not count', async (t) => {
  const scene = await sessionScene(t);
  const code = 'c'.repeat(22);
  const at = scene.clock.now();
  const expires = at + 3_600_000;
  await scene.store.createInvite({ code: hashToken(code), role: 'member', uses: 20, expires, at });
  const make = (name: string) => outcome(scene.connect().wire, { type: 'register', name, password, code });
  for (let n = 0; n <= limits.accountsPerHour; n++) t.equal(await make(`guest-${n}-of-many`), 'ok');
  await crowd(scene);
  t.equal(await make('one-more'), 'ok');
});

t.test('an account whose password was hashed too late is limited too', async (t) => {
  const hash = createDelayedCall(quickHasher.hash);
  const scene = await sessionScene(t, { hasher: { ...quickHasher, hash: hash.call } });
  const held = hash.delay();
  const answer = outcome(scene.connect().wire, { type: 'register', name: 'slow', password });
  await held.reached;
  await crowd(scene);
  held.release();
  t.equal(await answer, 'too-many-attempts');
  t.equal(await scene.store.account('slow'), undefined);
});

t.test('taken, look-alike, reserved and invalid names have their own codes', async (t) => {
  const server = await runServer(t, { people: ['alice'], registration: 'open' });
  const cases = [
    ['alice', 'name-taken'],
    ['  ALICE ', 'name-taken'],
    ['a1ice', 'name-look-alike'],
    ['al.ice_', 'name-look-alike'],
    ['admin', 'name-reserved'],
    ['r00t', 'name-reserved'],
    ['', 'name-invalid'],
    ['käthe', 'name-invalid'],
    ['a b', 'name-invalid'],
    ['123', 'name-invalid'],
    ['x'.repeat(limits.nameLength + 1), 'name-invalid'],
  ] as const;
  for (const [name, code] of cases) t.match(await register(server, { name }), { type: 'error', code }, name);
});

t.test('unsuitable passwords are refused', async (t) => {
  const server = await runServer(t, { people: ['ada'], registration: 'open' });
  const cases = [
    ['short', 'password-unsuitable'],
    ['aaaaaaaaaaaa', 'password-unsuitable'],
    ['Bob-the-builder', 'password-unsuitable'],
    ['', 'password-unsuitable'],
    ['é'.repeat(limits.passwordMaxBytes / 2 + 1), 'password-unsuitable'],
    ['a good\u0000password', 'password-unsuitable'],
    ['a good password\ud800', 'password-unsuitable'],
  ] as const;
  for (const [unsuitable, code] of cases) {
    const reply = await register(server, { name: 'bob-the-builder', password: unsuitable });
    t.match(reply, { type: 'error', code }, JSON.stringify(unsuitable.slice(0, 20)));
  }
});

t.test('a wrong password and an unknown name get the same answer', async (t) => {
  const server = await runServer(t, { people: ['ada'], passwords: true });
  const client = await server.dial();
  const wrong = await client.ask({ type: 'sign-in', name: 'ada', password: 'not it at all' });
  const unknown = await client.ask({ type: 'sign-in', name: 'nemo', password: 'not it at all' });
  const invalid = await client.ask({ type: 'sign-in', name: '???', password: 'not it at all' });
  t.match(wrong, { type: 'error', code: 'wrong-credentials' });
  t.same({ ...unknown, re: 0 }, { ...wrong, re: 0 });
  t.same({ ...invalid, re: 0 }, { ...wrong, re: 0 });
  t.match(await client.ask({ type: 'sign-in', name: ' Ada', password }), { type: 'ok', name: 'ada' });
});

t.test('wrong tokens and codes of an address are limited, right ones are not', async (t) => {
  const scene = await sessionScene(t);
  const owner = scene.connect('192.0.2.9').wire;
  const made = await requestOk(owner, { type: 'register', name: 'ada', password });
  const { token = '', recovery = '' } = made;
  const code = 'c'.repeat(22);
  const at = scene.clock.now();
  const invite = { code: hashToken(code), role: 'member', uses: 1, expires: at + 3_600_000, at } as const;
  await scene.store.createInvite(invite);
  const client = scene.connect().wire;
  for (let i = 0; i < limits.codeFailuresPerMinute; i++) {
    t.match(await client.ask({ type: 'resume', token: `invented${i}` }), { code: 'session-expired' });
  }
  const wrong = [
    { type: 'resume', token: 'invented' },
    { type: 'register', name: 'bob', password, code: 'invented' },
    { type: 'recover', name: 'ada', password, code: 'invented' },
  ] as const;
  for (const attempt of wrong) {
    const visitor = scene.connect().wire;
    const reply = await visitor.ask(attempt);
    t.match(reply, { code: 'too-many-attempts', retryAfter: 6_000 }, attempt.type);
    t.match(await visitor.next('closing'), { code: 'too-many-attempts' }, 'and is disconnected');
  }
  t.equal(client.isClosed, false, 'an idle connection stays');
  t.equal(await outcome(scene.connect().wire, { type: 'resume', token, mode: 'attach' }), 'ok');
  t.equal(await outcome(scene.connect().wire, { type: 'register', name: 'bob', password, code }), 'ok');
  t.equal(
    await outcome(scene.connect().wire, { type: 'recover', name: 'ada', password, code: recovery }),
    'ok',
  );
});

async function resume(server: TestServer, token: string) {
  const client = await server.dial();
  return { client, reply: await client.ask({ type: 'resume', token }) };
}

t.test('a token is replaced on use; the old one is valid until the new one is used', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const first = server.token('ada');
  const second = ok((await resume(server, first)).reply).token ?? '';
  t.match(second, /^[\w-]{43}$/);
  t.not(second, first);
  const other = ok((await resume(server, first)).reply).token ?? '';
  t.not(other, second, 'as after a lost reply');
  t.match((await resume(server, second)).reply, { code: 'session-expired' }, 'which was never received');
  const third = ok((await resume(server, other)).reply).token ?? '';
  t.match((await resume(server, first)).reply, { code: 'session-expired' }, 'the old one is dead');
  t.match((await resume(server, third)).reply, { type: 'ok' });
});

async function endsWith(t: Test, remember: boolean) {
  const server = await runServer(t, { people: ['ada'], passwords: true });
  const client = await server.dial();
  const { token = '' } = ok(await client.ask({ type: 'sign-in', name: 'ada', password, remember }));
  ok(await client.ask({ type: 'quit' }));
  await client.closed;
  return (await resume(server, token)).reply;
}

t.test('quitting ends a session', async (t) => {
  t.match(await endsWith(t, false), { code: 'session-expired' });
});

t.test('quitting keeps a remembered session', async (t) => {
  t.match(await endsWith(t, true), { type: 'ok', name: 'ada' });
});

t.test('a lost connection and a restart keep the session', async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  const { client, reply } = await resume(server, server.token('ada'));
  client.destroy();
  const next = ok((await resume(server, ok(reply).token ?? '')).reply);
  await server.close();
  const again = await runServer(t, { data: server.data });
  t.match((await resume(again, next.token ?? '')).reply, { type: 'ok', name: 'ada' });
});
