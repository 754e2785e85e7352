/** Sign-in under attack, through frames: floods of wrong passwords, attempts that hang up, odd and weak passwords. */
import t, { type Test } from 'tap';
import { controlSocket } from '../../lib/cli/folders.js';
import { limits } from '../../lib/protocol/limits.js';
import type { Hasher } from '../../lib/server/auth/hasher.js';
import { callControl } from '../../lib/server/operator/control-socket.js';
import { outcome, requestOk } from '../support/requests.js';
import { runServer } from '../support/running-server.js';
import { password, quickHasher, type SessionScene, sessionScene } from '../support/session-scene.js';
import { turns } from '../support/turns.js';

const attacker = '192.0.2.66';
const wrong = 'a wrong password';

/** A scene with ana and ben, whose hasher does one job at a time and notes the passwords. */
async function busyScene(t: Test) {
  const hashed: string[] = [];
  let held: Promise<void> | undefined;
  const hasher: Hasher = {
    ...quickHasher,
    atOnce: 1,
    async verify(typed, phc) {
      hashed.push(typed);
      await held;
      return quickHasher.verify(typed, phc);
    },
  };
  const scene = await sessionScene(t, { hasher });
  const ana = scene.connect().wire;
  const { token = '' } = await requestOk(ana, { type: 'register', name: 'ana', password });
  await requestOk(scene.connect().wire, { type: 'register', name: 'ben', password });
  return {
    ...{ scene, ana, token },
    hashed,
    /** Lets no hash end before the returned function is called. */
    hold(): () => void {
      let release = (): void => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return () => {
        held = undefined;
        release();
      };
    },
  };
}

function guess(scene: SessionScene, name: string, address = attacker) {
  const client = scene.connect(address);
  client.wire.send({ type: 'sign-in', id: 1, name, password: wrong });
  return client;
}

const signIn = (scene: SessionScene, name: string, address: string) =>
  outcome(scene.connect(address).wire, { type: 'sign-in', name, password, mode: 'attach' });

t.test('passwords of connections that hang up are not hashed', async (t) => {
  const { scene, hashed, hold } = await busyScene(t);
  const release = hold();
  const clients = Array.from({ length: 64 }, (_, n) => guess(scene, `guess-${n}x`));
  await turns();
  for (const { wire, session } of clients) {
    wire.destroy();
    session.dismiss('timed-out', 'bye');
  }
  const answer = signIn(scene, 'ben', '192.0.2.7');
  await turns();
  release();
  t.equal(await answer, 'ok');
  t.same(hashed, [wrong, password], 'only the one that had begun, and the good one');
});

t.test(
  'a good sign-in waits for a few hashes of a flood, from elsewhere and from the same address',
  async (t) => {
    const { scene, hashed, hold } = await busyScene(t);
    t.equal(await signIn(scene, 'ben', attacker), 'ok', 'ben comes in from there');
    const release = hold();
    for (let n = 0; n < 50; n++) guess(scene, `guess-${n}x`, `192.0.2.${66 + (n % 4)}`);
    await turns();
    hashed.length = 0;
    const answers = [signIn(scene, 'ana', '192.0.2.7'), signIn(scene, 'ben', attacker)];
    await turns();
    release();
    t.same(await Promise.all(answers), ['ok', 'ok']);
    // At most one for each address of the flood is before them.
    t.same(hashed.slice(0, 6).filter((typed) => typed === password).length, 2);
  },
);

t.test('wrong passwords stop no one else behind the same address', async (t) => {
  const { scene, ana, token } = await busyScene(t);
  for (let n = 0; n < 2 * limits.loginFailuresPerMinute; n++) {
    const { wire } = guess(scene, 'victim', '192.0.2.1');
    await turns();
    scene.clock.advance(limits.loginDelayMaxMs);
    await wire.next('error');
  }
  t.equal(await signIn(scene, 'victim', '192.0.2.1'), 'too-many-attempts', 'the account from there');
  t.equal(await outcome(scene.connect().wire, { type: 'resume', token, mode: 'attach' }), 'ok');
  t.equal(await outcome(ana, { type: 'make-recovery', password }), 'ok', 'a signed-in person');
  t.equal(await signIn(scene, 'ben', '192.0.2.1'), 'ok');
});

t.test(
  'guesses at an account do not hold up its owner who is signed in, even from the same address',
  async (t) => {
    const { scene, ana, token } = await busyScene(t);
    for (let n = 0; n < 2 * limits.loginFailuresPerMinute; n++) {
      guess(scene, 'ana', `198.51.100.${n}`);
      guess(scene, 'ana', '192.0.2.1');
    }
    await turns();
    t.equal(await outcome(ana, { type: 'make-recovery', password }), 'ok');
    t.equal(await outcome(scene.connect().wire, { type: 'resume', token, mode: 'attach' }), 'ok');
  },
);

t.test('many attempts at once all count', async (t) => {
  const { scene, hashed } = await busyScene(t);
  const most = limits.loginFailuresPerMinute;
  const clients = Array.from({ length: 4 * most }, () => guess(scene, 'ana'));
  await turns();
  scene.clock.advance(limits.loginDelayMaxMs);
  for (const { wire } of clients) await wire.next('error');
  t.equal(hashed.length, most);
});

