import { duplexPair } from 'node:stream';
import t from 'tap';
import { encodeFrame } from '../../../lib/protocol/frame.js';
import { limits } from '../../../lib/protocol/limits.js';
import { heapInUse } from '../../support/heap.js';
import { hello, password, sessionScene } from '../../support/session-scene.js';
import { turns } from '../../support/turns.js';

t.test('a client is greeted before it sends anything', async (t) => {
  const scene = await sessionScene(t);
  const { wire, session } = scene.connect();
  t.same(await wire.next('hello'), hello);
  t.equal(session.phase, 'greeting');
  t.equal(session.name, undefined);
});

t.test('signing in leads through the phases, quitting ends them', async (t) => {
  const scene = await sessionScene(t);
  const { wire, session, phases } = scene.connect();
  t.match(await wire.ask({ type: 'register', name: 'ada', password }), {
    type: 'ok',
    name: 'ada',
    role: 'member',
    token: /^[\w-]{43}$/,
    conversations: [{ room: 'lobby', last: 0, read: 0 }],
  });
  t.equal(session.phase, 'open');
  t.equal(session.name, 'ada');
  t.match(await wire.ask({ type: 'quit' }), { type: 'ok' });
  await wire.closed;
  t.same(phases, ['signing-in', 'open', 'closing', 'closed']);
  t.same(
    wire.all('closing').map(({ code }) => code),
    ['signed-out'],
  );
});

t.test('a client that does not sign in is dismissed when the time is up', async (t) => {
  const scene = await sessionScene(t);
  const { wire, phases } = scene.connect();
  await wire.next('hello');
  t.match(await wire.ask({ type: 'sign-in', name: 'ada', password: 'wrong' }), { code: 'wrong-credentials' });
  scene.clock.advance(limits.signInMs - 1);
  await wire.ask({ type: 'ping' });
  t.same(wire.all('closing'), [], 'neither a failed attempt nor a ping buys time, but it is not up yet');
  scene.clock.advance(1);
  await wire.closed;
  t.match(wire.all('closing'), [{ code: 'timed-out' }]);
  t.same(phases, ['signing-in', 'greeting', 'closing', 'closed']);
});

t.test('a silent client is dismissed, one that pings is not', async (t) => {
  const scene = await sessionScene(t);
  const { wire } = await scene.signIn('ada');
  for (let i = 0; i < 3; i++) {
    scene.clock.advance(limits.deadMs - 1);
    await wire.ask({ type: 'ping' });
  }
  scene.clock.advance(limits.deadMs - 1);
  await turns();
  t.notOk(wire.isClosed);
  scene.clock.advance(1);
  await wire.closed;
  t.match(wire.all('closing'), [{ code: 'timed-out' }]);
  t.equal(scene.clock.pending, 0, 'no timer of it is left');
});

t.test('a dismissed client that neither reads nor leaves is destroyed soon', async (t) => {
  const scene = await sessionScene(t);
  const { wire, session } = scene.connect();
  await wire.next('hello');
  wire.pause();
  session.dismiss('shutting-down', 'bye');
  await turns();
  t.equal(session.phase, 'closing');
  scene.clock.advance(limits.closingMs);
  await turns();
  t.equal(session.phase, 'closed');
});

t.test('there is one closing frame, and nothing after it', async (t) => {
  const scene = await sessionScene(t);
  const { wire, session } = await scene.signIn('ada');
  wire.send({ type: 'ping', id: 50 });
  session.dismiss('shutting-down', 'first');
  session.dismiss('timed-out', 'second');
  wire.send({ type: 'ping', id: 51 }, { type: 'quit', id: 52 });
  await wire.closed;
  t.match(wire.frames.at(-1), { type: 'closing', code: 'shutting-down' });
  t.equal(wire.all('closing').length, 1);
});

t.test('before sign-in every other request is refused, and the connection stays', async (t) => {
  const scene = await sessionScene(t);
  const { wire } = scene.connect();
  const early = [
    { type: 'sync' },
    { type: 'say', room: 'lobby', text: 'hi', key: 'k' },
    { type: 'history', room: 'lobby' },
    { type: 'read', room: 'lobby', seq: 1 },
    { type: 'who' },
  ] as const;
  for (const request of early) {
    t.match(await wire.ask(request), { type: 'error', code: 'not-signed-in' }, request.type);
  }
  t.match(await wire.ask({ type: 'ping' }), { type: 'ok' });
  t.match(await wire.ask({ type: 'register', name: 'ada', password }), { type: 'ok' });
});

t.test('a name can be checked before sign-in, and only then', async (t) => {
  const scene = await sessionScene(t);
  const { wire, session } = scene.connect();
  t.match(await wire.ask({ type: 'check-name', name: 'Ada' }), { type: 'ok' });
  t.equal(session.phase, 'greeting', 'no one signed in');
  t.equal(await scene.store.account('ada'), undefined, 'and nothing is reserved');
  t.match(await wire.ask({ type: 'register', name: 'ada', password }), { type: 'ok' });
  t.match(await wire.ask({ type: 'check-name', name: 'ben' }), { code: 'already-signed-in' });
});

