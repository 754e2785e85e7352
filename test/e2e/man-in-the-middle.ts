/** A man in the middle who logs everything gets not one application byte. */
import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { encodeFrame } from '../../lib/protocol/frame.js';
import { createCertificate } from '../../lib/trust/certificate.js';
import { exportKey, generateKey } from '../../lib/trust/key.js';
import { type Home, makeHome } from '../support/program.js';
import { password, startServerProcess } from '../support/server-process.js';
import { openTerminal, type Terminal } from '../support/terminal.js';

interface Thief {
  readonly port: number;
  /** Application bytes that anybody sent. */
  readonly heard: () => number;
  /** Resolves with the next connection whose handshake is done. */
  visitor(): Promise<TLSSocket>;
}

/** It has a certificate of its own, and is polite: it says hello. */
async function thief(t: Test, port = 0): Promise<Thief> {
  const key = await generateKey('ec');
  const cert = createCertificate({ key, hosts: ['127.0.0.1'], days: 9, now: Date.now() });
  let heard = 0;
  const server = createServer({
    key: exportKey(key),
    cert,
    ALPNProtocols: ['secure-chat/1'],
    minVersion: 'TLSv1.3',
  });
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard += bytes.length;
    });
    const limits = {
      messageBytes: 4096,
      messageLines: 100,
      frameBytes: 65536,
      passwordMin: 8,
      nameLength: 32,
    };
    const times = { pingMs: 30_000, deadMs: 75_000, messageBurst: 10, messagesPerSecond: 5 };
    const hello = { type: 'hello', version: 1, server: 'friendly', registration: 'open' };
    socket.write(encodeFrame({ ...hello, limits: { ...limits, ...times } }));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const bound = server.address() as { port: number };
  return {
    port: bound.port,
    heard: () => heard,
    visitor: async () => (await once(server, 'secureConnection'))[0] as TLSSocket,
  };
}

async function homeOf(t: Test): Promise<Home> {
  const home = await makeHome();
  t.teardown(() => home.remove());
  return home;
}

/** A person asked whether to trust this key. */
async function asked(t: Test, { port }: Thief): Promise<Terminal> {
  const home = await homeOf(t);
  const terminal = openTerminal(['connect', `127.0.0.1:${port}`, '--name', 'alice'], {
    env: { ...home.env, SECURE_CHAT_PASSWORD: password },
  });
  t.teardown(() => terminal.kill('SIGKILL'));
  await terminal.shows(/Yes.*No/s);
  return terminal;
}

t.test('a link with the pin of another key', async (t) => {
  const middle = await thief(t);
  const { run } = await homeOf(t);
  const link = `secure-chat://127.0.0.1:${middle.port}/${'A'.repeat(43)}/invite-code`;
  const client = run(['connect', link, '--name', 'alice'], { SECURE_CHAT_PASSWORD: password });
  t.equal(await client.ended, 76);
  t.equal(middle.heard(), 0);
});

t.test('no pin and no terminal to ask on', async (t) => {
  const middle = await thief(t);
  const { run } = await homeOf(t);
  const args = ['connect', `127.0.0.1:${middle.port}`, '--name', 'alice'];
  const client = run(args, { SECURE_CHAT_PASSWORD: password });
  t.equal(await client.ended, 76);
  t.equal(middle.heard(), 0);
});

t.test('"no", Enter alone, which means no, and the end of input', async (t) => {
  for (const answer of ['n', '\r', '\x04']) {
    const middle = await thief(t);
    const terminal = await asked(t, middle);
    terminal.type(answer);
    t.equal(await terminal.ended, 76);
    t.equal(middle.heard(), 0);
  }
});

t.test('Ctrl-C', async (t) => {
  const middle = await thief(t);
  const terminal = await asked(t, middle);
  terminal.type('\x03');
  t.equal(await terminal.ended, 130);
  t.equal(middle.heard(), 0);
});

t.test('the terminal goes away', async (t) => {
  const middle = await thief(t);
  const terminal = await asked(t, middle);
  terminal.kill('SIGHUP');
  await terminal.ended;
  t.equal(middle.heard(), 0);
});

t.test('an answer that takes its time', async (t) => {
  const middle = await thief(t);
  const visit = middle.visitor();
  const terminal = await asked(t, middle);
  const visitor = await visit;
  // What a client would send without waiting has arrived when the next handshakes are done.
  for (let round = 0; round < 3; round++) {
    const next = middle.visitor();
    await asked(t, middle);
    await next;
  }
  t.equal(middle.heard(), 0, 'nothing while the question stands');
  t.notOk(visitor.destroyed);
  terminal.type('n');
  t.equal(await terminal.ended, 76);
  t.equal(middle.heard(), 0);
});

t.test('the server is replaced while a client is connected', async (t) => {
  const served = await startServerProcess();
  t.teardown(() => served.close());
  const alice = served.connect(served.firstLink, 'alice', '--json');
  await alice.prints(/"state":"online"/);
  served.server().kill('SIGKILL');
  await served.server().ended;
  const middle = await thief(t, served.port);
  alice.write('{"type":"say","room":"lobby","text":"for the server alone"}\n');
  t.equal(await alice.ended, 76);
  t.match(alice.stderr(), /key/);
  t.equal(middle.heard(), 0);
});

t.test('a known server comes with another key', async (t) => {
  const served = await startServerProcess();
  t.teardown(() => served.close());
  const alice = served.connect(served.firstLink, 'alice', '--json');
  await alice.prints(/"state":"online"/);
  alice.end();
  t.equal(await alice.ended, 0);
  served.server().kill('SIGTERM');
  await served.server().ended;
  const middle = await thief(t, served.port);
  const address = `127.0.0.1:${served.port}`;
  const env = { ...served.home.env, SECURE_CHAT_PASSWORD: password };
  const terminal = openTerminal(['connect', address, '--name', 'alice'], { env });
  t.equal(await terminal.ended, 76, 'a hard stop, without a question');
  await terminal.shows(new RegExp(`trust forget ${address}`));
  t.equal(middle.heard(), 0);
  const forget = served.home.run(['trust', 'forget', address]);
  t.equal(await forget.ended, 0);
  const list = served.home.run(['trust', 'list']);
  t.equal(await list.ended, 0);
  t.equal(list.stdout(), '');
});
