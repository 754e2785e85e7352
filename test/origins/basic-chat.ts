/**
 * What the basic terminal chat could, and what its author wished for. Elsewhere: a password to enter (e2e/refusals),
 * saving, clearing (e2e/screen-conversations), a restart (e2e/first-five-minutes).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import t from 'tap';
import { jsonClient } from '../support/json-client.js';
import { gather } from '../support/screen-people.js';
import { openSecondAddress } from '../support/second-address.js';

t.test('basic terminal chat', async (t) => {
  const people = await gather(t, '--rate', '1000');
  const { server } = people;
  const ann = server.connect(server.firstLink, 'ann');
  await ann.prints(/in #lobby as ann/, 'stderr');
  const alice = await people.screen('alice');
  const [bob, cleo] = await Promise.all([people.pipe('bob'), people.pipe('cleo')]);

  await t.test('broadcast: every member gets a message', async (t) => {
    bob.write('good morning\n');
    await Promise.all([
      alice.shows(/bob │ good morning/),
      cleo.prints(/bob: good morning/),
      ann.prints(/bob: good morning/),
      bob.prints(/bob: good morning/),
    ]);
    t.pass();
  });

  await t.test('messages are framed by a length header, in any pieces', async (t) => {
    const socket = await open(server.port);
    t.teardown(() => socket.destroy());
    const frames = readFrames(socket);
    const next = async () => (await frames.next()).value;
    t.match(await next(), { type: 'hello', server: 'The Test' });
    for (const byte of frame({ type: 'ping', id: 1 })) socket.write(Uint8Array.of(byte));
    t.match(await next(), { type: 'ok', re: 1 });
    socket.write(Buffer.concat([frame({ type: 'ping', id: 2 }), frame({ type: 'ping', id: 3 })]));
    t.match(await next(), { type: 'ok', re: 2 });
    t.match(await next(), { type: 'ok', re: 3 });
  });

  await t.test('UTF-8: every script arrives unchanged', async (t) => {
    const text = 'Grüße, 你好, مرحبا, नमस्ते, 👩‍👩‍👧 🇩🇪';
    bob.write(`${text}\n`);
    const [, got] = await cleo.prints(/bob: (Grüße.*)\n/);
    t.equal(got, text);
    await alice.shows(/│ Grüße, 你好/);
  });

  await t.test('timestamps', async (t) => {
    await cleo.prints(/^\d\d:\d\d bob: good morning$/m);
    await alice.shows(/^ ?\d\d:\d\d +bob │ good morning/m);
    t.pass();
  });

  await t.test('people connect from several addresses', async (t) => {
    const other = await openSecondAddress(server.port);
    if (other === undefined) return t.comment('this machine does not have 127.0.0.2');
    t.teardown(() => other.close());
    const link = people.link.replace(/127\.0\.0\.1:\d+/, `${other.host}:${other.port}`);
    const dora = await jsonClient(server, link, 'dora');
    await dora.say({ room: 'lobby' }, 'from over here');
    await cleo.prints(/dora: from over here/);
    ann.write('/whois dora\n/whois bob\n');
    await ann.prints(/dora[\s\S]*127\.0\.0\.2[\s\S]*bob[\s\S]*127\.0\.0\.1/);
    t.equal(await dora.leave(), 0);
    await bob.prints(/dora left/, 'stderr');
  });

  await t.test('wish: /list, and /clients as its other name', async () => {
    bob.write('/list\n/clients\n');
    await bob.prints(/(4 people are here: [^\n]*alice[^\n]*\n[\s\S]*){2}/);
  });

  await t.test('wish: removing clients', async (t) => {
    ann.write('/kick cleo shouting\n');
    t.equal(await cleo.ended, 77);
    t.match(cleo.stderr(), /You were kicked by ann: shouting/);
    await bob.prints(/cleo was kicked by ann: shouting/, 'stderr');
    bob.write('/kick alice\n');
    await bob.prints(/moderators and admins/, 'stderr');
    alice.enter('still here');
    await bob.prints(/alice: still here/);
  });

  await t.test('wish: restricting kinds of messages', async (t) => {
    ann.write('/restrict #lobby links files caps rate\n');
    await bob.prints(/ann set the rules of #lobby: no links, no files, no all-caps, rate limit/, 'stderr');
    bob.write('look at https://example.org/\nSHOUTING AT ALL OF YOU\nsomething else\n');
    await bob.prints(/not sent: "look at https.*Links are not allowed/, 'stderr');
    await bob.prints(/not sent: "SHOUTING.*All-caps messages are not allowed/, 'stderr');
    await alice.shows(/bob │ something else/);
    t.notMatch(alice.all(), /example\.org|SHOUTING/);
    ann.write('HTTPS://EXAMPLE.ORG from an admin\n/restrict #lobby none\n');
    await bob.prints(/ann cleared the rules of #lobby/, 'stderr');
    bob.write('https://example.org/again\n');
    await alice.shows(/example\.org\/again/);
  });

  await t.test('wish: whisper', async (t) => {
    bob.write('/whisper alice only you\n');
    await alice.shows(/2 @bob {2}1!/);
    bob.write('for all again\n');
    await ann.prints(/bob: for all again/);
    t.notMatch(ann.stdout(), 'only you');
  });

  await t.test('wish: readable formatting', async (t) => {
    const long = 'word '.repeat(40).trim();
    bob.write(`${long}\n`);
    await alice.shows(/│ word word/);
    const rows = alice.rows().filter((row) => /│ word/.test(row));
    t.ok(rows.length > 1, 'it wraps between words');
    const columns = new Set(rows.map((row) => row.indexOf('│ word')));
    t.equal(columns.size, 1, 'in one column, apart from names and times');
  });

  await t.test('wish: history in a database', async (t) => {
    const file = await readFile(join(server.home.folder, 'data', 'secure-chat.db'));
    t.equal(file.subarray(0, 15).toString(), 'SQLite format 3');
    bob.write('/search morning\n');
    await bob.prints(/good \[morning\]/);
  });

  await t.test('wish: quitting', async (t) => {
    alice.enter('/quit good night');
    t.equal(await alice.ended, 0);
    t.strictSame(alice.modes(), [], 'the terminal is restored');
    await bob.prints(/alice left \(good night\)/, 'stderr');
  });
});

function frame(request: object): Buffer {
  const body = Buffer.from(JSON.stringify(request));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

function open(port: number): Promise<TLSSocket> {
  const options = { port, host: '127.0.0.1', ALPNProtocols: ['secure-chat/1'], rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const socket = connect(options, () => resolve(socket)).on('error', reject);
  });
}

/** Frames: four bytes of length, then that many of JSON. */
async function* readFrames(socket: TLSSocket): AsyncGenerator<unknown, undefined> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
      const end = 4 + bytes.readUInt32BE(0);
      yield JSON.parse(bytes.subarray(4, end).toString());
      bytes = bytes.subarray(end);
    }
  }
  return undefined;
}