t.test('too many names end the connection, and only that', async (t) => {
  const scene = await sessionScene(t);
  const { wire } = scene.connect();
  for (let n = 0; n < limits.nameChecksPerMinute; n++) {
    t.match(await wire.ask({ type: 'check-name', name: `ada-${n}` }), { type: 'ok' });
  }
  t.match(await wire.ask({ type: 'check-name', name: 'ben' }), {
    code: 'too-many-attempts',
    retryAfter: 60_000 / limits.nameChecksPerMinute,
  });
  await wire.closed;
  t.match(wire.all('closing'), [{ code: 'too-many-attempts' }]);
  const again = scene.connect().wire;
  t.match(await again.ask({ type: 'check-name', name: 'ben' }), { code: 'too-many-attempts' });
  const neighbour = scene.connect('192.0.2.2').wire;
  t.match(await neighbour.ask({ type: 'check-name', name: 'ben' }), { type: 'ok' });
  const late = scene.connect().wire;
  t.match(await late.ask({ type: 'register', name: 'ben', password }), { type: 'ok' }, 'who can register');
});

t.test('a connection signs in only once', async (t) => {
  const scene = await sessionScene(t);
  const { wire, session } = await scene.signIn('ada');
  const again = [
    { type: 'sign-in', name: 'ada', password },
    { type: 'register', name: 'bob', password },
    { type: 'resume', token: 'x' },
  ] as const;
  for (const request of again) {
    t.match(await wire.ask(request), { type: 'error', code: 'already-signed-in' }, request.type);
  }
  t.equal(session.phase, 'open');
  t.equal(await scene.store.account('bob'), undefined);
});

t.test('two sign-ins in one write: the second is refused', async (t) => {
  const scene = await sessionScene(t);
  const { wire } = scene.connect();
  wire.send(
    { type: 'register', id: 1, name: 'ada', password },
    { type: 'register', id: 2, name: 'bob', password },
  );
  await wire.next('error');
  t.match(
    wire.frames.filter(({ type }) => type !== 'hello'),
    [
      { type: 'ok', re: 1, name: 'ada' },
      { type: 'error', re: 2, code: 'already-signed-in' },
    ],
  );
});

t.test('an invalid request is refused by its code, with its id if it has one', async (t) => {
  const scene = await sessionScene(t);
  const { wire } = await scene.signIn('ada');
  const cases = [
    [{ type: 'fly', id: 90 }, 90, 'unknown-type'],
    [{ id: 91 }, 91, 'unknown-type'],
    [{ type: { toString: 1 }, id: 92 }, 92, 'unknown-type'],
    [{ type: 'who', id: 93, loudly: true }, 93, 'bad-request'],
    [{ type: 'say', id: 94, room: 'lobby', text: 'no key' }, 94, 'bad-request'],
    [{ type: 'say', id: 95, text: 'nowhere', key: 'k1' }, 95, 'bad-request'],
    [
      { type: 'say', id: 96, room: 'lobby', to: 'ada', text: 'two conversations', key: 'k2' },
      96,
      'bad-request',
    ],
    [{ type: 'ping', id: 0 }, 0, 'bad-request'],
    [{ type: 'ping' }, 0, 'bad-request'],
    [{ type: 'ping', id: -1 }, 0, 'bad-request'],
    [{ type: 'ping', id: '7' }, 0, 'bad-request'],
    [{ type: 'ping', id: 2 ** 60 }, 0, 'bad-request'],
  ] as const;
  for (const [frame, re, code] of cases) {
    wire.send(frame);
    t.match(await wire.next('error'), { re, code }, JSON.stringify(frame));
  }
  t.match(await wire.ask({ type: 'ping' }), { type: 'ok' }, 'and the session goes on');
});

