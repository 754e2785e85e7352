import { connect as connectPlain } from 'node:net';
import t from 'tap';
import { limits } from '../../lib/protocol/limits.js';
import type { Message } from '../../lib/protocol/records.js';
import { helloOf } from '../support/hello.js';
import { ok, runServer } from '../support/running-server.js';
import { dial, type WireClient } from '../support/wire-client.js';

const closings = (client: WireClient) => client.all('closing').map(({ code }) => code);

t.test('the hello has what a client needs before it signs in', async (t) => {
  const server = await runServer(t, { people: ['ada'], name: 'Home \u001b[31mserver', rate: 7 });
  const expected = helloOf({ server: 'Home [31mserver' });
  Object.assign(expected.limits, { messageBurst: 14, messagesPerSecond: 7 });
  t.same((await server.dial()).hello, expected);
});

t.test(
  'an address has at most sixteen unauthenticated connections: the next takes the place of one',
  async (t) => {
    const server = await runServer(t, { people: ['ada'] });
    const waiting: WireClient[] = [];
    for (let i = 0; i < limits.unsignedPerAddress; i++) waiting.push(await server.dial());
    const newcomer = await server.dial();
    await Promise.race(waiting.map(({ closed }) => closed));
    const refused = waiting.filter(({ isClosed }) => isClosed);
    t.equal(refused.length, 1);
    t.same(
      refused[0]?.frames.map((frame) => (frame.type === 'closing' ? frame.code : frame.type)),
      ['hello', 'too-many-connections'],
    );

    ok(await newcomer.ask({ type: 'resume', token: server.token('ada') }));
    const next = await server.dial();
    t.match(await next.ask({ type: 'ping' }), { type: 'ok' });
    t.equal(waiting.filter(({ isClosed }) => isClosed).length, 1, 'one that has signed in makes room');
  },
);

const onLinux = process.platform === 'linux' ? false : 'needs all of 127.0.0.0/8';
t.test(
  'all addresses together have at most a hundred unauthenticated connections',
  { skip: onLinux },
  async (t) => {
    const server = await runServer(t, { people: ['ada'] });
    const waiting: WireClient[] = [];
    t.teardown(() => {
      for (const client of waiting) client.destroy();
    });
    for (let i = 0; i < limits.connectionsUnsigned; i++) {
      waiting.push(await dial(server.port, { localAddress: `127.0.0.${2 + (i % 10)}` }));
    }
    t.same(
      waiting.filter(({ isClosed }) => isClosed),
      [],
    );
    const newcomer = await dial(server.port, { localAddress: '127.0.0.99' });
    await Promise.race(waiting.map(({ closed }) => closed));
    t.same(waiting.filter(({ isClosed }) => isClosed).map(closings), [['too-many-connections']]);
    t.match(await newcomer.ask({ type: 'ping' }), { type: 'ok' });
    newcomer.destroy();
  },
);

t.test('connections beyond the limit per address get no frame at all', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'], perAddress: 2 });
  const [ada] = [await server.enter('ada'), await server.enter('bob')];
  await t.rejects(server.dial());
  t.match(await ada.ask({ type: 'ping' }), { type: 'ok' });
});

t.test('a client that does not read is disconnected; everyone else gets everything', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob', 'sloth'] });
  const [ada, bob, sloth] = [
    await server.enter('ada'),
    await server.enter('bob'),
    await server.enter('sloth'),
  ];
  sloth.pause();
  const text = 'x'.repeat(limits.messageBytes);
  const said: string[] = [];
  // How much the kernel buffers differs between machines, so post until it is full.
  while (bob.all('left').length === 0) {
    const keys = Array.from({ length: 50 }, (_, i) => `k${said.length + i}`);
    said.push(...keys);
    await Promise.all(keys.map((key) => ada.ask({ type: 'say', room: 'lobby', text, key })));
    if (said.length > 20_000) throw new Error('80 MB later it is still there.');
  }
  t.match(bob.all('left'), [{ name: 'sloth', reason: 'connection lost' }]);
  await ada.ask({ type: 'say', room: 'lobby', text: 'end', key: 'end' });
  await bob.next('message', ({ key }) => key === 'end');
  for (const client of [ada, bob]) {
    t.same(
      client.all('message').map(({ key }) => key),
      [...said, 'end'],
    );
  }
  sloth.resume();
  await sloth.closed;
  t.ok(sloth.all('message').length < said.length);
  t.match(await bob.ask({ type: 'who' }), { people: [{ name: 'ada' }, { name: 'bob' }] });
});

t.test('when the server closes, everyone gets a notice and posts are kept', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const [ada, bob, guest] = [await server.enter('ada'), await server.enter('bob'), await server.dial()];
  for (let i = 0; i < 100; i++)
    ada.send({ type: 'say', id: 1_000 + i, room: 'lobby', text: `${i}`, key: `k${i}` });
  // They have reached the server by the time the first of them comes back.
  await bob.next('message');
  await server.running.close();
  await Promise.all([ada.closed, bob.closed, guest.closed]);
  for (const client of [ada, bob, guest]) {
    t.same(closings(client), ['shutting-down']);
    t.equal(client.frames.at(-1)?.type, 'closing');
  }
  const acknowledged = ada.all('message').map(({ key }) => key);
  t.ok(acknowledged.length > 0);
  t.same(
    bob.all('message').map(({ key }) => key),
    acknowledged,
    'everyone has seen what its sender knows to be stored',
  );

  const again = await runServer(t, { data: server.data });
  const { token } = await tokenOf(ada);
  const back = await again.dial();
  ok(await back.ask({ type: 'resume', token }));
  const { messages = [] } = ok(await back.ask({ type: 'history', room: 'lobby' }));
  const kept = (messages as Message[]).map(({ key }) => key);
  t.same(kept.slice(0, acknowledged.length), acknowledged);
});

/** The token in the reply that let this client in. */
async function tokenOf(client: WireClient): Promise<{ token: string }> {
  const token = client.all('ok').find((reply) => reply.token !== undefined)?.token;
  if (token === undefined) throw new Error('It was not let in.');
  return { token };
}

t.test('closing waits neither for clients that do not read nor for handshakes', async (t) => {
  const server = await runServer(t, { people: ['ada', 'sloth'] });
  const [ada, sloth] = [await server.enter('ada'), await server.enter('sloth')];
  sloth.pause();
  const text = 'x'.repeat(limits.messageBytes);
  for (let i = 0; i < 100; i++) await ada.ask({ type: 'say', room: 'lobby', text, key: `k${i}` });
  const plain = connectPlain(server.port, '127.0.0.1');
  await new Promise((resolve) => plain.once('connect', resolve));
  const gone = new Promise((resolve) => plain.once('close', resolve));
  plain.resume();
  plain.on('error', () => {});
  const start = performance.now();
  await server.running.close();
  const ms = performance.now() - start;
  t.ok(ms < limits.drainMs, `${Math.round(ms)} ms`);
  await gone;
  sloth.resume();
  await sloth.closed;
  await t.rejects(server.dial(), { code: 'ECONNREFUSED' });
});
