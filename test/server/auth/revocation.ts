/** What a new password, a recovery and a logout end: present sessions, and sign-ins in progress. */

import { once } from 'node:events';
import { connect } from 'node:tls';
import t, { type Test } from 'tap';
import type { RequestBody } from '../../../lib/client/wire/connection.js';
import { fileAlpn } from '../../../lib/protocol/events.js';
import { encodeFrame } from '../../../lib/protocol/frame.js';
import { limits } from '../../../lib/protocol/limits.js';
import { hashRecoveryCode, newToken } from '../../../lib/server/auth/tokens.js';
import type { ResumedSession } from '../../../lib/store/sign-in-store.js';
import type { Store } from '../../../lib/store/store.js';
import { createDelayedCall } from '../../support/delayed-call.js';
import { outcome, requestOk } from '../../support/requests.js';
import { ok, runServer } from '../../support/running-server.js';
import { password, quickHasher, sessionScene } from '../../support/session-scene.js';
import { tlsOptions } from '../../support/wire-client.js';

const next = 'another password';
const signIn = { type: 'sign-in', name: 'ana', password, mode: 'attach' } as const;
const change = { type: 'set-password', old: password, password: next } as const;

/** A scene with ana, in which a password check, a ban check or the resuming of a session can be held up. */
async function slowScene(t: Test, verify = quickHasher.verify) {
  const check = createDelayedCall(verify);
  let ban: ReturnType<
    typeof createDelayedCall<Parameters<Store['banOf']>, Awaited<ReturnType<Store['banOf']>>>
  >;
  let resume: ReturnType<
    typeof createDelayedCall<Parameters<Store['resumeSession']>, ResumedSession | undefined>
  >;
  let passwordChange: ReturnType<typeof createDelayedCall<Parameters<Store['changePassword']>, boolean>>;
  let revoke: ReturnType<typeof createDelayedCall<Parameters<Store['revokeSession']>, boolean>>;
  const scene = await sessionScene(t, {
    hasher: { ...quickHasher, verify: check.call },
    storeOf(store) {
      ban = createDelayedCall(store.banOf);
      resume = createDelayedCall(store.resumeSession);
      passwordChange = createDelayedCall(store.changePassword);
      revoke = createDelayedCall(store.revokeSession);
      return {
        ...{ ...store, banOf: ban.call, resumeSession: resume.call },
        ...{ changePassword: passwordChange.call, revokeSession: revoke.call },
      };
    },
  });
  const { wire } = scene.connect();
  const made = await requestOk(wire, { type: 'register', name: 'ana', password });
  const sessions = async () => (await requestOk(wire, { type: 'sessions' })).sessions ?? [];
  /** A sign-in during its password check. */
  const beginSignIn = async () => {
    const held = check.delay();
    const answer = outcome(scene.connect().wire, signIn);
    await held.reached;
    return { held, answer };
  };
  return {
    scene,
    ana: wire,
    made,
    sessions,
    beginSignIn,
    holdCheck: check.delay,
    holdBan: () => ban.delay(),
    holdResume: () => resume.delay(),
    holdChange: () => passwordChange.delay(),
    holdRevoke: () => revoke.delay(),
  };
}

t.test('a sign-in with the old password during a change fails', async (t) => {
  const { scene, ana, sessions, beginSignIn } = await slowScene(t);
  const { held, answer } = await beginSignIn();
  t.equal(await outcome(ana, change), 'ok');
  held.release();
  t.equal(await answer, 'wrong-credentials');
  t.same(
    (await sessions()).map(({ current }) => current),
    [true],
    'and leaves no session',
  );
  t.equal(await outcome(ana, { type: 'ping' }), 'ok');
  t.equal((await requestOk(ana, { type: 'who' })).people?.[0]?.terminals, 1);
  t.same(scene.errors, []);
});

t.test('a rehash of the old password during a change is discarded', async (t) => {
  const { scene, ana, beginSignIn } = await slowScene(t, async (text, phc) => {
    const { right } = await quickHasher.verify(text, phc);
    return right ? { right, rehashed: await quickHasher.hash(text) } : { right };
  });
  const { held, answer } = await beginSignIn();
  t.equal(await outcome(ana, change), 'ok');
  held.release();
  t.equal(await answer, 'wrong-credentials');
  t.equal(await outcome(scene.connect().wire, signIn), 'wrong-credentials');
  t.equal(await outcome(scene.connect().wire, { ...signIn, password: next }), 'ok');
});

