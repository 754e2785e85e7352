/**
 * What the TCP/IP Chat could, and what its author wished for. Elsewhere: --host and --port (terminal-chatroom), /list
 * (basic-chat), a name that is taken (e2e/refusals), TLS versions (e2e/openssl).
 */
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { gather } from '../support/screen-people.js';

t.test('TCP/IP Chat', async (t) => {
  const people = await gather(t);
  const { server } = people;
  const { home, port } = server;
  const alice = await people.screen('alice');
  const bob = await people.pipe('bob', '--downloads', join(home.folder, 'fetched'));

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

  await t.test('the chat window is above the input', async (t) => {
    bob.write('above\n');
    await alice.shows(/bob │ above/);
    alice.type('below');
    await alice.until(() => alice.rows().at(-1)?.startsWith('#lobby › below') === true, 'the input');
    const rows = alice.rows();
    t.ok(rows.findIndex((row) => row.includes('│ above')) < rows.length - 1);
    bob.write('while she types\n');
    await alice.shows(/│ while she types/);
    t.match(alice.rows().at(-1), /^#lobby › below/, 'the input stays in place');
    alice.type('\x15');
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
    // Bob may have it all before alice has read that it is all there; until then /quit asks whether to quit.
    const sent = () => alice.screen().includes('report.bin (') && !alice.screen().includes('sending ');
    await alice.until(sent, 'the end of the upload');
  });

  await t.test('wish: TLS, and nothing without it', async (t) => {
    await alice.shows(/TLS 1\.3 ✓ verified/);
    const plain = connect(port, '127.0.0.1');
    plain.write('{"type":"ping","id":1}\n');
    let received = '';
    plain.on('data', (bytes: Buffer) => {
      received += bytes.toString();
    });
    await new Promise((resolve) => plain.once('close', resolve).on('error', () => {}));
    t.notMatch(received, 'type', 'a connection without TLS gets no frame');
  });

  await t.test('/quit', async (t) => {
    alice.enter('/quit');
    t.equal(await alice.ended, 0);
    await bob.prints(/alice left/, 'stderr');
  });

  await t.test('Ctrl-C on the server notifies clients', async (t) => {
    server.process().kill('SIGINT');
    await bob.prints(/the server says: The server is shutting down/, 'stderr');
    t.equal(await server.process().ended, 0);
  });
});
