import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { alpn } from '../../../lib/protocol/events.js';
import { limits } from '../../../lib/protocol/limits.js';
import { createConnectionLimits } from '../../../lib/server/net/connection-limits.js';
import {
  type KeyPairPem,
  type Listener,
  type ListenerOptions,
  listen,
} from '../../../lib/server/net/listener.js';
import { backgroundClock, type Clock } from '../../../lib/system/clock.js';
import { ensureKeyPair } from '../../../lib/trust/renewal.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { folder } from '../../support/running-server.js';
import { turns } from '../../support/turns.js';
import { tlsOptions } from '../../support/wire-client.js';

interface Scene {
  readonly listener: Listener;
  readonly port: number;
  /** Every connection that was handed on. */
  readonly accepted: TLSSocket[];
  readonly events: string[];
}

async function keyPair(t: Test): Promise<KeyPairPem & { readonly pin: string }> {
  return ensureKeyPair({ folder: await folder(t), hosts: ['127.0.0.1'], now: Date.now() });
}

async function open(
  t: Test,
  options: Partial<ListenerOptions> = {},
  clock: Clock = backgroundClock,
): Promise<Scene> {
  const accepted: TLSSocket[] = [];
  const events: string[] = [];
  const log = {
    info: (event: string) => void events.push(event),
    warn: (event: string) => void events.push(event),
    error: (event: string) => void events.push(event),
  };
  const pair = options.keyPair ?? (await keyPair(t));
  const all = { host: '127.0.0.1', port: 0, perAddress: 100, ...options, keyPair: pair };
  function accept(socket: TLSSocket): void {
    accepted.push(socket);
    socket.on('error', () => {});
    socket.resume();
    socket.write('welcome');
  }
  const connectionLimits = createConnectionLimits({ clock, perAddress: all.perAddress });
  const listener = await listen(all, { log, clock, connectionLimits }, { chat: accept, file: accept });
  t.teardown(() => {
    listener.close();
    listener.destroy();
  });
  return { listener, port: listener.address.port, accepted, events };
}

/** Connects, resolves at the first byte, `closed` or the code of an error; leaves the connection open. */
async function attempt(port: number, options: ConnectionOptions = {}) {
  const socket = connect({ ...tlsOptions(port), ...options });
  const outcome = await new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('close', () => resolve('closed'));
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  });
  return { socket, outcome };
}