t.test('a sign-in with the old password during a recovery fails', async (t) => {
  const { scene, made, holdCheck } = await slowScene(t);
  const [late, owner] = [scene.connect().wire, scene.connect().wire];
  const held = holdCheck();
  const answer = outcome(late, signIn);
  await held.reached;
  const recover = { type: 'recover', name: 'ana', code: made.recovery ?? '', password: next } as const;
  t.equal(await outcome(owner, recover), 'ok');
  held.release();
  t.equal(await answer, 'wrong-credentials');
});

/** Both have their answers from the store, in this order, and learn of them in the same turn. */
t.test('a session that is resumed right before a password change ends with it', async (t) => {
  const { scene, ana, sessions, holdResume, holdChange } = await slowScene(t);
  const lost = scene.connect().wire;
  const { token = '' } = await requestOk(lost, signIn);
  lost.destroy();
  await lost.closed;
  const thief = scene.connect().wire;
  const resumed = holdResume();
  const answer = outcome(thief, { type: 'resume', token, mode: 'attach' }).catch(() => 'closed');
  await resumed.reached;
  const changed = holdChange();
  const done = outcome(ana, change);
  await changed.reached;
  resumed.release();
  changed.release();
  t.equal(await done, 'ok');
  await answer;
  t.match(await thief.next('closing'), { code: 'signed-out' });
  t.equal((await sessions()).length, 1);
  t.equal((await requestOk(ana, { type: 'who' })).people?.[0]?.terminals, 1);
  t.equal(await outcome(scene.connect().wire, { type: 'resume', token }), 'session-expired');
});

t.test('a session that is resumed right before its logout ends with it', async (t) => {
  const { scene, ana, sessions, holdResume, holdRevoke } = await slowScene(t);
  const lost = scene.connect().wire;
  const { token = '' } = await requestOk(lost, signIn);
  lost.destroy();
  await lost.closed;
  const other = (await sessions()).find(({ current }) => current === undefined)?.id ?? 0;
  const thief = scene.connect().wire;
  const resumed = holdResume();
  const answer = outcome(thief, { type: 'resume', token, mode: 'attach' }).catch(() => 'closed');
  await resumed.reached;
  const revoked = holdRevoke();
  const done = outcome(ana, { type: 'logout', session: other });
  await revoked.reached;
  resumed.release();
  revoked.release();
  t.equal(await done, 'ok');
  await answer;
  t.match(await thief.next('closing'), { code: 'signed-out' });
  t.equal((await requestOk(ana, { type: 'who' })).people?.[0]?.terminals, 1);
});

t.test('a recovery signs in even if another terminal was faster', async (t) => {
  const { scene, made, holdBan } = await slowScene(t);
  const [owner, quick] = [scene.connect().wire, scene.connect().wire];
  const held = holdBan();
  const recover = { type: 'recover', name: 'ana', code: made.recovery ?? '', password: next } as const;
  const answer = owner.ask(recover);
  await held.reached;
  t.equal(await outcome(quick, { ...signIn, password: next }), 'ok');
  held.release();
  t.match(await answer, { type: 'ok', recovery: /^\w{5}-/ }, 'otherwise the new code would be lost');
  t.match(await quick.next('closing'), { code: 'taken-over' });
});

t.test('a recovery revokes file tickets', async (t) => {
  const code = 'AAAAA-AAAAA';
  const server = await runServer(t, {
    people: ['ana'],
    passwords: true,
    prepare: async (store, accounts) =>
      void (await store.setRecovery(accounts.get('ana')?.id ?? 0, hashRecoveryCode(code))),
  });
  const ana = await server.enter('ana');
  const offer: RequestBody = {
    type: 'offer',
    room: 'lobby',
    name: 'a.txt',
    size: 1,
    hash: 'x'.repeat(43),
    key: 'k',
  };
  const { ticket = '' } = await requestOk(ana, offer);
  const owner = await server.dial();
  t.equal(await outcome(owner, { type: 'recover', name: 'ana', code, password: next }), 'ok');
  const file = connect({ ...tlsOptions(server.port), ALPNProtocols: [fileAlpn] });
  await once(file, 'secureConnect');
  file.write(encodeFrame({ type: 'upload', ticket }));
  const [answered] = (await once(file, 'data')) as [Buffer];
  t.match(answered.toString(), /ticket-invalid/);
  file.destroy();
});

