import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { connect } from 'node:tls';
import t from 'tap';
import { alpn, fileAlpn } from '../../../lib/protocol/events.js';
import { limits } from '../../../lib/protocol/limits.js';
import { silentLog } from '../../../lib/server/log.js';
import { type AddressRange, parseRange } from '../../../lib/server/net/address.js';
import { createBalancers } from '../../../lib/server/net/balancers.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { attempt, attemptBehind, closed, openListener, plain } from '../../support/listener-scene.js';
import { localHeader, proxiedFrom, proxyHeader, tlv } from '../../support/proxy-header.js';
import { turns } from '../../support/turns.js';
import { tlsOptions } from '../../support/wire-client.js';

const range = (text: string) => parseRange(text) as AddressRange;
const here = { proxies: [range('127.0.0.1')] };

t.test('the source that the header names is the address of chat and file connections', async (t) => {
  const { port, origins, ended } = await openListener(t, here);
  const more = tlv(0x04, Buffer.alloc(200));
  for (const [header, protocol] of [
    [proxiedFrom('192.0.2.7'), alpn],
    [proxiedFrom('20010db8000000000000000000000007', more), fileAlpn],
  ] as const) {
    const { outcome, socket } = await attemptBehind(port, header, { ALPNProtocols: [protocol] });
    t.equal(outcome, 'welcome');
    socket.destroy();
  }
  t.same(origins, [
    { kind: 'chat', address: '192.0.2.7' },
    { kind: 'file', address: '2001:db8::7' },
  ]);
  t.same(ended(), {});
});

t.test('header and handshake may come in one write, or byte by byte', async (t) => {
  const { port, accepted, origins } = await openListener(t, here);
  for (const pieces of [1, 400]) {
    const socket = await plain(port);
    const hello = await firstWriteOf(port);
    const bytes = Buffer.concat([proxiedFrom('192.0.2.7'), hello]);
    const size = Math.ceil(bytes.length / pieces);
    for (let at = 0; at < bytes.length; at += size) {
      socket.write(bytes.subarray(at, at + size));
      if (pieces > 1) await turns(1);
    }
    const [answer] = (await once(socket, 'data')) as [Buffer];
    t.equal(answer[0], 0x16, 'the server continues the handshake');
    socket.destroy();
  }
  t.equal(accepted.length, 0);
  t.equal((await attemptBehind(port, proxiedFrom('192.0.2.9'))).outcome, 'welcome');
  t.same(origins, [{ kind: 'chat', address: '192.0.2.9' }]);
});

