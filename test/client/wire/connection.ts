import t, { type Test } from 'tap';
import type { ClientConnection } from '../../../lib/client/wire/connection.js';
import type { ServerIdentity } from '../../../lib/client/wire/handshake.js';
import { openConnection } from '../../../lib/client/wire/open-connection.js';
import { makeCertificate } from '../../support/certificate.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { hello, message, startFakeServer } from '../../support/fake-server.js';

const certificate = await makeCertificate();
const trusting = async () => {};

async function serve(t: Test, options: Parameters<typeof startFakeServer>[1] = {}) {
  const server = await startFakeServer(certificate, options);
  t.teardown(server.close);
  return server;
}

function ask(connection: ClientConnection, request: Parameters<ClientConnection['request']>[0]) {
  return new Promise((resolve) => connection.request(request, resolve));
}

t.test('a connection', async (t) => {
  t.test('reports the identity and hello of the server', async (t) => {
    const { endpoint, peer } = await serve(t);
    let shown: ServerIdentity | undefined;
    const verify = async (identity: ServerIdentity) => {
      shown = identity;
    };
    const connection = await openConnection({ endpoint, verify });
    t.same(connection.hello, hello);
    t.same(connection.identity, shown);
    t.equal(shown?.pin, certificate.pin);
    t.equal(shown?.authorized, false);
    t.match(shown?.validTo, /^\d{4}-\d\d-\d\dT.*Z$/);
    t.equal((await peer()).servername, false, 'an address is no server name');
    connection.end();
    await connection.closed;
  });

  t.test('names the host (SNI)', async (t) => {
    const { endpoint, peer } = await serve(t);
    const connection = await openConnection({
      endpoint: { ...endpoint, host: 'localhost' },
      verify: trusting,
    });
    t.equal((await peer()).servername, 'localhost');
    connection.destroy();
    await connection.closed;
  });

  t.test('matches each reply to its request', async (t) => {
    const { endpoint, peer } = await serve(t);
    const connection = await openConnection({ endpoint, verify: trusting });
    const server = await peer();
    const [who, ping] = [ask(connection, { type: 'who' }), ask(connection, { type: 'ping' })];
    const [first, second] = [await server.next(), await server.next()];
    server.ok(second);
    server.error(first, 'internal');
    t.match(await ping, { type: 'ok', re: second.id });
    t.match(await who, { type: 'error', re: first.id, code: 'internal' });
    connection.destroy();
  });

  t.test('passes on events and replies in order', async (t) => {
    const { endpoint, peer } = await serve(t);
    const seen: unknown[] = [];
    const connection = await openConnection({
      endpoint,
      verify: trusting,
      onEvent: (event) => seen.push('seq' in event ? event.seq : event.type),
    });
    const server = await peer();
    connection.request({ type: 'who' }, () => seen.push('reply'));
    const request = await server.next();
    const unknown = { type: 'from-a-newer-server' };
    server.send(message(1), unknown, { type: 'ok', re: request.id }, message(2));
    server.end();
    await connection.closed;
    t.same(seen, [1, 'reply', 2]);
  });

  t.test('takes the copy of a message as its reply', async (t) => {
    const { endpoint, peer } = await serve(t);
    const connection = await openConnection({
      endpoint,
      verify: trusting,
      onEvent: (event) => event.type === 'message' && connection.acknowledge(event),
    });
    const server = await peer();
    const said = ask(connection, { type: 'say', room: 'lobby', text: 'hi', key: 'k' });
    const { id } = await server.next();
    server.send(message(7, { from: 'ada', key: 'k' }), { type: 'ok', re: id, seq: 8 });
    t.match(await said, { type: 'ok', seq: 7 });
    connection.destroy();
  });

  t.test('refuses to send a frame that is too large for the server', async (t) => {
    const { endpoint } = await serve(t);
    const connection = await openConnection({ endpoint, verify: trusting });
    const text = 'x'.repeat(hello.limits.frameBytes);
    t.throws(() => connection.request({ type: 'say', room: 'lobby', text, key: 'k' }, () => {}), {
      code: 'frame-too-large',
    });
    connection.destroy();
  });

  t.test('fails pending and later requests when it is lost', async (t) => {
    const { endpoint, peer } = await serve(t);
    const connection = await openConnection({ endpoint, verify: trusting });
    const who = ask(connection, { type: 'who' });
    const server = await peer();
    await server.next();
    server.destroy();
    t.match(await who, { code: 'connection-lost' });
    t.match(await connection.closed, { code: 'connection-lost' });
    t.match(await ask(connection, { type: 'who' }), { code: 'connection-lost' });
  });

  t.test('reports why the server closed it', async (t) => {
    const { endpoint, peer } = await serve(t);
    const seen: string[] = [];
    const onEvent = (event: { type: string }) => seen.push(event.type);
    const connection = await openConnection({ endpoint, verify: trusting, onEvent });
    (await peer()).send({ type: 'closing', code: 'shutting-down', message: 'bye', retryAfter: 5 });
    t.match(await connection.closed, { closing: { code: 'shutting-down', retryAfter: 5 } });
    t.same(seen, ['closing']);
  });

  t.test('ends even if the server does not', async (t) => {
    const { endpoint, peer } = await serve(t, { allowHalfOpen: true } as object);
    const clock = createFakeClock();
    const connection = await openConnection({ endpoint, verify: trusting, clock });
    await peer();
    connection.end();
    clock.advance(2_000);
    await connection.closed;
    t.equal(clock.pending, 0);
  });
});

t.test('a server that breaks the protocol', async (t) => {
  const broken: Record<string, Buffer | string> = {
    'with garbage': Buffer.from('\0\0\0\x05hello'),
    'with a frame that claims to be huge': Buffer.from([0xff, 0xff, 0xff, 0xff]),
    'with an answer of another protocol': 'HTTP/1.1 400 Bad Request\r\n\r\n',
  };
  for (const [how, bytes] of Object.entries(broken)) {
    t.test(`instead of hello, ${how}`, async (t) => {
      const { endpoint, peer } = await serve(t, { greet: false });
      const opening = openConnection({ endpoint, verify: trusting });
      const server = await peer();
      server.raw(bytes);
      await t.rejects(opening, { code: 'connection-lost' });
      await server.closed;
    });
    t.test(`later, ${how}`, async (t) => {
      const { endpoint, peer } = await serve(t);
      const connection = await openConnection({ endpoint, verify: trusting });
      (await peer()).raw(bytes);
      t.match(await connection.closed, { code: 'connection-lost' });
    });
  }

  t.test('by an event of the wrong shape', async (t) => {
    const { endpoint, peer } = await serve(t);
    const seen: unknown[] = [];
    const onEvent = (event: unknown) => seen.push(event);
    const connection = await openConnection({ endpoint, verify: trusting, onEvent });
    (await peer()).send({ type: 'message', seq: 'one' }, message(2));
    t.match(await connection.closed, { code: 'connection-lost', cause: { code: 'bad-frame' } });
    t.same(seen, []);
  });
});

t.test('a server that stops responding', async (t) => {
  const { endpoint, peer } = await serve(t);
  const clock = createFakeClock();
  const connection = await openConnection({ endpoint, verify: trusting, clock });
  const server = await peer();
  clock.advance(7_000);
  t.match(await server.next(), { type: 'ping' });
  clock.advance(67_999);
  t.equal(server.bytes > 0, true);
  clock.advance(1);
  t.match(await connection.closed, { code: 'connection-lost' });
  t.equal(clock.pending, 0);
});