t.test('a right password that ends in name-in-use counts', async (t) => {
  const { scene } = await busyScene(t);
  const codes: string[] = [];
  // Some are forgiven while the delays pass.
  for (let n = 0; n < 2 * limits.loginFailuresPerMinute; n++) {
    const answer = outcome(scene.connect().wire, { type: 'sign-in', name: 'ana', password });
    await turns();
    scene.clock.advance(limits.loginDelayMaxMs);
    codes.push(await answer);
  }
  t.equal(codes[0], 'name-in-use');
  t.ok(codes.includes('too-many-attempts'));
});

t.test('someone who answers the take-over question is never locked out', async (t) => {
  const { scene } = await busyScene(t);
  for (let n = 0; n < 3 * limits.loginFailuresPerMinute; n++) {
    const { wire } = scene.connect();
    const request = { type: 'sign-in', name: 'ana', password } as const;
    t.equal(await outcome(wire, request), 'name-in-use');
    t.equal(await outcome(wire, { ...request, mode: 'take-over' }), 'ok');
  }
});

t.test('empty and too long names and passwords have codes of their own', async (t) => {
  const { scene, ana, hashed } = await busyScene(t);
  const long = 'x y'.repeat(limits.passwordMaxBytes / 2);
  const ask = (request: Parameters<typeof outcome>[1]) => outcome(scene.connect().wire, request);
  t.equal(await ask({ type: 'sign-in', name: 'ana', password: long }), 'wrong-credentials');
  t.same(hashed, [], 'without a hash');
  t.equal(await ask({ type: 'sign-in', name: 'ana', password: '' }), 'wrong-credentials');
  t.equal(await ask({ type: 'sign-in', name: '', password }), 'wrong-credentials');
  t.equal(await ask({ type: 'register', name: '', password }), 'name-invalid');
  t.equal(await ask({ type: 'register', name: 'cleo', password: long }), 'password-unsuitable');
  t.equal(await ask({ type: 'register', name: 'cleo', password: '' }), 'password-unsuitable');
  t.equal(await ask({ type: 'recover', name: '', code: 'x', password }), 'recovery-invalid');
  t.equal(await ask({ type: 'recover', name: 'ana', code: 'x', password: long }), 'password-unsuitable');
  t.equal(await outcome(ana, { type: 'set-password', old: password, password: long }), 'password-unsuitable');
  t.equal(await outcome(ana, { type: 'set-password', old: long, password }), 'wrong-credentials');
  t.equal(await outcome(ana, { type: 'kick', name: '' }), 'no-such-name');
  t.same(scene.errors, []);
});

t.test('weak passwords are refused wherever one is set', async (t) => {
  const server = await runServer(t, {
    people: ['ana'],
    passwords: true,
    registration: 'open',
    name: 'Garden-Club',
  });
  const ana = await server.dial();
  const { recovery } = await (async () => {
    await requestOk(ana, { type: 'sign-in', name: 'ana', password });
    return requestOk(ana, { type: 'make-recovery', password });
  })();
  const operate = (command: string, args: object) =>
    callControl(controlSocket(server.data), command, { ...args }).then(
      () => 'ok',
      ({ code }) => code,
    );
  for (const weak of ['password', '12345678', 'garden-club', 'Secure-Chat']) {
    const visitor = await server.dial();
    t.equal(
      await outcome(visitor, { type: 'register', name: 'ben', password: weak }),
      'password-unsuitable',
      weak,
    );
    const recover = { type: 'recover', name: 'ana', code: recovery ?? '', password: weak } as const;
    t.equal(await outcome(visitor, recover), 'password-unsuitable');
    const change = { type: 'set-password', old: password, password: weak } as const;
    t.equal(await outcome(ana, change), 'password-unsuitable');
    t.not(await operate('user-passwd', { name: 'ana', password: weak }), 'ok');
    t.not(await operate('user-add', { name: 'cleo', password: weak }), 'ok');
  }
});

t.test('a password is the same however it is typed, wherever it is set', async (t) => {
  const server = await runServer(t, { people: ['ana'], passwords: true, registration: 'open' });
  const composed = 'un caf\u00e9 tr\u00e8s noir';
  const decomposed = 'un cafe\u0301\u00a0tre\u0300s\u3000noir';
  await callControl(controlSocket(server.data), 'user-add', { name: 'ben', password: decomposed });
  const ben = await server.dial();
  t.equal(await outcome(ben, { type: 'sign-in', name: 'ben', password: composed }), 'ok');
  const cleo = await server.dial();
  await requestOk(cleo, { type: 'register', name: 'cleo', password: composed });
  t.equal(await outcome(cleo, { type: 'make-recovery', password: decomposed }), 'ok');
  const change = { type: 'set-password', old: decomposed, password: `${decomposed}.` } as const;
  t.equal(await outcome(cleo, change), 'ok');
  const again = await server.dial();
  const back = { type: 'sign-in', name: 'cleo', password: `${composed}.`, mode: 'attach' } as const;
  t.equal(await outcome(again, back), 'ok');
});

t.test('a stored hash that cannot be checked is logged with the account, and not called wrong', async (t) => {
  const hasher: Hasher = {
    ...quickHasher,
    async verify(typed, phc) {
      if (phc === 'absurd') throw new Error('refused');
      return quickHasher.verify(typed, phc);
    },
  };
  const scene = await sessionScene(t, { hasher });
  await scene.store.register({ name: 'ana', skeleton: 'ana', password: 'absurd', at: 1 });
  t.equal(await signIn(scene, 'ana', attacker), 'internal');
  t.match(scene.errors, [{ message: /ana.*secure-chat user passwd ana/, cause: { message: 'refused' } }]);
});
