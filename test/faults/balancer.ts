/** A server behind a balancer: bans and throttles go by the source of each connection, and no header harms anyone else. */
import type { Socket } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { limits } from '../../lib/protocol/limits.js';
import { newToken } from '../../lib/server/auth/tokens.js';
import { fuzz } from '../support/fuzzing.js';
import { httpsPost } from '../support/https-post.js';
import { attemptBehind, closed, plain } from '../support/listener-scene.js';
import { scrape } from '../support/monitoring.js';
import { localHeader, proxiedFrom, proxySignature } from '../support/proxy-header.js';
import { post } from '../support/requests.js';
import { ok, runServer, type TestServer } from '../support/running-server.js';
import { turns } from '../support/turns.js';
import { dial, type WireClient } from '../support/wire-client.js';

const balanced = { proxyFrom: ['127.0.0.1'], metrics: { host: '127.0.0.1', port: 0 } };

async function dialFrom({ port }: TestServer, source: string): Promise<WireClient> {
  const socket = await plain(port);
  socket.write(proxiedFrom(source));
  return dial(port, { socket });
}

async function enterFrom(server: TestServer, name: string, source: string): Promise<WireClient> {
  const client = await dialFrom(server, source);
  ok(await client.ask({ type: 'resume', token: server.token(name) }));
  ok(await client.ask({ type: 'sync' }));
  return client;
}

t.test('a ban of an address is one of the source', async (t) => {
  const server = await runServer(t, {
    ...{ ...balanced, people: ['ada', 'bob'] },
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const ada = await enterFrom(server, 'ada', '198.51.100.1');
  const bob = await enterFrom(server, 'bob', '203.0.113.9');
  ok(await ada.ask({ type: 'ban', address: '203.0.113.0/24' }));
  t.match(await bob.next('closing'), { code: 'banned' });
  t.match(await (await dialFrom(server, '203.0.113.77')).next('closing'), { code: 'banned' });
  await enterFrom(server, 'bob', '198.51.100.2');
  t.match(await post(ada, { room: 'lobby' }, 'still here'), { type: 'message' });
});

t.test('wrong tokens shut out their source, not the others behind the balancer', async (t) => {
  const server = await runServer(t, { ...balanced, people: ['bob'] });
  const guess = async () => {
    const attacker = await dialFrom(server, '203.0.113.9');
    const reply = await attacker.ask({ type: 'resume', token: newToken().text });
    attacker.destroy();
    return reply;
  };
  for (let i = 0; i < limits.codeFailuresPerMinute; i++) t.match(await guess(), { code: 'session-expired' });
  t.match(await guess(), { code: 'too-many-attempts' });
  await enterFrom(server, 'bob', '198.51.100.2');
});

t.test('guessed webhooks shut out their source, too', async (t) => {
  const webhooks = { host: '127.0.0.1', port: 0 };
  const { running } = await runServer(t, { ...balanced, webhooks });
  const url = `${running.webhooks}/hook/${newToken().text}`;
  const guess = async (source: string) => {
    const socket = await plain(Number(new URL(url).port));
    socket.write(proxiedFrom(source));
    return (await httpsPost(url, 'hi', { 'content-type': 'text/plain' }, socket)).status;
  };
  for (let i = 0; i < limits.codeFailuresPerMinute; i++) t.equal(await guess('203.0.113.9'), 404);
  t.equal(await guess('203.0.113.9'), 429);
  t.equal(await guess('198.51.100.2'), 404);
});

t.test('garbage in place of a header, or behind one, ends its own connection only', async (t) => {
  const server = await runServer(t, { ...balanced, people: ['ada', 'bob'], perAddress: 100_000 });
  const ada = await enterFrom(server, 'ada', '198.51.100.1');
  const start = fc.constantFrom(Buffer.alloc(0), proxySignature, proxiedFrom('203.0.113.9'), localHeader);
  const bytes = fc.tuple(start, fc.uint8Array({ maxLength: 600 }), fc.boolean());
  let flip = 0;
  await fuzz(t, 400, bytes, async ([beginning, more, reset]) => {
    const socket = await plain(server.port);
    socket.write(Buffer.concat([beginning, more]));
    if (++flip % 2 === 0) await turns();
    if (reset) socket.resetAndDestroy();
    else socket.end();
    await closed(socket);
  });
  t.match(await post(ada, { room: 'lobby' }, 'still here'), { type: 'message' });
  await enterFrom(server, 'bob', '198.51.100.2');
  t.same(server.errors, []);
  // The port for metrics limits how often it is asked.
  const left = () => scrape(server.running.metrics).catch(() => new Map<string, number>());
  while ((await left()).get('secure_chat_connections{kind="handshake"}') !== 0) await turns();
  t.pass('nothing is left of them');
});

t.test('a balancer that opens connections and sends nothing keeps no one out', async (t) => {
  const server = await runServer(t, { ...balanced, people: ['ada'] });
  const silent: Socket[] = [];
  t.teardown(() => {
    for (const socket of silent) socket.destroy();
  });
  for (let i = 0; i < 300; i++) {
    const socket = await plain(server.port);
    silent.push(socket);
    if (i % 3 > 0) socket.write(proxiedFrom('203.0.113.9').subarray(0, i % 28));
  }
  await enterFrom(server, 'ada', '198.51.100.1');
  t.equal(silent.filter((socket) => socket.closed).length, 0, 'they did not even compete');
  t.equal(
    (await attemptBehind(server.port, Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'))).outcome,
    'ECONNRESET',
  );
  t.same(server.errors, []);
});
