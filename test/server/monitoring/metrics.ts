import t from 'tap';
import { httpsPost } from '../../support/https-post.js';
import { attempt } from '../../support/listener-scene.js';
import { scrape } from '../../support/monitoring.js';
import { startPushReceiver } from '../../support/push-receiver.js';
import { fence, post, requestOk } from '../../support/requests.js';
import { ok, password, runServer } from '../../support/running-server.js';
import { turns } from '../../support/turns.js';

const anyPort = { host: '127.0.0.1', port: 0 };

t.test('messages, deliveries and commits are counted', async (t) => {
  const { running, enter } = await runServer(t, { people: ['ada', 'bob'], metrics: anyPort });
  const [ada, bob] = [await enter('ada'), await enter('bob')];
  await fence(ada, 'lobby', ada, bob);
  const before = await scrape(running.metrics);
  const growth = async () => {
    const now = await scrape(running.metrics);
    return (name: string) => (now.get(name) ?? 0) - (before.get(name) ?? 0);
  };
  await post(ada, { room: 'lobby' }, 'to both');
  await post(ada, { to: 'bob' }, 'to bob, and to my own terminal');
  await requestOk(bob, { type: 'ping' });
  const more = await growth();
  t.equal(more('secure_chat_messages_total'), 2);
  t.equal(more('secure_chat_fan_outs_total'), 1);
  t.equal(more('secure_chat_deliveries_total'), 4);
  t.equal(more('secure_chat_commit_seconds_count'), 2);
  t.equal(more('secure_chat_commit_seconds_bucket{le="+Inf"}'), 2);
  t.ok(more('secure_chat_commit_seconds_sum') > 0);

  const once = { type: 'say', room: 'lobby', text: 'once', key: 'once' } as const;
  await ada.ask(once);
  await ada.ask(once);
  t.equal((await growth())('secure_chat_messages_total'), 3, 'a retry is the same message');
});

t.test('connections, people and sign-ins are counted by kind and outcome', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'], passwords: true, metrics: anyPort });
  const { running } = server;
  const kinds = async () => {
    const found = await scrape(running.metrics);
    return ['handshake', 'signing-in', 'signed-in', 'file'].map((kind) =>
      found.get(`secure_chat_connections{kind="${kind}"}`),
    );
  };
  t.same(await kinds(), [0, 0, 0, 0]);
  const ada = await server.enter('ada');
  const terminal = await server.dial();
  t.same(await kinds(), [0, 1, 1, 0]);
  const mistyped = { type: 'sign-in', name: 'bob', password: 'a wrong password' } as const;
  t.match(await terminal.ask(mistyped), { code: 'wrong-credentials' });
  ok(await terminal.ask({ ...mistyped, password }));
  t.same(await kinds(), [0, 0, 2, 0]);

  const found = await scrape(running.metrics);
  t.equal(found.get('secure_chat_people_online'), 2);
  t.equal(found.get('secure_chat_sign_ins_total{outcome="ok"}'), 2);
  t.equal(found.get('secure_chat_sign_ins_total{outcome="wrong-credentials"}'), 1);

  terminal.destroy();
  await requestOk(ada, { type: 'quit' });
  await ada.closed;
  while (!server.events.includes('connection lost')) await turns();
  const ended = await scrape(running.metrics);
  t.equal(ended.get('secure_chat_connections_ended_total{reason="connection-lost"}'), 1);
  t.equal(ended.get('secure_chat_connections_ended_total{reason="signed-out"}'), 1);
});

t.test('webhooks and notifications are counted by outcome', async (t) => {
  const phone = await startPushReceiver(t);
  const settings = { webhooks: anyPort, pushHosts: [phone.origin, 'http://localhost:1'], metrics: anyPort };
  const server = await runServer(t, { people: ['ada', 'bob'], ...settings });
  const { running } = server;
  const ada = await server.enter('ada');
  await requestOk(ada, { type: 'join', room: 'ops' });
  const { url = '' } = await requestOk(ada, { type: 'make-webhook', room: 'ops', name: 'ci' });
  t.equal((await httpsPost(url, 'to ada')).status, 204);
  t.equal((await httpsPost(`${running.webhooks}/hook/ada`, 'unknown')).status, 404);
  t.equal((await httpsPost(url, '{', { 'content-type': 'application/json' })).status, 400);

  const waiting = async () => (await scrape(running.metrics)).get('secure_chat_pushes_waiting');
  t.equal(await waiting(), 0);
  await requestOk(ada, { type: 'set-push', url: `${phone.origin}/ada` });
  await phone.received.next();
  phone.status = 404;
  await requestOk(ada, { type: 'set-push', url: `${phone.origin}/ada` });
  await phone.received.next();
  while ((await waiting()) !== 0) await turns();
  phone.status = 503;
  await requestOk(ada, { type: 'set-push', url: `${phone.origin}/ada` });
  await phone.received.next();
  t.equal(await waiting(), 1, 'for another try');

  const found = await scrape(running.metrics);
  for (const [name, value] of [
    ['secure_chat_webhook_posts_total{outcome="posted"}', 1],
    ['secure_chat_webhook_posts_total{outcome="no-such-webhook"}', 1],
    ['secure_chat_webhook_posts_total{outcome="malformed"}', 1],
    ['secure_chat_pushes_total{outcome="sent"}', 1],
    ['secure_chat_pushes_total{outcome="rejected"}', 1],
    ['secure_chat_push_retries_total', 0],
  ] as const)
    t.equal(found.get(name), value, name);
});

