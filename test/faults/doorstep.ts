/** Connections that have not signed in, in floods: others still get in, and no handshake costs more than it must. */
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { alpn, fileAlpn } from '../../lib/protocol/events.js';
import { encodeFrame, readFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { ok, runServer, type TestServer } from '../support/running-server.js';
import { dial, tlsOptions } from '../support/wire-client.js';

const elsewhere = { localAddress: '127.0.0.99' };
const onLinux = process.platform === 'linux' ? {} : { skip: 'needs all of 127.0.0.0/8' };

const address = (n: number) => `127.0.0.${2 + n}`;

/** Someone else signs in while this goes on. */
async function getsIn(t: Test, server: TestServer, name: string): Promise<void> {
  const client = await dial(server.port, elsewhere);
  ok(await client.ask({ type: 'resume', token: server.token(name) }));
  ok(await client.ask({ type: 'sync' }));
  t.match(await client.ask({ type: 'say', room: 'lobby', text: 'hello', key: name }), { type: 'message' });
  t.pass(`${name} signed in from elsewhere`);
  client.destroy();
}

/** A connection without TLS. @param first what it sends */
async function openRaw(t: Test, port: number, localAddress: string, first?: Buffer): Promise<Socket> {
  const socket = connectPlain({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {}).resume();
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  if (first !== undefined) socket.write(first);
  return socket;
}

function openTls(port: number, protocol: string, localAddress: string): TLSSocket {
  const options: ConnectionOptions & { localAddress: string } = { ...tlsOptions(port), localAddress };
  const socket = connect({ ...options, ALPNProtocols: [protocol] });
  return socket.on('error', () => {}).resume();
}

async function shakesHands(port: number, ecdhCurve: string): Promise<string> {
  const socket = connect({ ...tlsOptions(port), ecdhCurve });
  const outcome = once(socket, 'secureConnect').then(
    () => 'done',
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  socket.on('error', () => {});
  const code = await outcome;
  socket.destroy();
  return code;
}

t.test('a banned address gets the reason, on file connections too', onLinux, async (t) => {
  const server = await runServer(t, {
    people: ['ada'],
    prepare: async (store, accounts) => void (await store.setRole(accounts.get('ada')?.id ?? 0, 'admin')),
  });
  const ada = await server.enter('ada');
  ok(await ada.ask({ type: 'ban', address: elsewhere.localAddress, reason: 'noise' }));
  for (const sends of [undefined, encodeFrame({ type: 'upload', ticket: 'none' })]) {
    const socket = connect({ ...tlsOptions(server.port), ...elsewhere, ALPNProtocols: [fileAlpn] });
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    if (sends !== undefined) socket.write(sends);
    const frame = await readFrame(socket, limits.frameBytes);
    t.match(frame, { type: 'error', code: 'banned', message: /noise/ });
    socket.resume();
    if (!socket.destroyed) await once(socket, 'close');
  }
  t.same(server.errors, []);
});

t.test('handshakes use cheap elliptic curves only, also after a reload', async (t) => {
  const server = await runServer(t);
  async function check(): Promise<void> {
    for (const group of ['X25519', 'P-256', 'P-384'])
      t.equal(await shakesHands(server.port, group), 'done', group);
    for (const group of ['ffdhe2048', 'ffdhe8192', 'P-521', 'X448'])
      t.match(await shakesHands(server.port, group), /HANDSHAKE_FAILURE/, group);
  }
  await check();
  await server.running.reload();
  await check();
});

t.test('sixteen silent connections from each of seven addresses keep no one out', onLinux, async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'] });
  const silent = await Promise.all(
    Array.from({ length: 7 * limits.unsignedPerAddress }, (_, i) =>
      dial(server.port, { localAddress: address(i % 7) }),
    ),
  );
  t.teardown(() => silent.map((client) => client.destroy()));
  await getsIn(t, server, 'ada');
  const told = silent.flatMap((client) => client.all('closing').map(({ code }) => code));
  t.ok(told.length >= silent.length - limits.connectionsUnsigned);
  t.same([...new Set(told)], ['too-many-connections']);
  await getsIn(t, server, 'bob');
});

t.test('an address from which someone signed in lately may have more of them', onLinux, async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  await getsIn(t, server, 'ada');
  const silent = await Promise.all(
    Array.from({ length: 3 * limits.unsignedPerAddress }, () => dial(server.port, elsewhere)),
  );
  t.teardown(() => silent.map((client) => client.destroy()));
  for (const client of silent) t.match(await client.ask({ type: 'ping' }), { type: 'ok' });
});

t.test('file connections without a ticket keep no one out', onLinux, async (t) => {
  const server = await runServer(t, { people: ['ada'] });
  await Promise.all(
    Array.from({ length: 7 * limits.unsignedPerAddress }, async (_, i) => {
      const socket = openTls(server.port, fileAlpn, address(i % 7));

      t.teardown(() => socket.destroy());
      await once(socket, 'secureConnect');
      socket.write(encodeFrame({ type: 'upload', ticket: 'x' }).subarray(0, 6));
    }),
  );
  await getsIn(t, server, 'ada');
});

t.test('nor do connections that never finish their handshake', onLinux, async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'], perAddress: 1_000 });
  const inside = await server.enter('bob');
  const beginning = Buffer.from('160301020001', 'hex');
  for (let i = 0; i < limits.handshakes + 100; i++) {
    await openRaw(t, server.port, address(i % 8), i % 2 === 0 ? beginning : undefined);
  }
  await getsIn(t, server, 'ada');
  t.match(await inside.ask({ type: 'ping' }), { type: 'ok' });
});

t.test('nor does garbage, in TLS or instead of it', onLinux, async (t) => {
  const server = await runServer(t, { people: ['ada', 'bob'], perAddress: 1_000 });
  const inside = await server.enter('bob');
  const garbage = [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(100_000), Buffer.alloc(20_000, 0xff)];
  for (let i = 0; i < 60; i++) await openRaw(t, server.port, address(i % 8), garbage[i % 3]);
  for (let i = 0; i < 24; i++) {
    const socket = openTls(server.port, alpn, address(i % 8));
    t.teardown(() => socket.destroy());
    await once(socket, 'secureConnect');
    socket.write(garbage[i % 3] ?? '');
  }
  await getsIn(t, server, 'ada');
  t.match(await inside.ask({ type: 'ping' }), { type: 'ok' });
  t.same(server.errors, []);
});
