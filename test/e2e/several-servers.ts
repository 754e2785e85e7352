/**
 * One chat on several servers, as clients see it: they go to another server, and to none with another key. Two servers with one
 * key pair and a database each stand in; the accounts are on both.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeCertificate } from '../support/certificate.js';
import { startImpostor } from '../support/impostor.js';
import { ownPort } from '../support/own-port.js';
import { makeHome, openTerminal, type Running } from '../support/program.js';
import { password, type ServerProcess, startServerProcess } from '../support/server-process.js';

/** Two servers that tell of each other, with alice on both, and a home of hers. */
async function chat(t: Test, ...args: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const { key, cert, pin } = await makeCertificate(['127.0.0.1']);
  const pem = join(folder, 'server.pem');
  await writeFile(pem, cert + key, { mode: 0o600 });
  const ports = [await ownPort(), await ownPort()];
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const start = async (port: number | undefined) => {
    const own = ['--port', String(port), '--cert', pem, '--peer-hosts', addresses.join()];
    const server = await startServerProcess(...own, ...args);
    t.teardown(server.close);
    const alice = server.connect(server.firstLink, 'alice');
    alice.end();
    t.equal(await alice.ended, 0, alice.stderr());
    return server;
  };
  const [one, two] = [await start(ports[0]), await start(ports[1])];
  const home = await makeHome();
  t.teardown(() => home.remove());
  const running: Running[] = [];
  t.teardown(() => running.forEach((each) => void each.kill('SIGKILL')));
  const [first = '', second = ''] = addresses;
  return {
    ...{ one, two, first, second, home, pin },
    link: `secure-chat://${first},${second}/${pin}`,
    alice(args: readonly string[], env: NodeJS.ProcessEnv = { SECURE_CHAT_PASSWORD: password }) {
      // Readers and clients that are on their way out are there, too.
      const client = home.run([...args, '--attach'], env);
      running.push(client);
      return client;
    },
  };
}

async function stop(server: ServerProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  server.process().kill(signal);
  await server.process().ended;
}

function started(address: string): RegExp {
  return new RegExp(`connected again, to ${address}\\n$`);
}

