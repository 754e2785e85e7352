/** How a server ends: with clients that are stuck in every way, and after an exception that nothing expects. */
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t, { type Test } from 'tap';
import { fileAlpn } from '../../lib/protocol/events.js';
import { encodeFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';
import { hashOf, ticketOf } from '../support/file-scene.js';
import { hostedLink, hostOnPipes } from '../support/hosted.js';
import { makeHome, openTerminal } from '../support/program.js';
import { ok } from '../support/running-server.js';
import { password, type ServerProcess, startServerProcess } from '../support/server-process.js';
import { dial, tlsOptions, type WireClient } from '../support/wire-client.js';

async function start(t: Test, ...args: string[]): Promise<ServerProcess> {
  const server = await startServerProcess('--rate', '10000', ...args);
  t.teardown(() => server.close());
  return server;
}

async function register(t: Test, { port }: ServerProcess, link: string, name: string): Promise<WireClient> {
  const client = await dial(port);
  t.teardown(() => client.destroy());
  const code = link.split('/').at(-1) ?? '';
  ok(await client.ask({ type: 'register', name, password, code }));
  ok(await client.ask({ type: 'sync' }));
  return client;
}

/** A connection in which the client no longer does anything. */
async function stuck(t: Test, socket: Socket, ready: string): Promise<Socket> {
  socket.on('error', () => {});
  t.teardown(() => socket.destroy());
  await once(socket, ready);
  return socket;
}

/** One that sent the beginning of a file, and one that has not read the end of another. */
async function stuckTransfers(t: Test, { port }: ServerProcess, client: WireClient): Promise<void> {
  const bytes = Buffer.alloc(20 * 1024 * 1024, 'x');
  const offer = {
    type: 'offer',
    room: 'lobby',
    name: 'big',
    size: bytes.length,
    hash: hashOf(bytes),
  } as const;
  const file = () => stuck(t, connect({ ...tlsOptions(port), ALPNProtocols: [fileAlpn] }), 'secureConnect');
  const whole = await file();
  const ticket = ticketOf(await client.ask({ ...offer, key: 'whole' }));
  whole.write(Buffer.concat([encodeFrame({ type: 'upload', ticket }), bytes]));
  whole.resume();
  const { seq } = await client.next('message', (message) => message.file !== undefined);
  const half = await file();
  const other = ticketOf(await client.ask({ ...offer, key: 'half' }));
  half.write(Buffer.concat([encodeFrame({ type: 'upload', ticket: other }), bytes.subarray(0, 1_000_000)]));
  const unread = await file();
  const third = ticketOf(await client.ask({ type: 'fetch', of: seq }));
  unread.write(encodeFrame({ type: 'download', ticket: third, offset: 0 }));
  await Promise.all([once(half, 'readable'), once(unread, 'readable')]);
}

/** Posts until the server gives up what it has for the one who does not read. */
async function fillUp(client: WireClient, name: string): Promise<void> {
  const text = 'x'.repeat(limits.messageBytes);
  for (let batch = 0; !client.all('left').some((event) => event.name === name); batch++) {
    if (batch === 400) throw new Error('80 MB later it is still there.');
    const posts = Array.from({ length: 50 }, (_, i) =>
      client.ask({ type: 'say', room: 'lobby', text, key: `${batch}-${i}` }),
    );
    await Promise.all(posts);
  }
}

t.test(
  'SIGTERM with clients that are stuck in every way: exit 0, and everyone else is notified',
  async (t) => {
    const server = await start(t, '--keep', '100000');
    const link = await server.invite('--uses', '10');
    const ada = await register(t, server, link, 'ada');
    const [sloth, half] = [await register(t, server, link, 'sloth'), await register(t, server, link, 'half')];
    sloth.pause();
    await fillUp(ada, 'sloth');
    // This one stops while its share of the socket's buffers is full, but not yet too full.
    half.pause();
    const text = 'x'.repeat(limits.messageBytes);
    for (let i = 0; i < 100; i++) await ada.ask({ type: 'say', room: 'lobby', text, key: `more-${i}` });
    await stuckTransfers(t, server, ada);
    const { port } = server;
    await stuck(t, connectPlain(port, '127.0.0.1'), 'connect');
    const hello = await stuck(t, connectPlain(port, '127.0.0.1'), 'connect');
    hello.write(Buffer.from('160301020001', 'hex'));
    await stuck(t, connect(tlsOptions(port)), 'secureConnect');
    await stuck(t, connectPlain(join(server.home.folder, 'data', 'control.sock')), 'connect');

    const at = performance.now();
    server.process().kill('SIGTERM');
    t.equal(await server.process().ended, 0);
    t.comment(`${Math.round(performance.now() - at)} ms from SIGTERM to the exit`);
    await ada.closed;
    t.match(ada.frames.at(-1), { type: 'closing', code: 'shutting-down' });
    const log = server.process().stderr();
    t.match(log, /"msg":"closed"/);
    t.notMatch(log, /closed before everything was sent/, 'the time was not up');
    t.notMatch(log, /"level":50/, 'no error');
  },
);

const planted = new URL('../support/planted-fault.js', import.meta.url).href;

t.test('an unexpected exception is logged, clients are notified, and the exit code is 70', async (t) => {
  const home = await makeHome();
  const data = join(home.folder, 'data');
  const server = home.run(['server', '--data', data, '--host', '127.0.0.1', '--port', '0'], {
    NODE_OPTIONS: `${home.env.NODE_OPTIONS} --import=${planted}`,
  });
  t.teardown(async () => {
    server.kill('SIGKILL');
    await server.ended;
    await home.remove();
  });
  const [, port = '', code = ''] = await server.prints(/127\.0\.0\.1:(\d+)\/[\w-]+\/(\S+)/);
  const ada = await dial(Number(port));
  t.teardown(() => ada.destroy());
  const { token = '' } = ok(await ada.ask({ type: 'register', name: 'ada', password, code }));
  ok(await ada.ask({ type: 'sync' }));
  ada.send(
    ...Array.from({ length: 50 }, (_, i) => ({
      type: 'say',
      id: 100 + i,
      room: 'lobby',
      text: 'x',
      key: `k${i}`,
    })),
  );
  await ada.next('message');
  server.kill('SIGUSR2');
  t.equal(await server.ended, 70);
  await ada.closed;
  t.match(ada.frames.at(-1), { type: 'closing', code: 'shutting-down' });
  t.match(server.stderr(), /"msg":"unexpected error"/);
  t.match(server.stderr(), /"msg":"closed"/, 'after it drained');
  t.match(server.stderr(), /internal error \(please report it\): Error: a planted fault/);

  const again = home.run(['server', '--data', data, '--host', '127.0.0.1', '--port', '0']);
  t.teardown(async () => {
    again.kill('SIGKILL');
    await again.ended;
  });
  const [, next = ''] = await again.prints(/127\.0\.0\.1:(\d+)\//);
  const back = await dial(Number(next));
  t.teardown(() => back.destroy());
  ok(await back.ask({ type: 'resume', token }));
  const { messages = [] } = ok(await back.ask({ type: 'history', room: 'lobby' }));
  const kept = new Set(messages.map((message) => (message as { key: string }).key));
  for (const { key } of ada.all('message')) t.ok(kept.has(key), `${key} was acknowledged and is there`);
});

t.test(
  'an unexpected exception in a host is printed, guests are notified, and the exit code is 70',
  async (t) => {
    const home = await makeHome();
    home.env.NODE_OPTIONS += ` --import=${planted}`;
    const { running, link } = await hostOnPipes(home);
    t.teardown(async () => {
      running.kill('SIGKILL');
      await running.ended;
      await home.remove();
    });
    await running.prints(/in #lobby as alice/, 'stderr');
    const [, , port] = hostedLink.exec(`connect ${link} `) ?? [];
    const bob = await dial(Number(port));
    t.teardown(() => bob.destroy());
    ok(await bob.ask({ type: 'register', name: 'bob', password, code: link.split('/').at(-1) ?? '' }));
    ok(await bob.ask({ type: 'sync' }));
    running.kill('SIGUSR2');
    t.equal(await running.ended, 70);
    await bob.closed;
    t.match(bob.frames.at(-1), { type: 'closing', code: 'shutting-down' });
    t.match(running.stderr(), /internal error \(please report it\): Error: a planted fault/);
  },
);

t.test('a host on a full screen gets its terminal back, and the server drains', async (t) => {
  const home = await makeHome();
  const data = join(home.folder, 'data');
  const args = ['host', '--data', data, '--host', '127.0.0.1', '--port', '0', '--as', 'alice'];
  const options = `${home.env.NODE_OPTIONS} --import=${planted}`;
  const env = { ...home.env, NODE_OPTIONS: options, SECURE_CHAT_PASSWORD: password };
  const host = openTerminal(args, { env, cols: 200, rows: 24 });
  t.teardown(async () => {
    host.kill('SIGKILL');
    await host.ended;
    await home.remove();
  });
  const [, link = '', port] = await host.shows(hostedLink);
  await host.shows(/You host this chat/);
  const bob = await dial(Number(port));
  t.teardown(() => bob.destroy());
  ok(await bob.ask({ type: 'register', name: 'bob', password, code: link.split('/').at(-1) ?? '' }));
  host.kill('SIGUSR2');
  t.equal(await host.ended, 70);
  await bob.closed;
  t.match(bob.frames.at(-1), { type: 'closing', code: 'shutting-down' });
  t.strictSame(host.modes(), [], 'the terminal is restored');
  t.match(host.all(), /internal error \(please report it\): Error: a planted fault/);
});