/** The bytes with which a client begins a handshake. */
async function firstWriteOf(port: number): Promise<Buffer> {
  const recorder = createServer().listen(0, '127.0.0.1');
  await once(recorder, 'listening');
  const { port: at } = recorder.address() as { port: number };
  const client = connect({ ...tlsOptions(port), port: at }).on('error', () => {});
  const [socket] = (await once(recorder, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  recorder.close();
  return hello;
}

t.test("what a client sends after a header arrives whole, at its reader's pace", async (t) => {
  const { port, accepted } = await openListener(t, here);
  const { socket } = await attemptBehind(port, proxiedFrom('192.0.2.7'));
  const [served] = accepted;
  let bytes = 0;
  served?.on('data', (data: Buffer) => {
    bytes += data.length;
    served.pause();
    setImmediate(() => served.resume());
  });
  socket.end(Buffer.alloc(2_000_000, 7));
  if (served !== undefined) await once(served, 'end');
  t.equal(bytes, 2_000_000);
});

t.test('limits count by the source', async (t) => {
  const { port, events, fields } = await openListener(t, { ...here, perAddress: 1 });
  t.equal((await attemptBehind(port, proxiedFrom('192.0.2.7'))).outcome, 'welcome');
  t.not((await attemptBehind(port, proxiedFrom('192.0.2.7'))).outcome, 'welcome');
  t.equal((await attemptBehind(port, proxiedFrom('192.0.2.8'))).outcome, 'welcome');
  t.same(events, ['connection refused']);
  t.match(fields, [{ address: '192.0.2.7' }]);
});

t.test('a failed handshake is logged with the source', async (t) => {
  const { port, fields, ended } = await openListener(t, here);
  const socket = await plain(port);
  socket.end(Buffer.concat([proxiedFrom('192.0.2.7'), Buffer.from('GET / HTTP/1.1\r\n\r\n')]));
  await closed(socket);
  t.match(fields, [{ address: '192.0.2.7', why: 'ERR_SSL_HTTP_REQUEST' }]);
  t.same(ended(), { 'handshake-failed': 1 });
});

t.test('from other addresses no header is read', async (t) => {
  const { port, origins, ended } = await openListener(t, { proxies: [range('192.0.2.0/24')] });
  t.not((await attemptBehind(port, proxiedFrom('203.0.113.9'))).outcome, 'welcome');
  t.equal((await attempt(port)).outcome, 'welcome');
  t.same(origins, [{ kind: 'chat', address: '127.0.0.1' }]);
  t.same(ended(), { 'handshake-failed': 1 });
});

t.test('a balancer without a valid header gets no further, and the log says why', async (t) => {
  const garbage: [Buffer, RegExp][] = [
    [Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.2 49153 6697\r\n'), /version 1.*send-proxy-v2/],
    [Buffer.from('GET / HTTP/1.1\r\n\r\n'), /no PROXY header/],
    [Buffer.alloc(100_000, 0xff), /no PROXY header/],
    [proxyHeader({ command: 0x10 }), /unknown version/],
    [proxyHeader({ length: 0xffff, more: Buffer.alloc(5_000) }), /longer than/],
    [proxiedFrom('192.0.2.7').subarray(0, 20), /closed before its end/],
  ];
  for (const [bytes, why] of garbage) {
    const { port, accepted, events, fields, ended } = await openListener(t, here);
    const socket = await plain(port);
    socket.end(bytes);
    await closed(socket);
    while (events.length === 0) await turns();
    t.match(fields, [{ address: '127.0.0.1', why }], String(why));
    t.same(ended(), { 'bad-proxy-header': 1 });
    t.equal(
      (await attemptBehind(port, proxiedFrom('192.0.2.7'))).outcome,
      'welcome',
      'the next one comes in',
    );
    t.equal(accepted.length, 1);
  }
  const { port, events } = await openListener(t, here);
  t.not((await attempt(port)).outcome, 'welcome', 'TLS without a header');
  for (let i = 0; i < 5; i++) t.not((await attempt(port)).outcome, 'welcome');
  t.same(events, ['PROXY header refused'], 'once a minute');
});

t.test('health checks: nothing at all, and LOCAL, end without a word or go on as the balancer', async (t) => {
  const { port, origins, events, ended } = await openListener(t, here);
  for (let i = 0; i < 40; i++) {
    const socket = await plain(port);
    if (i % 2 === 0) await new Promise((sent) => socket.write(localHeader, sent));
    // haproxy does not even wait until the connection is accepted.
    if (i % 4 < 2) await turns();
    if (i % 8 < 4) socket.end();
    else socket.resetAndDestroy();
    await closed(socket);
  }
  t.equal((await attemptBehind(port, localHeader)).outcome, 'welcome');
  t.same(origins, [{ kind: 'chat', address: '127.0.0.1' }]);
  t.same(events, []);
  t.same(ended(), {});
});

t.test('a header that does not come ends the connection', async (t) => {
  const clock = createFakeClock();
  const { port, fields } = await openListener(t, here, clock);
  const slow = await plain(port);
  slow.write(proxiedFrom('192.0.2.7').subarray(0, 27));
  // Accepted after it: what came before has been read by then.
  t.equal((await attemptBehind(port, proxiedFrom('192.0.2.7'))).outcome, 'welcome');
  clock.advance(limits.proxyHeaderMs - 1);
  await turns();
  t.notOk(slow.closed);
  clock.advance(1);
  await closed(slow);
  t.match(fields, [{ why: 'incomplete after 5 s' }]);
});

t.test('of too many without a header the oldest is closed', async (t) => {
  const clock = createFakeClock();
  let refused = 0;
  const balancers = createBalancers({
    ...{ from: here.proxies, log: silentLog, clock },
    onRefused: () => void refused++,
  });
  const sockets = Array.from({ length: limits.proxyHeaders + 2 }, () =>
    Object.defineProperty(new Socket(), 'remoteAddress', { value: '127.0.0.1' }),
  );
  for (const socket of sockets) balancers.receive(socket, () => t.fail('has no source'));
  t.same(
    sockets.flatMap(({ destroyed }, at) => (destroyed ? [at] : [])),
    [0, 1],
  );
  clock.advance(limits.proxyHeaderMs);
  t.ok(sockets.every(({ destroyed }) => destroyed));
  t.equal(refused, sockets.length);
  t.equal(clock.pending, 0);
});
