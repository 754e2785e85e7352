/** Signing in to a full server: who is refused, and what they keep. */
import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { hashToken } from '../../../lib/server/auth/tokens.js';
import type { Store } from '../../../lib/store/store.js';
import { createDelayedCall } from '../../support/delayed-call.js';
import { outcome, requestOk } from '../../support/requests.js';
import { makeAccount, ok, password, runServer } from '../../support/running-server.js';
import { quickHasher, sessionScene } from '../../support/session-scene.js';
import { kept } from '../../support/store-subject.js';

t.test('beyond --max-clients only admins and people already online can sign in', async (t) => {
  const server = await runServer(t, {
    people: ['ada', 'ben', 'cleo'],
    maxClients: 1,
    prepare: (store, accounts) => store.setRole(accounts.get('cleo')?.id ?? 0, 'admin').then(() => {}),
  });
  const ada = await server.enter('ada');
  const token = server.token('ben');
  const ben = await server.dial();
  t.match(await ben.ask({ type: 'resume', token }), { type: 'error', code: 'server-full' });
  ok(await (await server.dial()).ask({ type: 'resume', token: server.token('ada'), mode: 'attach' }));
  await server.enter('cleo');
  t.match(ok(await ada.ask({ type: 'who' })).people, [{ name: 'ada', terminals: 2 }, { name: 'cleo' }]);
});

t.test(
  'a session whose account has much to count comes back with its counts, and with its next token',
  async (t) => {
    const server = await runServer(t, {
      people: ['ada', 'ben'],
      async prepare(store, accounts) {
        const target = { room: (await store.rooms())[0]?.id ?? 0 };
        const entry = {
          target,
          account: accounts.get('ada')?.id ?? 0,
          action: false,
          at: Date.now(),
          text: '1',
        };
        await Promise.all(Array.from({ length: 700 }, (_, i) => kept(store, { ...entry, key: `k${i}` })));
      },
    });
    for (const connection of [await server.dial(), await server.dial()]) {
      const { conversations, token } = ok(
        await connection.ask({ type: 'resume', token: server.token('ben') }),
      );
      t.match(conversations, [{ room: 'lobby', unread: 700 }]);
      t.type(token, 'string');
      ok(await connection.ask({ type: 'sync' }));
    }
  },
);

t.test('a client that finds the server full tries again with the same session', async (t) => {
  const server = await runServer(t, { people: ['ada', 'ben'], maxClients: 1 });
  const ada = await server.enter('ada');
  const token = server.token('ben');
  const ben = await server.dial();
  t.match(await ben.ask({ type: 'resume', token }), { code: 'server-full' });
  ok(await ada.ask({ type: 'quit' }));
  await ada.closed;
  ok(await ben.ask({ type: 'resume', token }));
});

t.test('an account that could not join is not created, and its invite stays valid', async (t) => {
  const server = await runServer(t, { people: ['ada'], maxClients: 1 });
  const code = await server.running.invite({ uses: 1 });
  const ada = await server.enter('ada');
  const dora = await server.dial();
  const register = { type: 'register', name: 'dora', password, code } as const;
  t.match(await dora.ask(register), { code: 'server-full' });
  ok(await ada.ask({ type: 'quit' }));
  await ada.closed;
  t.match(ok(await dora.ask(register)), { name: 'dora', role: 'member' });
});

t.test('a recovery code stays valid if its account could not join', async (t) => {
  const server = await runServer(t, { maxClients: 1 });
  const code = server.running.firstLink?.split('/').at(-1) ?? '';
  const ada = await server.dial();
  ok(await ada.ask({ type: 'register', name: 'ada', password, code }));
  const ben = await server.dial();
  const invite = await server.running.invite({ uses: 2 });
  ok(await ada.ask({ type: 'quit' }));
  await ada.closed;
  const { recovery = '' } = ok(await ben.ask({ type: 'register', name: 'ben', password, code: invite }));
  ok(await ben.ask({ type: 'quit' }));
  await ben.closed;
  const cleo = await server.dial();
  ok(await cleo.ask({ type: 'register', name: 'cleo', password, code: invite }));
  const back = await server.dial();
  const recover = { type: 'recover', name: 'ben', password: 'quite another one', code: recovery } as const;
  t.match(await back.ask({ ...recover, code: 'none' }), { code: 'recovery-invalid' });
  t.match(await back.ask(recover), { code: 'server-full' });
  ok(await cleo.ask({ type: 'quit' }));
  await cleo.closed;
  ok(await back.ask(recover));
});

t.test('an admin recovers an account on a full server', async (t) => {
  const server = await runServer(t, { maxClients: 1 });
  const first = server.running.firstLink?.split('/').at(-1) ?? '';
  const ada = await server.dial();
  const { recovery = '' } = ok(await ada.ask({ type: 'register', name: 'ada', password, code: first }));
  ok(await ada.ask({ type: 'quit' }));
  await ada.closed;
  const ben = await server.dial();
  const code = await server.running.invite({ uses: 1 });
  ok(await ben.ask({ type: 'register', name: 'ben', password, code }));
  const back = await server.dial();
  const recover = { type: 'recover', name: 'ada', password: 'quite another one', code: recovery } as const;
  t.match(ok(await back.ask(recover)), { name: 'ada', role: 'admin' });
});

const code = 'c'.repeat(22);
const register = { type: 'register', name: 'dora', password, code } as const;

