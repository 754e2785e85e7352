import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import t from 'tap';
import { alpn } from '../../../lib/protocol/events.js';
import { limits } from '../../../lib/protocol/limits.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { attempt, closed, keyPair, openListener, plain } from '../../support/listener-scene.js';
import { turns } from '../../support/turns.js';
import { tlsOptions } from '../../support/wire-client.js';

t.test('a connection is TLS 1.3 with secure-chat/1, with AES if the client has it', async (t) => {
  const { port, accepted } = await openListener(t);
  const { socket, outcome } = await attempt(port);
  t.equal(outcome, 'welcome');
  t.equal(socket.getProtocol(), 'TLSv1.3');
  t.equal(socket.alpnProtocol, alpn);
  t.equal(socket.getCipher().name, 'TLS_AES_128_GCM_SHA256');
  t.equal(accepted.length, 1);
  socket.destroy();
});

t.test('TLS 1.2 is refused', async (t) => {
  const { port, accepted } = await openListener(t);
  const { outcome } = await attempt(port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
  t.match(outcome, /ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION/);
  t.same(accepted, []);
});

t.test('without the right ALPN protocol, not one byte is sent', async (t) => {
  const { port, accepted } = await openListener(t);
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
  const { port, accepted, events } = await openListener(t);
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
  const { port, accepted } = await openListener(t, { handshakeMs: 30 });
  const silent = await plain(port);
  const halfway = await plain(port);
  // The beginning of a record that never ends.
  halfway.write(Buffer.from('160301020001', 'hex'));
  await Promise.all([closed(silent), closed(halfway)]);
  t.same(accepted, []);
});

t.test('an address has a limited number of connections at a time', async (t) => {
  const { port, accepted, events } = await openListener(t, { perAddress: 2 });
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
  const { port, listener } = await openListener(t);
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
  const { port, listener } = await openListener(t, { keyPair: pair });
  const other = await keyPair(t);
  t.throws(() => listener.reload({ cert: pair.cert, key: other.key }));
  t.throws(() => listener.reload({ cert: 'nonsense', key: 'nonsense' }));
  const { socket, outcome } = await attempt(port);
  t.equal(outcome, 'welcome');
  t.equal(socket.getPeerCertificate().fingerprint256, new X509Certificate(pair.cert).fingerprint256);
});

t.test('a closed listener accepts no one and keeps existing connections; destroying ends them', async (t) => {
  const { port, listener } = await openListener(t);
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
  const { port } = await openListener(t);
  await t.rejects(openListener(t, { port }), { code: 'EADDRINUSE' });
});

t.test('an address that comes too often is refused before the handshake, and logged once', async (t) => {
  const clock = createFakeClock();
  const { port, accepted, events } = await openListener(t, { perAddress: 3 }, clock);
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
  const { port, accepted } = await openListener(t);
  const silent: Socket[] = [];
  for (let i = 0; i < limits.handshakesPerAddress; i++) silent.push(await plain(port));
  t.equal((await attempt(port)).outcome, 'welcome');
  await Promise.race(silent.map(closed));
  t.equal((await attempt(port)).outcome, 'welcome', 'it had given back the place after its handshake');
  await turns();
  t.equal(silent.filter(({ closed }) => closed).length, 1);
  t.equal(accepted.length, 2);
});

t.test('a failed handshake is logged and counted once, with its address, however it failed', async (t) => {
  const ways: ((socket: Socket) => void)[] = [
    (socket) => socket.write('GET / HTTP/1.1\r\n\r\n'),
    (socket) => socket.end(),
    (socket) => socket.end(Buffer.from('1603010200', 'hex')),
    (socket) => socket.resetAndDestroy(),
    () => {},
  ];
  for (const fail of ways) {
    const { port, listener, events, fields, ended } = await openListener(t, { handshakeMs: 200 });
    const socket = await plain(port);
    while (listener.handshakes === 0 && events.length === 0) await turns();
    fail(socket);
    await closed(socket);
    while (listener.handshakes > 0 || events.length === 0) await turns();
    t.match(fields, [{ address: '127.0.0.1' }], String(fail));
    t.same(ended(), { 'handshake-failed': 1 });
  }
});
