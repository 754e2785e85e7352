/** What the TCP/IP Chat could, and what its author wished it could. */
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t from 'tap';
import { gather } from '../support/screen-people.js';
import { password } from '../support/server-process.js';

t.test('TCP/IP Chat', async (t) => {
  const people = await gather(t);
  const { served } = people;
  const { home, port } = served;
  const alice = await people.screen('alice');
  const bob = await people.pipe('bob', '--downloads', join(home.folder, 'fetched'));

  await t.test('--host and --port on both sides', async (t) => {
    await served.server().prints(new RegExp(`"host":"127\\.0\\.0\\.1","port":${port}`), 'stderr');
    // The key is known since bob came by his link.
    const args = ['connect', '--host', '127.0.0.1', '--port', `${port}`, '--name', 'bob', '--attach'];
    const again = home.run(args, { SECURE_CHAT_PASSWORD: password });
    served.adopt(again);
    await again.prints(/in #lobby as bob/, 'stderr');
    again.end();
    t.equal(await again.ended, 0);
  });

  await t.test('/msg', async (t) => {
    bob.write('/msg alice only for you\n');
    await alice.shows(/2 @bob {2}1!/);
    alice.enter('/msg bob only for you too');
    await bob.prints(/alice -> bob: only for you too/);
    const cleo = await people.pipe('cleo');
    cleo.end();
    t.equal(await cleo.ended, 0);
    t.notMatch(cleo.stdout(), 'only for you');
    await bob.prints(/cleo left/, 'stderr');
  });

  await t.test('/list', async (t) => {
    bob.write('/list\n');
    const [, names = ''] = await bob.prints(/2 people are here: (.*)\n/, 'stderr');
    t.match(names, /alice/);
    t.match(names, /bob/);
  });

  await t.test('the chat window is above the input', async (t) => {
    bob.write('above\n');
    await alice.shows(/bob │ above/);
    alice.type('below');
    await alice.until(() => alice.rows().at(-1)?.startsWith('#lobby › below') === true, 'the input');
    const rows = alice.rows();
    t.ok(rows.findIndex((row) => row.includes('│ above')) < rows.length - 1);
    bob.write('while she types\n');
    await alice.shows(/│ while she types/);
    t.match(alice.rows().at(-1), /^#lobby › below/, 'what is typed stays where it is');
    alice.type('\x15');
  });

  await t.test('an error for a name that is taken', async (t) => {
    const other = { SECURE_CHAT_PASSWORD: 'somebody else entirely' };
    const taken = home.run(['connect', people.link, '--name', 'Bob'], other);
    t.equal(await taken.ended, 77);
    t.match(taken.stderr(), /bob.*(taken|has an account|exists)/i);
    const twice = home.run(['connect', served.link, '--name', 'bob'], { SECURE_CHAT_PASSWORD: password });
    t.equal(await twice.ended, 77);
    t.match(twice.stderr(), /bob is already signed in/);
  });

  await t.test('wish: file transfer', async (t) => {
    const path = join(home.folder, 'report.bin');
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, at) => at % 251));
    await writeFile(path, bytes);
    alice.enter(`/send ${path}`);
    const [, id = ''] = await bob.prints(/\* alice sent a file: report\.bin \(\S+ KiB\), \/get (\d+)\n/);
    bob.write(`/get ${id}\n`);
    await bob.prints(/Downloaded report\.bin to /, 'stderr');
    t.ok(bytes.equals(await readFile(join(home.folder, 'fetched', 'report.bin'))));
  });

  await t.test('wish: TLS, and nothing without it', async (t) => {
    await alice.shows(/TLS 1\.3 ✓ verified/);
    const at = { host: '127.0.0.1', port };
    const secured = connect({ ...at, ALPNProtocols: ['secure-chat/1'], rejectUnauthorized: false });
    t.teardown(() => secured.destroy());
    await new Promise((resolve, reject) => secured.once('secureConnect', resolve).once('error', reject));
    t.equal(secured.getProtocol(), 'TLSv1.3');
    const plain = connectTcp(at);
    plain.write('{"type":"ping","id":1}\n');
    let answered = '';
    plain.on('data', (bytes: Buffer) => {
      answered += bytes.toString();
    });
    await new Promise((resolve) => plain.once('close', resolve).on('error', () => {}));
    t.notMatch(answered, 'type', 'a connection without TLS hears nothing');
  });

  await t.test('/quit', async (t) => {
    alice.enter('/quit');
    t.equal(await alice.ended, 0);
    await bob.prints(/alice left/, 'stderr');
  });

  await t.test('Ctrl-C on the server tells everybody', async (t) => {
    served.server().kill('SIGINT');
    await bob.prints(/the server says: The server is shutting down/, 'stderr');
    t.equal(await served.server().ended, 0);
  });
});
