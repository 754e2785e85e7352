/** An impostor with another key gets not one application byte from a client. */
import t, { type Test } from 'tap';
import type { PseudoTerminal } from '../../scripts/screen/pseudo-terminal.js';
import { type Impostor, startImpostor } from '../support/impostor.js';
import { type Home, makeHome, openTerminal } from '../support/program.js';
import { password, startServerProcess } from '../support/server-process.js';

async function homeOf(t: Test): Promise<Home> {
  const home = await makeHome();
  t.teardown(() => home.remove());
  return home;
}

/** A terminal with the question whether to trust this key. */
async function question(t: Test, { port }: Impostor): Promise<PseudoTerminal> {
  const home = await homeOf(t);
  const terminal = openTerminal(['connect', `127.0.0.1:${port}`, '--name', 'alice'], {
    env: { ...home.env, SECURE_CHAT_PASSWORD: password },
  });
  t.teardown(() => terminal.kill('SIGKILL'));
  await terminal.shows(/Yes.*No/s);
  return terminal;
}

t.test('a link with the pin of another key', async (t) => {
  const { port, received } = await startImpostor(t);
  const { run } = await homeOf(t);
  const link = `secure-chat://127.0.0.1:${port}/${'A'.repeat(43)}/invite-code`;
  const client = run(['connect', link, '--name', 'alice'], { SECURE_CHAT_PASSWORD: password });
  t.equal(await client.ended, 76);
  t.match(client.stderr(), /^secure-chat: .*key.*\n {2}join link {3}A{43}\n {2}server .*\n.*\n$/);
  t.notMatch(client.stderr(), password);
  t.equal(received(), 0);
});

t.test('no pin and no terminal to ask on', async (t) => {
  const { port, received } = await startImpostor(t);
  const { run } = await homeOf(t);
  const args = ['connect', `127.0.0.1:${port}`, '--name', 'alice'];
  const client = run(args, { SECURE_CHAT_PASSWORD: password });
  t.equal(await client.ended, 76);
  t.match(client.stderr(), /^secure-chat: .*join link.*\n$/);
  t.notMatch(client.stderr(), password);
  t.equal(received(), 0);
});

t.test('a question about the key', async (t) => {
  const impostor = await startImpostor(t);
  const visit = impostor.connection();
  const patient = await question(t, impostor);
  const socket = await visit;
  // What a client sends without waiting has arrived when the handshakes of the others are done.
  for (const [what, answer, code] of [
    ['no', 'n', 76],
    ['Enter, which means no', '\r', 76],
    ['the end of the input', '\x04', 76],
    ['Ctrl-C', '\x03', 130],
  ] as const) {
    const terminal = await question(t, impostor);
    terminal.type(answer);
    t.equal(await terminal.ended, code, what);
    t.equal(impostor.received(), 0, what);
  }
  const terminal = await question(t, impostor);
  terminal.kill('SIGHUP');
  await terminal.ended;
  t.equal(impostor.received(), 0, 'the terminal is closed');

  t.notOk(socket.destroyed, 'the first client still waits for its answer');
  patient.type('n');
  t.equal(await patient.ended, 76);
  t.equal(impostor.received(), 0);
});

t.test('the server is replaced', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const alice = server.connect(server.firstLink, 'alice', '--json');
  await alice.prints(/"state":"online"/);
  server.process().kill('SIGKILL');
  await server.process().ended;
  const { received } = await startImpostor(t, server.port);

  await t.test('while a client is connected', async (t) => {
    alice.write('{"type":"say","room":"lobby","text":"for the server alone"}\n');
    t.equal(await alice.ended, 76);
    t.match(alice.stderr(), /key/);
    t.equal(received(), 0);
  });

  await t.test('before a client connects again', async (t) => {
    const address = `127.0.0.1:${server.port}`;
    const env = { ...server.home.env, SECURE_CHAT_PASSWORD: password };
    const terminal = openTerminal(['connect', address, '--name', 'alice'], { env });
    t.equal(await terminal.ended, 76, 'it ends without a question');
    await terminal.shows(new RegExp(`trust forget ${address}`));
    t.equal(received(), 0);
    const forget = server.home.run(['trust', 'forget', address]);
    t.equal(await forget.ended, 0);
    const list = server.home.run(['trust', 'list']);
    t.equal(await list.ended, 0);
    t.equal(list.stdout(), '');
  });
});