t.test('a bad frame ends its own connection only', async (t) => {
  const scene = await sessionScene(t);
  const [{ wire: ada }, { wire: bob }] = [await scene.signIn('ada'), await scene.signIn('bob')];
  const other = scene.connect();
  other.wire.raw(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await other.wire.closed;
  t.match(other.wire.all('closing'), [{ code: 'frame-too-large' }]);

  bob.raw(Buffer.from([0, 0, 0, 2, 0x7b, 0x7b]));
  await bob.closed;
  t.match(bob.all('closing'), [{ code: 'bad-frame' }]);

  scene.clock.advance(10);
  t.match(await ada.next('left'), { name: 'bob' });
  t.match(await ada.ask({ type: 'who' }), { people: [{ name: 'ada' }] });
  t.same(scene.errors, []);
});

t.test('frames may be longer once signed in', async (t) => {
  const scene = await sessionScene(t);
  const client = scene.connect();
  const padded = encodeFrame({ type: 'ping', id: 1, pad: 'x'.repeat(limits.frameUnsignedBytes) });
  client.wire.raw(padded);
  await client.wire.closed;
  t.match(client.wire.all('closing'), [{ code: 'frame-too-large' }]);

  const { wire } = await scene.signIn('ada');
  wire.raw(padded);
  t.match(await wire.next('error'), { code: 'bad-request' });
  wire.raw(encodeFrame({ type: 'ping', id: 1, pad: 'x'.repeat(limits.frameBytes) }));
  await wire.closed;
  t.match(wire.all('closing'), [{ code: 'frame-too-large' }]);
});

t.test('requests are answered in order, however many come at once', async (t) => {
  const scene = await sessionScene(t);
  const { wire } = await scene.signIn('ada');
  const ids = Array.from({ length: 150 }, (_, i) => 1_000 + i);
  const kinds = [{ type: 'ping' }, { type: 'who' }, { type: 'history', room: 'lobby' }];
  wire.send(...ids.map((id) => ({ ...kinds[id % kinds.length], id })));
  await wire.next('ok', ({ re }) => re === ids.at(-1));
  t.same(
    wire
      .all('ok')
      .map(({ re }) => re)
      .filter((re) => re >= 1_000),
    ids,
  );
});

t.test('too many requests are read later, and none is refused', async (t) => {
  const scene = await sessionScene(t);
  const { wire } = await scene.signIn('ada');
  const count = limits.requestBurst + 300;
  wire.send(...Array.from({ length: count }, (_, i) => ({ type: 'ping', id: 1_000 + i })));
  await turns();
  const answered = () => wire.all('ok').filter(({ re }) => re >= 1_000).length;
  t.ok(answered() <= limits.requestBurst, `${answered()} at once`);
  const start = scene.clock.now();
  while (answered() < count) {
    scene.clock.advance(10);
    await turns();
  }
  const seconds = (scene.clock.now() - start) / 1000;
  t.ok(seconds >= 2.9 && seconds < 4, `the rest took ${seconds} s`);
  t.same(wire.all('error'), []);
});

t.test('a session that ends during sign-in leaves no one online', async (t) => {
  const scene = await sessionScene(t);
  await scene.signIn('ada');
  const { wire, session } = scene.connect();
  wire.send({ type: 'register', id: 1, name: 'bob', password });
  await turns(1);
  wire.destroy();
  session.dismiss('shutting-down', 'bye');
  await scene.store.countAccounts();
  await turns();
  await scene.store.countAccounts();
  await turns();
  const { wire: carol } = await scene.signIn('carol');
  const reply = await carol.ask({ type: 'who' });
  t.same('people' in reply && reply.people?.map(({ name }) => name), ['ada', 'carol']);
  t.same(scene.errors, []);
});

t.test('reasons for leaving reach the others as one printable line', async (t) => {
  const scene = await sessionScene(t);
  const { wire: ada } = await scene.signIn('ada');
  const { wire: bob } = await scene.signIn('bob');
  bob.send({ type: 'quit', id: 1, reason: 'see\n\u001b[31myou' });
  await bob.closed;
  scene.clock.advance(10);
  t.match(await ada.next('left'), { name: 'bob', reason: 'see [31myou' });

  const { wire: carol } = await scene.signIn('carol');
  carol.destroy();
  const again = scene.connect();
  again.session.dismiss('timed-out', 'not signed in: no one sees it');
  t.same(scene.errors, []);
});

t.test(
  'a client that asks for much and reads nothing is dismissed, though it is not read either',
  async (t) => {
    const scene = await sessionScene(t);
    const { wire: ada } = scene.connect();
    await ada.ask({ type: 'register', name: 'ada', password });
    const text = 'x'.repeat(limits.messageBytes);
    for (let i = 0; i < 100; i++) await ada.ask({ type: 'say', room: 'lobby', text, key: `k${i}` });
    const { wire, session } = await scene.signIn('sloth');
    wire.pause();
    for (let id = 100; id < 250; id++) wire.send({ type: 'history', id, room: 'lobby' });
    for (let i = 0; i < 10 && session.phase === 'open'; i++) {
      await ada.ask({ type: 'ping' });
      await turns();
      scene.clock.advance(limits.deadMs / 2);
    }
    t.equal(session.phase, 'closing');
    scene.clock.advance(limits.closingMs);
    await turns();
    t.equal(session.phase, 'closed');
  },
);

t.test('a session that is taken over gets what is due, then why it ends, and nothing else', async (t) => {
  const scene = await sessionScene(t);
  const { wire } = await scene.signIn('ada');
  const other = scene.connect().wire;
  wire.send({ type: 'ping', id: 60 });
  await other.ask({ type: 'sign-in', name: 'ada', password, mode: 'take-over' });
  wire.send({ type: 'ping', id: 61 });
  await wire.closed;
  t.match(wire.frames.slice(-2), [{ re: 60 }, { type: 'closing', code: 'taken-over' }]);
});

t.test('an idle session takes little memory', async (t) => {
  const count = 200;
  const scene = await sessionScene(t);
  const perOne = (make: () => unknown) => {
    const before = heapInUse();
    const all = Array.from({ length: count }, () => make());
    return (heapInUse() - before) / all.length;
  };
  const dial = () => scene.dial('192.0.2.1');
  // Compiled, and with their shapes known.
  perOne(dial);
  perOne(duplexPair);
  const bytes = perOne(dial) - perOne(duplexPair);
  t.ok(bytes < 6_000, `${Math.round(bytes)} bytes beyond its stream`);
});