t.test('a client in a pipe', async (t) => {
  const { one, two, first, second, link, pin, home, alice } = await chat(t);
  t.match(one.link, `secure-chat://${first},${second}/`, 'the server prints both addresses');
  t.match(await two.invite(), `secure-chat://${second},${first}/`);
  const readers = [one, two].map((server) => server.connect(server.link, 'alice', '--attach'));
  for (const reader of readers) await reader.prints(/in #lobby as/, 'stderr');
  const client = alice(['connect', link, '--name', 'alice']);
  await client.prints(/in #lobby as/, 'stderr');
  const json = alice(['connect', link, '--name', 'alice', '--json']);
  await json.prints(/"state":"online"/);

  await t.test('goes to the other server when its own shuts down', async (t) => {
    await stop(one, 'SIGTERM');
    await client.prints(started(second), 'stderr');
    t.match(
      client.stderr(),
      new RegExp(`not connected; trying ${second} \\(.*The server is shutting down\\)\\n`),
    );
    t.notMatch(client.stderr(), /trying again in/, 'without a wait');
    await json.prints(new RegExp(`"connecting","address":"${second}","why":"[^"]+shutting down[^"]*"}\\n`));
    await json.prints(new RegExp(`"online","address":"${second}"}\\n`));
    client.write('from the first server\n');
    await readers[1]?.prints(/alice: from the first server\n/);
  });

  await t.test('and back when that one is killed', async (t) => {
    await one.restart();
    await stop(two, 'SIGKILL');
    await client.prints(started(first), 'stderr');
    t.match(client.stderr(), new RegExp(`trying ${first} \\(connection refused by ${second}: `));
    client.end('and back\n');
    t.equal(await client.ended, 0, client.stderr());
    json.end();
    t.equal(await json.ended, 0, json.stderr());
  });

  await t.test('begins where a server answers: connect, send, export', async (t) => {
    const refused = new RegExp(
      `^secure-chat: not connected; trying ${first} \\(connection refused by ${second}: `,
    );
    const turned = `secure-chat://${second},${first}/${pin}`;
    const sent = alice(['send', turned, 'by send', '--name', 'alice']);
    t.equal(await sent.ended, 0, sent.stderr());
    t.match(sent.stderr(), refused);
    const exported = alice(['export', turned, '--name', 'alice', '--room', 'lobby']);
    t.equal(await exported.ended, 0, exported.stderr());
    t.match(exported.stdout(), /alice: and back\n.*alice: by send\n/);
    const known = alice(['connect', first, '--name', 'alice']);
    known.end();
    t.equal(await known.ended, 0, known.stderr());
  });

  await t.test('knows the other server of a known one, and finds the saved session from there', async (t) => {
    const list = home.run(['trust', 'list']);
    t.equal(await list.ended, 0);
    t.match(list.stdout(), new RegExp(`^${first} [\\w-]{43} also ${second}\\n`));
    await stop(one, 'SIGTERM');
    await two.restart();
    const known = alice(['connect', first, '--name', 'alice', '--remember']);
    known.end('by the known server\n');
    t.equal(await known.ended, 0, known.stderr());
    t.match(known.stderr(), new RegExp(`trying ${second} \\(connection refused by ${first}: `));
    const other = alice(['connect', `secure-chat://${second}/${pin}`, '--name', 'alice'], {});
    other.end('without a password\n');
    t.equal(await other.ended, 0, other.stderr());
    const forget = home.run(['trust', 'forget', second]);
    t.equal(await forget.ended, 0, 'a link named it, so it is trusted for itself');
  });

  await t.test('gives up after one round, unless it is told to go on', async (t) => {
    await stop(two, 'SIGKILL');
    const none = alice(['send', link, 'hello?', '--name', 'alice']);
    t.equal(await none.ended, 69);
    t.match(
      none.stderr(),
      new RegExp(`trying ${second} \\(connection refused by ${first}: .*\\n.*refused by ${second}`),
    );
    const patient = alice(['send', link, 'hello!', '--name', 'alice', '--retry', '300']);
    await patient.prints(/trying again in/, 'stderr');
    await two.restart();
    t.equal(await patient.ended, 0, patient.stderr());
  });
});

t.test('another key at the other address', async (t) => {
  const { one, two, first, second, link, alice } = await chat(t);
  const running = alice(['connect', link, '--name', 'alice']);
  await running.prints(/in #lobby as/, 'stderr');
  await stop(two, 'SIGKILL');
  const impostor = await startImpostor(t, two.port);
  await stop(one, 'SIGTERM');

  await t.test('ends a running client', async (t) => {
    t.equal(await running.ended, 76, running.stderr());
    t.match(running.stderr(), new RegExp(`${second} should be another server of this chat`));
  });

  await t.test('ends a new one, with the link and with a known server', async (t) => {
    for (const target of [link, first]) {
      const client = alice(['connect', target, '--name', 'alice']);
      t.equal(await client.ended, 76, client.stderr());
      t.match(client.stderr(), new RegExp(`${second}[^]*server +${impostor.pin}`));
      t.notMatch(client.stderr(), password);
    }
  });

  t.equal(impostor.received(), 0);
});

t.test('the screen', async (t) => {
  const { one, two, first, second, link, pin, home } = await chat(t, '--name', 'Attic');
  await stop(one, 'SIGTERM');
  const env = { ...home.env, SECURE_CHAT_PASSWORD: password };
  const args = ['connect', link, '--name', 'alice'];
  const terminal = openTerminal(args, { env, cols: 100, rows: 24 });
  t.teardown(() => terminal.kill('SIGKILL'));
  await terminal.shows(/Attic · TLS 1\.3 . verified/);
  await stop(two, 'SIGKILL');
  await terminal.shows(/reconnecting in|retry in/);
  await one.restart();
  await terminal.shows(/Attic · TLS 1\.3 . verified/);
  await terminal.shows(new RegExp(`Connected again, to ${first}\\.`));
  terminal.type('on the other server\r');
  await terminal.shows(/alice.*on the other server/);
  terminal.type(`/connect secure-chat://${first}/${pin}\r`);
  await terminal.shows(new RegExp(`already on ${second}`));
  terminal.type('/quit\r');
  t.equal(await terminal.ended, 0);
  const shown = terminal.screen();
  t.match(shown, new RegExp(`Connecting to ${first}`));
  t.match(shown.replace(/\s+/g, ' '), new RegExp(`trying ${second} \\(connection refused by ${first}`));
});

t.test('a chat is one server to choose from, whichever of its servers was used', async (t) => {
  const { first, second, link, home, alice } = await chat(t);
  const client = alice(['connect', link, '--name', 'alice']);
  client.end();
  t.equal(await client.ended, 0, client.stderr());
  const state = join(home.folder, '.local/state/secure-chat');
  // As from before the servers told of each other.
  const recent = [second, first].map((server) => ({ server, name: 'alice' }));
  await writeFile(join(state, 'recent.json'), JSON.stringify(recent));
  const known = join(home.folder, '.local/share/secure-chat/known_hosts');
  const [line = ''] = (await readFile(known, 'utf8')).split('\n');
  await writeFile(known, `${line}\n${second} ${line.split(' ')[1]}\n`);
  const terminal = openTerminal(['connect'], { env: { ...home.env, SECURE_CHAT_PASSWORD: password } });
  t.teardown(() => terminal.kill('SIGKILL'));
  await terminal.shows(new RegExp(`${first} is the only server you know`));
  await terminal.shows(/Your name\s*\n.*alice/);
});
