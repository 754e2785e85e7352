/** Invites and reset links through frames: races, roles and a failing store. */
import t, { type Test } from 'tap';
import type { Role } from '../../../lib/protocol/records.js';
import { type Store, StoreError } from '../../../lib/store/store.js';
import { outcome, requestOk } from '../../support/requests.js';
import { password, quickHasher, type SceneDeps, sessionScene } from '../../support/session-scene.js';

async function sceneWith(t: Test, roles: Readonly<Record<string, Role>>, deps: SceneDeps = {}) {
  const scene = await sessionScene(t, deps);
  for (const [name, role] of Object.entries(roles)) {
    const made = await scene.store.register({
      name,
      skeleton: name,
      password: await quickHasher.hash(password),
      at: 1,
      role,
    });
    t.equal(made.outcome, 'created');
  }
  const enter = async (name: string) => {
    const { wire } = scene.connect();
    await requestOk(wire, { type: 'sign-in', name, password });
    return wire;
  };
  return { ...scene, enter };
}

const codeIn = (links: readonly string[] = []) => links[0]?.split('/').at(-1) ?? '';

t.test('fifty concurrent registrations with a single-use invite create one account', async (t) => {
  const scene = await sceneWith(t, { ada: 'admin' });
  const ada = await scene.enter('ada');
  const code = codeIn((await requestOk(ada, { type: 'make-invite' })).links);
  // From addresses of their own: one address would have to wait for its passwords to be hashed.
  const visitors = Array.from({ length: 50 }, (_, n) => scene.connect(`192.0.2.${n + 1}`).wire);
  await Promise.all(visitors.map((wire) => wire.next('hello')));
  const answers = await Promise.all(
    visitors.map((wire, n) => outcome(wire, { type: 'register', name: `guest${n}x`, password, code })),
  );
  t.same(
    answers.toSorted(),
    [...Array.from({ length: 49 }, () => 'invite-invalid'), 'ok'],
    'the others are refused',
  );
  t.equal(await scene.store.countAccounts(), 2);
  t.same((await requestOk(ada, { type: 'invites' })).invites, []);
  t.same(scene.errors, []);
});

t.test('invites are for lower roles only, except among admins, and never for bots', async (t) => {
  const scene = await sceneWith(t, { ada: 'admin', mo: 'moderator', ben: 'member' });
  const may: readonly [string, readonly Role[]][] = [
    ['ada', ['admin', 'moderator', 'member']],
    ['mo', ['member']],
    ['ben', []],
  ];
  for (const [name, roles] of may) {
    const wire = await scene.enter(name);
    for (const role of ['admin', 'moderator', 'member', 'bot'] as const) {
      const expected = roles.includes(role) ? 'ok' : 'not-allowed';
      t.equal(await outcome(wire, { type: 'make-invite', role }), expected, `${name} makes a ${role}`);
    }
  }
  const ben = await scene.enter('ben').catch(() => undefined);
  t.equal(ben, undefined, 'already signed in');
});

t.test('invites, revocations and reset links are in the audit log without their codes', async (t) => {
  const scene = await sceneWith(t, { ada: 'admin', ben: 'member' });
  const ada = await scene.enter('ada');
  const invite = codeIn((await requestOk(ada, { type: 'make-invite', uses: 3, role: 'moderator' })).links);
  const [row] = (await requestOk(ada, { type: 'invites' })).invites ?? [];
  await requestOk(ada, { type: 'uninvite', invite: row?.id ?? 0 });
  t.equal(await outcome(ada, { type: 'uninvite', invite: row?.id ?? 0 }), 'no-such-name');
  const reset = codeIn((await requestOk(ada, { type: 'make-reset', name: 'Ben' })).links);
  const { audit = [] } = await requestOk(ada, { type: 'audit' });
  t.match(audit, [
    { by: 'ada', action: 'reset-link', on: 'ben' },
    { by: 'ada', action: 'uninvite', detail: `invite ${row?.id}` },
    { by: 'ada', action: 'invite', detail: 'moderator, 3 uses' },
  ]);
  t.equal(audit.length, 3, 'and no refused request');
  for (const code of [invite, reset]) t.notOk(JSON.stringify(audit).includes(code));
});

t.test('a reset link is valid for a day, for lower roles with a password', async (t) => {
  const scene = await sceneWith(t, { ada: 'admin', eve: 'admin', ben: 'member', robo: 'bot' });
  const ada = await scene.enter('ada');
  t.equal(await outcome(ada, { type: 'make-reset', name: 'eve' }), 'not-allowed', 'not a peer');
  t.equal(await outcome(ada, { type: 'make-reset', name: 'nobody' }), 'no-such-name');
  t.equal(await outcome(ada, { type: 'make-reset', name: 'robo' }), 'not-allowed', 'not a bot');
  const { links, expires = '' } = await requestOk(ada, { type: 'make-reset', name: 'ben' });
  t.equal(Date.parse(expires) - scene.clock.now(), 24 * 60 * 60_000);
  const recover = { type: 'recover', name: 'ben', code: codeIn(links), password: 'another one' } as const;
  scene.clock.set(Date.parse(expires));
  t.equal(await outcome(scene.connect().wire, recover), 'recovery-invalid', 'at the exact time');
  scene.clock.set(Date.parse(expires) - 1);
  t.equal(await outcome(scene.connect().wire, recover), 'ok');
});

t.test('a failing store is an internal error of the request only', async (t) => {
  let full = false;
  const failing =
    <Args extends unknown[], Value>(work: (...args: Args) => Promise<Value>) =>
    async (...args: Args): Promise<Value> => {
      if (full) throw new StoreError('the disk is full');
      return work(...args);
    };
  const storeOf = (store: Store): Store => ({
    ...store,
    recordAudit: failing(store.recordAudit),
    createInvite: failing(store.createInvite),
    addReset: failing(store.addReset),
    setFactor: failing(store.setFactor),
    useFactor: failing(store.useFactor),
  });
  const scene = await sceneWith(t, { ada: 'admin', ben: 'member' }, { storeOf });
  const ada = await scene.enter('ada');
  full = true;
  t.equal(await outcome(ada, { type: 'make-invite' }), 'internal');
  t.equal(await outcome(ada, { type: 'make-reset', name: 'ben' }), 'internal');
  full = false;
  t.equal(await outcome(ada, { type: 'make-invite' }), 'ok');
  t.match(scene.errors, [{ name: 'StoreError' }, { name: 'StoreError' }]);
});