/** An empty server for one person, with an invite for one and an account of ben; hashes and the store can be slow. */
async function serverForOne(t: Test) {
  const hash = createDelayedCall(quickHasher.hash);
  let holdStore = (_work: 'register' | 'recover') => hash.delay();
  const scene = await sessionScene(t, {
    maxClients: 1,
    hasher: { ...quickHasher, hash: hash.call },
    storeOf(store) {
      const held = { register: createDelayedCall(store.register), recover: createDelayedCall(store.recover) };
      holdStore = (work) => held[work].delay();
      return { ...store, register: held.register.call, recover: held.recover.call };
    },
  });
  const at = scene.clock.now();
  await makeAccount(scene.store, 'ben', await quickHasher.hash(password));
  const invite = { code: hashToken(code), role: 'member', uses: 1, expires: at + 3_600_000, at } as const;
  await scene.store.createInvite(invite);
  /** Signs ben in. @returns has him leave again */
  async function fillServer() {
    const { wire } = scene.connect();
    await requestOk(wire, { type: 'sign-in', name: 'ben', password });
    return async () => {
      await requestOk(wire, { type: 'quit' });
      await wire.closed;
    };
  }
  return { scene, fillServer, holdHash: hash.delay, holdStore };
}

t.test('an account is not created if the server filled up while its password was hashed', async (t) => {
  const { scene, fillServer, holdHash } = await serverForOne(t);
  const dora = scene.connect().wire;
  const held = holdHash();
  const answer = outcome(dora, register);
  await held.reached;
  const leave = await fillServer();
  held.release();
  t.equal(await answer, 'server-full');
  t.equal(await scene.store.account('dora'), undefined);
  await leave();
  t.equal(await outcome(dora, register), 'ok', 'and its invite stays valid');
});

t.test('an account is not created if its connection ended meanwhile', async (t) => {
  const { scene, holdHash } = await serverForOne(t);
  const dora = scene.connect().wire;
  const held = holdHash();
  const answer = outcome(dora, register).catch(() => 'closed');
  await held.reached;
  scene.clock.advance(limits.signInMs);
  t.match(await dora.next('closing'), { code: 'timed-out' });
  held.release();
  await answer;
  t.equal(await outcome(scene.connect().wire, register), 'ok', 'name and invite are still available');
});

t.test('an account that was created joins even if the server filled up at that moment', async (t) => {
  const { scene, fillServer, holdStore } = await serverForOne(t);
  const dora = scene.connect().wire;
  const held = holdStore('register');
  const answer = dora.ask(register);
  await held.reached;
  await fillServer();
  held.release();
  t.match(await answer, { type: 'ok', name: 'dora', recovery: /^\w{5}-/ });
  t.equal((await requestOk(dora, { type: 'who' })).people?.length, 2);
  t.equal(await outcome(scene.connect().wire, { type: 'register', name: 'eve', password }), 'server-full');
});

t.test('an account that was recovered joins even if the server filled up at that moment', async (t) => {
  const { scene, fillServer, holdHash, holdStore } = await serverForOne(t);
  const dora = scene.connect().wire;
  const { recovery = '' } = await requestOk(dora, register);
  await requestOk(dora, { type: 'quit' });
  await dora.closed;
  const recover = { type: 'recover', name: 'dora', password: 'quite another one', code: recovery } as const;
  const late = scene.connect().wire;
  const hashing = holdHash();
  const refused = outcome(late, recover);
  await hashing.reached;
  const leave = await fillServer();
  hashing.release();
  t.equal(await refused, 'server-full');
  await leave();
  const keeping = holdStore('recover');
  const answer = late.ask(recover);
  await keeping.reached;
  await fillServer();
  keeping.release();
  t.match(await answer, { type: 'ok', recovery: /^\w{5}-/ }, 'the code was still good');
});

t.test('an address that was banned meanwhile registers no account', async (t) => {
  const { scene, holdHash } = await serverForOne(t);
  const { id } = await makeAccount(scene.store, 'ada', await quickHasher.hash(password));
  await scene.store.setRole(id, 'admin');
  const dora = scene.connect('198.51.100.7').wire;
  const held = holdHash();
  const answer = outcome(dora, register);
  await held.reached;
  const ada = scene.connect('192.0.2.9').wire;
  await requestOk(ada, { type: 'sign-in', name: 'ada', password });
  await requestOk(ada, { type: 'ban', address: '198.51.100.0/24' });
  held.release();
  t.equal(await answer, 'banned');
  t.equal(await scene.store.account('dora'), undefined);
});

t.test('a resume asks the store once, and so does a sync with nothing missed', async (t) => {
  const log: string[] = [];
  const logged = (store: Store): Store =>
    new Proxy(store, {
      get(target, method: keyof Store) {
        if (method === 'peering') return undefined;
        const work = target[method] as (...args: unknown[]) => Promise<unknown>;
        return async (...args: unknown[]) => {
          log.push(`ask ${method}`);
          const value = await work(...args);
          log.push('answer');
          return value;
        };
      },
    });
  const scene = await sessionScene(t, { storeOf: logged });
  const { wire } = scene.connect();
  const { token = '' } = await requestOk(wire, { type: 'register', name: 'ana', password });
  for (const room of ['tea', 'pot']) await requestOk(wire, { type: 'join', room });
  const { seq = 0 } = await requestOk(wire, { type: 'say', room: 'tea', text: 'hello', key: 'k' });
  wire.destroy();
  await wire.closed;
  const back = scene.connect().wire;
  log.length = 0;
  await requestOk(back, { type: 'resume', token, mode: 'attach' });
  t.same(log.splice(0), ['ask resumeSession', 'answer']);
  await requestOk(back, { type: 'sync', rooms: { lobby: 0, tea: seq, pot: 0 } });
  t.same(log.splice(0), ['ask catchUpState', 'answer']);
  t.same(back.all('message'), []);
});
