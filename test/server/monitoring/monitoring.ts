import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { type Log, silentLog } from '../../../lib/server/log.js';
import { openMonitoring } from '../../../lib/server/monitoring/monitoring.js';
import { backgroundClock, type Clock } from '../../../lib/system/clock.js';
import type { Endpoint } from '../../../lib/trust/endpoint.js';
import { createDelayedCall } from '../../support/delayed-call.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { openInlineStore } from '../../support/inline-store.js';
import { get } from '../../support/monitoring.js';
import { runServer } from '../../support/running-server.js';

const anyPort = { host: '127.0.0.1', port: 0 };
/** For pages other than the metrics. */
const unmeasured = { server: {} as never, certificateEnd: () => 0 };

async function open(
  t: Test,
  {
    clock = backgroundClock,
    log = silentLog,
    ...options
  }: { clock?: Clock; log?: Log; requestMs?: number } = {},
) {
  const monitoring = await openMonitoring({ ...anyPort, ...options }, { log, clock });
  t.teardown(monitoring.close);
  const { address } = monitoring;
  return {
    monitoring,
    address,
    /** A connection on which this is sent, and all that comes back until it closes. */
    raw(text: string) {
      const socket = connect(address.port, address.host);
      let received = '';
      socket.on('data', (data) => {
        received += String(data);
      });
      socket.on('error', () => {});
      t.teardown(() => socket.destroy());
      if (text !== '') socket.write(text);
      const answered = new Promise<string>((resolve) => socket.once('close', () => resolve(received)));
      return { socket, answered };
    },
  };
}

function isServed(address: Endpoint): Promise<boolean> {
  return get(address, '/healthz').then(
    ({ status }) => status === 200,
    () => false,
  );
}

t.test('a server that starts is alive and not ready; one that runs is both', async (t) => {
  const { address } = await open(t);
  t.match(await get(address, '/healthz'), { status: 200, text: 'ok\n' });
  t.match(await get(address, '/readyz'), { status: 503, text: 'starting\n' });
  t.match(await get(address, '/metrics'), { status: 503, text: 'starting\n' });

  const { running } = await runServer(t, { metrics: anyPort });
  t.match(await get(running.metrics, '/healthz?verbose'), { status: 200, text: 'ok\n' });
  t.match(await get(running.metrics, '/readyz'), { status: 200, text: 'ready\n' });
  const metrics = await get(running.metrics, '/metrics');
  t.match(metrics, { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
  t.match(metrics.text, /^# TYPE secure_chat_messages_total counter$/m);
});

t.test('a server that shuts down is alive and not ready until all is stored', async (t) => {
  const counting: { delay?: () => { reached: Promise<void>; release(): void } } = {};
  const { running } = await runServer(t, {
    metrics: anyPort,
    async openStore(options) {
      const store = await openInlineStore(options);
      const { call, delay } = createDelayedCall(store.countAccounts);
      counting.delay = delay;
      return { ...store, countAccounts: call };
    },
  });
  const delayed = counting.delay?.();
  const closing = running.close();
  await delayed?.reached;
  t.match(await get(running.metrics, '/readyz'), { status: 503, text: 'shutting down\n' });
  t.match(await get(running.metrics, '/healthz'), { status: 200 });
  t.match(await get(running.metrics, '/metrics'), { status: 200 });
  delayed?.release();
  await closing;
  await t.rejects(get(running.metrics, '/healthz'));
});

t.test('only these paths, and only reading', async (t) => {
  const { address } = await open(t);
  t.match(await get(address, '/'), { status: 404, text: '/healthz /readyz /metrics\n' });
  t.match(await get(address, '/metrics/../../etc/passwd'), { status: 404 });
  t.match(await get(address, '/healthz', 'POST'), { status: 405 });
  t.match(await get(address, '/healthz', 'HEAD'), { status: 200, text: '' });
});

t.test('a page that fails is logged, and its reason not shown', async (t) => {
  const errors: unknown[] = [];
  const log = { ...silentLog, error: (_: string, error: unknown) => void errors.push(error) };
  const { monitoring, address } = await open(t, { log });
  const secret = new Error('at postgres://chat:secret@db');
  monitoring.watch({ ...unmeasured, unready: () => Promise.reject(secret) });
  t.match(await get(address, '/readyz'), { status: 500, text: 'internal error\n' });
  t.same(errors, [secret]);
});

t.test('requests that come slowly, or not at all, are ended', async (t) => {
  const { raw, address } = await open(t, { requestMs: 100 });
  const slow = [
    '',
    'GET /healthz HTTP/1.1\r\nhost:',
    'POST /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n1',
  ];
  const answers = await Promise.all(slow.map((text) => raw(text).answered));
  for (const answer of answers) t.notMatch(answer, /HTTP\/1.1 200/);
  // On a busy machine, even these may be too slow.
  while (!(await isServed(address)));
  t.pass('others are served');
});

t.test('a large request is refused, and garbage', async (t) => {
  const { raw, address } = await open(t);
  t.match(await raw(`GET /healthz HTTP/1.1\r\nx: ${'x'.repeat(5_000)}\r\n\r\n`).answered, /^HTTP\/1.1 431/);
  t.match(await raw('\x16\x03\x01\r\n\r\n').answered, /^HTTP\/1.1 400/);
  t.match(await get(address, '/healthz'), { status: 200 });
});

t.test('a connection brings one request', async (t) => {
  const { raw, monitoring } = await open(t);
  let asked = 0;
  const unready = async () => String(++asked);
  monitoring.watch({ ...unmeasured, unready });
  const answer = await raw('GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(500)).answered;
  t.match(answer, /^HTTP\/1.1 503/);
  t.equal(asked, 1);
});

t.test('connections are limited in number and in pace', async (t) => {
  const clock = createFakeClock();
  const { raw, address } = await open(t, { clock });
  const silent: { socket: Socket; answered: Promise<string> }[] = [];
  for (let i = 0; i < 64; i++) {
    const each = raw('');
    await once(each.socket, 'connect');
    silent.push(each);
  }
  t.equal(await raw('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n').answered, '', 'the 65th');
  t.ok(silent.every(({ socket }) => !socket.closed));
  for (const { socket } of silent) socket.destroy();
  await Promise.all(silent.map(({ answered }) => answered));

  // Until the server has noticed that there is a place again.
  while (!(await isServed(address)));
  let served = 1;
  while (await isServed(address)) served++;
  t.ok(served <= 100 - 64, `${served} more, then no more`);
  clock.advance(50);
  t.ok(await isServed(address), 'and one more after a while');
  t.notOk(await isServed(address));
});