async function plain(port: number): Promise<Socket> {
  const socket = connectPlain(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
}

t.test('a connection is TLS 1.3 with secure-chat/1, with AES if the client has it', async (t) => {
  const { port, accepted } = await open(t);
  const { socket, outcome } = await attempt(port);
  t.equal(outcome, 'welcome');
  t.equal(socket.getProtocol(), 'TLSv1.3');
  t.equal(socket.alpnProtocol, alpn);
  t.equal(socket.getCipher().name, 'TLS_AES_128_GCM_SHA256');
  t.equal(accepted.length, 1);
  socket.destroy();
});

t.test('TLS 1.2 is refused', async (t) => {
  const { port, accepted } = await open(t);
  const { outcome } = await attempt(port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
  t.match(outcome, /ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION/);
  t.same(accepted, []);
});

t.test('without the right ALPN protocol, not one byte is sent', async (t) => {
  const { port, accepted } = await open(t);
  const { ALPNProtocols: _, ...without } = tlsOptions(port);
  const socket = connect(without);
  let bytes = 0;
  socket.on('data', (data) => {
    bytes += data.length;
  });
  socket.on('error', () => {});
  await closed(socket);
  t.equal(bytes, 0);
  for (const other of ['http/1.1', 'secure-chat/2', 'secure-chat/10']) {
    const { outcome } = await attempt(port, { ALPNProtocols: [other] });
    t.not(outcome, 'welcome', other);
  }
  t.same(accepted, []);
  t.equal(
    (await attempt(port, { ALPNProtocols: ['h2', alpn] })).outcome,
    'welcome',
    'among others it may be',
  );
});

t.test('garbage closes its own connection only', async (t) => {
  const { port, accepted, events } = await open(t);
  const good = await attempt(port);
  for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\0'.repeat(2_000), '\x16\x03\x01\xff\xff\x01']) {
    const socket = await plain(port);
    socket.end(garbage);
    await closed(socket);
  }
  t.equal((await attempt(port)).outcome, 'welcome');
  t.notOk(good.socket.destroyed);
  t.equal(accepted.length, 2);
  t.ok(events.includes('handshake failed'));
});

t.test('a peer that does not finish the handshake in time is disconnected', async (t) => {
  const { port, accepted } = await open(t, { handshakeMs: 30 });
  const silent = await plain(port);
  const halfway = await plain(port);
  // The beginning of a record that never ends.
  halfway.write(Buffer.from('160301020001', 'hex'));
  await Promise.all([closed(silent), closed(halfway)]);
  t.same(accepted, []);
});

t.test('an address has a limited number of connections at a time', async (t) => {
  const { port, accepted, events } = await open(t, { perAddress: 2 });
  const first = await attempt(port);
  const handshaking = await plain(port);
  t.not((await attempt(port)).outcome, 'welcome', 'one in its handshake counts too');
  t.ok(events.includes('connection refused'));
  handshaking.destroy();
  // The server learns of it in its own time.
  let next = await attempt(port);
  while (next.outcome !== 'welcome') next = await attempt(port);
  t.equal(accepted.length, 2);
  t.notOk(first.socket.destroyed);
});

t.test('another certificate is used from the next handshake on, still with TLS 1.3 only', async (t) => {
  const { port, listener } = await open(t);
  const before = await attempt(port);
  const next = await keyPair(t);
  listener.reload(next);
  const after = await attempt(port);
  t.not(after.socket.getPeerCertificate().fingerprint256, before.socket.getPeerCertificate().fingerprint256);
  t.equal(after.outcome, 'welcome');
  const old = await attempt(port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
  t.match(old.outcome, /ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION/, 'TLS 1.2 is not let in by a reload');
  t.not((await attempt(port, { ALPNProtocols: ['h2'] })).outcome, 'welcome', 'nor another protocol');
  t.notOk(before.socket.destroyed, 'those who are in stay');
});

t.test('an invalid key pair leaves the old one in use', async (t) => {
  const pair = await keyPair(t);
  const { port, listener } = await open(t, { keyPair: pair });
  const other = await keyPair(t);
  t.throws(() => listener.reload({ cert: pair.cert, key: other.key }));
  t.throws(() => listener.reload({ cert: 'nonsense', key: 'nonsense' }));
  const { socket, outcome } = await attempt(port);
  t.equal(outcome, 'welcome');
  t.equal(socket.getPeerCertificate().fingerprint256, new X509Certificate(pair.cert).fingerprint256);
});

t.test('a closed listener accepts no one and keeps existing connections; destroying ends them', async (t) => {
  const { port, listener } = await open(t);
  const inside = await attempt(port);
  const handshaking = await plain(port);
  await turns();
  listener.close();
  t.equal((await attempt(port)).outcome, 'ECONNREFUSED');
  t.notOk(inside.socket.destroyed);
  listener.destroy();
  await Promise.all([closed(inside.socket), closed(handshaking)]);
});

t.test('a port in use is an error with its code', async (t) => {
  const { port } = await open(t);
  await t.rejects(open(t, { port }), { code: 'EADDRINUSE' });
});

t.test('an address that comes too often is refused before the handshake, and logged once', async (t) => {
  const clock = createFakeClock();
  const { port, accepted, events } = await open(t, { perAddress: 3 }, clock);
  for (let i = 0; i < 3; i++) {
    const { socket, outcome } = await attempt(port);
    t.equal(outcome, 'welcome');
    socket.destroy();
    await closed(accepted[i] as TLSSocket);
  }
  for (let i = 0; i < 3; i++) t.not((await attempt(port)).outcome, 'welcome');
  t.equal(events.filter((event) => event === 'connection refused').length, 1);
  clock.advance(1_000 / limits.handshakesPerSecondPerAddress);
  t.equal((await attempt(port)).outcome, 'welcome');
});

t.test('handshakes in progress are limited per address: the newcomer takes the place of one', async (t) => {
  const { port, accepted } = await open(t);
  const silent: Socket[] = [];
  for (let i = 0; i < limits.handshakesPerAddress; i++) silent.push(await plain(port));
  t.equal((await attempt(port)).outcome, 'welcome');
  await Promise.race(silent.map(closed));
  t.equal((await attempt(port)).outcome, 'welcome', 'it had given back the place after its handshake');
  await turns();
  t.equal(silent.filter(({ closed }) => closed).length, 1);
  t.equal(accepted.length, 2);
});