t.test('a reader that stalls shows in the queue and, in the end, among the drops', async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'], metrics: anyPort });
  const [ada, bob] = [await server.enter('ada'), await server.enter('bob')];
  bob.pause();
  const value = async (name: string) => (await scrape(server.running.metrics)).get(name) ?? 0;
  let most = 0;
  // The pace of scrapes is limited; a system takes a few MiB for a reader before its server notices.
  for (let round = 0; !server.events.includes('connection ended'); round++) {
    const texts = Array.from({ length: 100 }, (_, i) => ({ key: `${round}-${i}`, text: 'x'.repeat(4_000) }));
    ada.send(...texts.map((said, i) => ({ type: 'say', id: i + 1, room: 'lobby', ...said })));
    await requestOk(ada, { type: 'ping' });
    if (round < 80) most = Math.max(most, await value('secure_chat_queue_bytes'));
  }
  await fence(ada, 'lobby', ada);
  t.ok(most > 0);
  t.equal(await value('secure_chat_connections_ended_total{reason="slow-consumer"}'), 1);
  t.equal(await value('secure_chat_queue_bytes'), 0);
});

t.test(
  'the certificate, the event loop and the process are there, the database only on PostgreSQL',
  async (t) => {
    const { running } = await runServer(t, { metrics: anyPort });
    const found = await scrape(running.metrics);
    const days = (running.certificate.validTo.getTime() - Date.now()) / 86_400_000;
    t.ok(Math.abs((found.get('secure_chat_certificate_days') ?? 0) - days) < 1);
    for (const name of [
      'nodejs_eventloop_lag_p99_seconds',
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
    ])
      t.ok(found.has(name), name);
    t.notOk(found.has('secure_chat_database_reached'));
  },
);

t.test('no label has a name, an address or a text in it', async (t) => {
  const settings = { webhooks: anyPort, pushHosts: ['http://localhost:1'], name: 'Secret Server' };
  const server = await runServer(t, { people: ['ada'], metrics: anyPort, ...settings });
  const ada = await server.enter('ada');
  await requestOk(ada, { type: 'join', room: 'hidden', private: true });
  await post(ada, { room: 'hidden' }, 'a secret');
  const { url = '' } = await requestOk(ada, { type: 'make-webhook', room: 'hidden', name: 'ci' });
  await httpsPost(url, 'a secret');
  await httpsPost(`${url}-mallory`, 'hidden', { method: 'MALLORY', 'content-type': 'mallory' });
  await requestOk(ada, { type: 'set-push', url: 'http://localhost:1/ada' });
  const stranger = await server.dial();
  t.match(await stranger.ask({ type: 'sign-in', name: 'mallory', password: 'a wrong one' }), {
    type: 'error',
  });
  await attempt(server.port, { ALPNProtocols: ['h2'] });
  const labels = [...(await scrape(server.running.metrics)).keys()].filter((name) =>
    name.startsWith('secure_chat_'),
  );
  t.ok(labels.includes('secure_chat_connections_ended_total{reason="handshake-failed"}'));
  t.ok(labels.includes('secure_chat_webhook_posts_total{outcome="posted"}'));
  for (const label of labels)
    t.match(label, /^[a-z_]+(\{(kind|outcome|reason|le)="([a-z-]+|[0-9.]+|\+Inf)"\})?$/);
  const values = labels.flatMap((label) => /"(.*)"/.exec(label)?.[1] ?? []);
  t.notOk(values.some((value) => ['ada', 'mallory', 'hidden', 'lobby'].includes(value)));
});
