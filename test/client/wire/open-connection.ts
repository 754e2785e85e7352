import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { greet, openConnection } from '../../../lib/client/wire/open-connection.js';
import type { Endpoint } from '../../../lib/trust/endpoint.js';
import { makeCertificate } from '../../support/certificate.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { hello, message, type Peer, startFakeServer } from '../../support/fake-server.js';

const certificate = await makeCertificate();
const trusting = async () => {};

async function serve(t: Test, options: Parameters<typeof startFakeServer>[1] = {}) {
  const server = await startFakeServer(certificate, options);
  t.teardown(server.close);
  return server;
}

/** A TCP server without TLS. */
async function listen(t: Test, serve: (socket: Socket) => void): Promise<Endpoint> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

t.test('trust comes before everything', async (t) => {
  t.test('a refused server gets not one byte', async (t) => {
    const server = await serve(t);
    const no = new Error('no');
    const peer = server.peer();
    const verify = async () => {
      await peer;
      throw no;
    };
    t.equal(await openConnection({ endpoint: server.endpoint, verify }).catch((error) => error), no);
    await (await peer).closed;
    t.equal((await peer).bytes, 0);
  });

  t.test(
    'a server gets not one byte while the decision is open, and the decision can be aborted',
    async (t) => {
      const server = await serve(t);
      const leaving = new AbortController();
      const asked = new Promise<void>((resolve) => {
        const verify = () => {
          resolve();
          return new Promise<void>(() => {});
        };
        const opening = openConnection({ endpoint: server.endpoint, verify, signal: leaving.signal });
        t.rejects(opening, { name: 'AbortError' });
      });
      await asked;
      const peer = await server.peer();
      leaving.abort();
      await peer.closed;
      t.equal(peer.bytes, 0);
    },
  );

  t.test('an impatient server gets not one byte before a slow decision', async (t) => {
    const server = await serve(t);
    let decide = () => {};
    const verify = () =>
      new Promise<void>((resolve) => {
        decide = resolve;
      });
    const opening = openConnection({ endpoint: server.endpoint, verify });
    const peer = await server.peer();
    // More than the buffers of a paused socket take.
    for (let seq = 1; seq <= 2_000; seq += 1) peer.send(message(seq, { text: 'x'.repeat(1_000) }));
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    t.equal(peer.bytes, 0);
    decide();
    const connection = await opening;
    connection.request({ type: 'ping' }, () => {});
    t.same(await peer.next(), { type: 'ping', id: 1 });
    t.equal(peer.bytes, 4 + JSON.stringify({ type: 'ping', id: 1 }).length);
    connection.destroy();
  });

  t.test('after a slow decision the connection is opened and verified again', async (t) => {
    const server = await serve(t);
    const clock = createFakeClock();
    const peers: Peer[] = [];
    const verify = async () => {
      peers.push(await server.peer());
      if (peers.length === 1) clock.advance(40_000);
    };
    const connection = await openConnection({ endpoint: server.endpoint, verify, clock });
    const [first, second] = peers;
    await first?.closed;
    t.equal(first?.bytes, 0);
    connection.request({ type: 'ping' }, () => {});
    t.match(await second?.next(), { type: 'ping' });
    t.equal(peers.length, 2);
    connection.destroy();
  });

  t.test('a server that closes the connection meanwhile is tried once more', async (t) => {
    const server = await serve(t);
    const verify = async () => {
      (await server.peer()).reset();
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    };
    await t.rejects(openConnection({ endpoint: server.endpoint, verify }), { code: 'connection-lost' });
    t.equal(server.connections, 2);
  });

  t.test('a decision that throws synchronously refuses the server', async (t) => {
    const { endpoint } = await serve(t);
    const verify = () => {
      throw new Error('no');
    };
    await t.rejects(openConnection({ endpoint, verify }), { message: 'no' });
  });

  t.test('a CA certificate counts only for the requested name', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'secure-chat-authority-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const forName = await makeCertificate(['localhost']);
    const server = await startFakeServer(forName);
    t.teardown(server.close);
    await writeFile(join(folder, 'ca.pem'), forName.cert);
    const program = `
      const { greet } = await import(${JSON.stringify(new URL('../../../lib/client/wire/open-connection.js', import.meta.url))});
      for (const host of ['localhost', '127.0.0.1']) {
        const { identity } = await greet({ host, port: ${server.endpoint.port} }, async () => {});
        console.log(identity.authorized);
      }`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
    });
    t.equal(stdout, 'true\nfalse\n');
  });
});