t.test("a bot's token allows several connections, and quitting one keeps the others", async (t) => {
  const token = newToken();
  const server = await runServer(t, {
    people: ['robo'],
    async prepare(store, accounts) {
      const account = accounts.get('robo')?.id ?? 0;
      const at = Date.now();
      const kept = { expires: at + 3_600_000, at, remember: true, bot: true } as const;
      await store.openSession({ account, token: token.hash, ...kept });
    },
  });
  const come = async () => {
    const client = await server.dial();
    const { token: answered } = ok(await client.ask({ type: 'resume', token: token.text, mode: 'attach' }));
    t.equal(answered, token.text);
    return client;
  };
  const [listening, sending] = [await come(), await come()];
  t.equal(await outcome(listening, { type: 'ping' }), 'ok');
  ok(await sending.ask({ type: 'quit' }));
  await sending.closed;
  t.equal(await outcome(listening, { type: 'ping' }), 'ok');
  t.same(listening.all('closing'), []);
  const again = await come();
  const listed = (await requestOk(again, { type: 'sessions' })).sessions ?? [];
  const session = listed.find(({ current }) => current)?.id ?? 0;
  await again.ask({ type: 'logout', session }).catch(() => {});
  t.match(await listening.next('closing'), { code: 'signed-out' }, 'a logout ends all of them');
  await again.closed;
  t.equal(await outcome(await server.dial(), { type: 'resume', token: token.text }), 'session-expired');
});

t.test('a password change that began before a recovery fails', async (t) => {
  const hash = createDelayedCall(quickHasher.hash);
  const scene = await sessionScene(t, { hasher: { ...quickHasher, hash: hash.call } });
  const { wire: thief } = scene.connect();
  const { recovery: code = '' } = await requestOk(thief, { type: 'register', name: 'ana', password });
  const held = hash.delay();
  const answer = outcome(thief, { ...change, password: 'of the thief' }).catch(() => 'closed');
  await held.reached;
  const { wire: owner } = scene.connect();
  await requestOk(owner, { type: 'recover', name: 'ana', code, password: next });
  held.release();
  t.equal(await answer, 'closed');
  t.equal(await outcome(owner, { type: 'sessions' }), 'ok');
  const again = (typed: string) => outcome(scene.connect().wire, { ...signIn, password: typed });
  t.equal(await again(next), 'ok');
  t.equal(await again('of the thief'), 'wrong-credentials');
  t.equal(
    (await requestOk(owner, { type: 'sessions' })).sessions?.length,
    2,
    'and keeps the current sessions',
  );
});

t.test('a new recovery code that was requested before a recovery is discarded', async (t) => {
  const { scene, ana: thief, made, holdCheck } = await slowScene(t);
  const held = holdCheck();
  const answer = outcome(thief, { type: 'make-recovery', password }).catch(() => 'closed');
  await held.reached;
  const recover = { type: 'recover', name: 'ana', code: made.recovery ?? '', password: next } as const;
  const { recovery: code = '' } = await requestOk(scene.connect().wire, recover);
  held.release();
  t.equal(await answer, 'closed');
  t.equal(await outcome(scene.connect().wire, { ...recover, code }), 'ok');
});

t.test('resumed sessions respect the limit of terminals per name', async (t) => {
  const server = await runServer(t, { people: ['ana', 'ben'] });
  const ben = await server.enter('ben');
  const come = async (token: string) => {
    const client = await server.dial();
    return { client, reply: await client.ask({ type: 'resume', token, mode: 'attach' }) };
  };
  const tokens: string[] = [];
  const lost: { client: Awaited<ReturnType<typeof come>>['client']; token: string }[] = [];
  for (let n = 0; n < limits.terminalsPerName; n++) {
    const { client, reply } = await come(server.token('ana'));
    lost.push({ client, token: ok(reply).token ?? '' });
  }
  for (const { client, token } of lost) {
    tokens.push(token);
    client.destroy();
  }
  await ben.next('left', ({ name }) => name === 'ana');
  const here = [];
  for (let n = 0; n < limits.terminalsPerName; n++) here.push((await come(server.token('ana'))).reply);
  t.same(new Set(here.map(({ type }) => type)), new Set(['ok']));
  for (const token of tokens) t.match((await come(token)).reply, { code: 'too-many-terminals' });
});