t.test('something other than a secure-chat server', async (t) => {
  let verified = 0;
  const verify = async () => {
    verified += 1;
  };
  t.afterEach(() => t.equal(verified, 0, 'verify is not called'));

  t.test('with another ALPN protocol', async (t) => {
    const { endpoint } = await serve(t, { ALPNProtocols: ['h2'] });
    await t.rejects(openConnection({ endpoint, verify }), { code: 'not-secure-chat' });
  });
  t.test('without ALPN', async (t) => {
    const { endpoint } = await serve(t, { ALPNProtocols: [] });
    await t.rejects(openConnection({ endpoint, verify }), { code: 'not-secure-chat' });
  });
  t.test('with TLS 1.2 only', async (t) => {
    const { endpoint } = await serve(t, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    await t.rejects(openConnection({ endpoint, verify }), { code: 'not-secure-chat', message: /TLS 1\.3/ });
  });
  t.test('in plain text', async (t) => {
    const endpoint = await listen(t, (socket) => socket.write('SSH-2.0-OpenSSH_9.2p1 Debian\r\n'));
    await t.rejects(openConnection({ endpoint, verify }), { code: 'not-secure-chat' });
  });
  t.test('that closes the connection', async (t) => {
    const endpoint = await listen(t, (socket) => socket.destroy());
    await t.rejects(openConnection({ endpoint, verify }), { code: 'unreachable' });
  });
  t.test('that sends nothing', async (t) => {
    const clock = createFakeClock();
    const endpoint = await listen(t, () => clock.advance(3_000));
    await t.rejects(openConnection({ endpoint, verify, clock, timeoutMs: 3_000 }), { code: 'unreachable' });
    t.equal(clock.pending, 0);
  });
  t.test('that does not listen', async (t) => {
    const server = await startFakeServer(certificate);
    await server.close();
    await t.rejects(openConnection({ endpoint: server.endpoint, verify }), {
      code: 'unreachable',
      message: /127\.0\.0\.1:\d+: is the server running/,
    });
    const byName = { ...server.endpoint, host: 'localhost' };
    await t.rejects(openConnection({ endpoint: byName, verify }), { code: 'unreachable' });
  });
  t.test('under an unknown name', async (t) => {
    await t.rejects(openConnection({ endpoint: { host: 'no-such.invalid', port: 6697 }, verify }), {
      code: 'unreachable',
    });
  });
  t.test('with an aborted signal', async (t) => {
    const { endpoint } = await serve(t);
    await t.rejects(openConnection({ endpoint, verify, signal: AbortSignal.abort() }), {
      name: 'AbortError',
    });
  });
});

t.test('a server that does not begin with hello', async (t) => {
  t.test('by sending no hello', async (t) => {
    const { endpoint, peer } = await serve(t, { greet: false });
    const clock = createFakeClock();
    const opening = openConnection({ endpoint, verify: trusting, clock });
    const server = await peer();
    // The fence: the server has seen the end of the client's handshake, the client may not have asked yet.
    while (clock.pending === 0) await new Promise(setImmediate);
    clock.advance(10_000);
    await t.rejects(opening);
    await server.closed;
    t.equal(server.bytes, 0);
    t.equal(clock.pending, 0);
  });

  t.test('by another frame than hello', async (t) => {
    const { endpoint, peer } = await serve(t, { greet: false });
    const opening = openConnection({ endpoint, verify: trusting });
    (await peer()).send(message(1));
    await t.rejects(opening, { code: 'bad-frame' });
  });

  t.test('unless it says why it refuses the client', async (t) => {
    const { endpoint, peer } = await serve(t, { greet: false });
    const opening = openConnection({ endpoint, verify: trusting });
    (await peer()).send({ type: 'closing', code: 'too-many-connections', message: '16', retryAfter: 9 });
    await t.rejects(opening, { code: 'too-many-connections', retryAfter: 9 });
  });
});

t.test('greet closes the connection before sign-in', async (t) => {
  const { endpoint, peer } = await serve(t);
  const greeting = greet(endpoint, trusting);
  const server = await peer();
  t.match(await greeting, { hello, identity: { pin: certificate.pin } });
  await server.closed;
  t.equal(server.bytes, 0);
});
