/** The basic terminal chat: what it does, and what its author wished for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import t from 'tap';
import { alpn } from '../../lib/protocol/events.js';
import { gather } from '../support/screen-people.js';
import { tlsOptions } from '../support/wire-client.js';

/** The first bytes of a server, as they come. */
function hear(port: number, localAddress: string): Promise<{ bytes: Buffer; socket: TLSSocket }> {
  return new Promise((resolve, reject) => {
    const options = { ...tlsOptions(port), ALPNProtocols: [alpn], localAddress };
    const socket = connect(options, () => {});
    socket.on('error', reject);
    socket.once('data', (bytes: Buffer) => resolve({ bytes, socket }));
  });
}

t.test('the basic terminal chat', async (t) => {
  const people = await gather(t);
  const { served } = people;
  const ada = served.connect(served.firstLink, 'ada');
  await ada.prints(/in #lobby as ada/, 'stderr');
  const ben = await people.pipe('ben');
  const cleo = await people.pipe('cleo', '--json');
  const screen = await people.screen('dora');

  await t.test('what one says, all others get', async (t) => {
    ada.write('to everybody\n');
    await ben.prints(/ada: to everybody/);
    await cleo.prints(/"from":"ada","at":"[^"]+","text":"to everybody"|"text":"to everybody"/);
    await screen.shows(/to everybody/);
    t.end();
  });

  await t.test('messages are framed by a header with their length', async (t) => {
    const { bytes, socket } = await hear(served.port, '127.0.0.1');
    t.equal(bytes.readUInt32BE(0), bytes.length - 4);
    t.match(JSON.parse(bytes.subarray(4).toString('utf8')), { type: 'hello' });
    socket.destroy();
  });

  await t.test('UTF-8 arrives as it was written', async (t) => {
    ben.write('grüße, 你好, привет 🦊\n');
    await ada.prints(/ben: grüße, 你好, привет 🦊/);
    await screen.shows(/grüße, 你好, привет 🦊/);
    t.end();
  });

  await t.test('every message has its time', async (t) => {
    await ada.prints(/^\d\d:\d\d ben: grüße/m);
    t.match(cleo.stdout(), /"at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/);
  });

  await t.test('people come from several machines', async (t) => {
    const here = await hear(served.port, '127.0.0.1');
    const there = await hear(served.port, '127.0.0.2');
    t.match(here.bytes.subarray(4).toString(), /"type":"hello"/);
    t.match(there.bytes.subarray(4).toString(), /"type":"hello"/);
    here.socket.destroy();
    there.socket.destroy();
  });

  await t.test('wish: a command lists the clients, /clients as /list', async (t) => {
    ada.write('/clients\n');
    const [all] = await ada.prints(/4 people are here: .*/, 'stderr');
    for (const name of ['ada (you, admin)', 'ben', 'cleo', 'dora']) t.match(all, name);
  });

  await t.test('wish: a command clears the screen', async (t) => {
    screen.type('/clear\r');
    await screen.until(() => !screen.screen().includes('to everybody'), 'an empty pane');
    t.end();
  });

  await t.test('wish: a password to enter', async (t) => {
    const wrong = served.home.run(['connect', served.link, '--name', 'ben'], {
      SECURE_CHAT_PASSWORD: 'guessed it',
    });
    wrong.end();
    t.equal(await wrong.ended, 77);
    t.match(wrong.stderr(), /password is wrong/);
  });

  await t.test('wish: the chat is saved as a .txt', async (t) => {
    ada.write('worth keeping\n');
    await screen.shows(/worth keeping/);
    screen.type('/save ~/talk.txt\r');
    await screen.shows(/messages are in/);
    const saved = await readFile(join(await people.home('dora'), 'talk.txt'), 'utf8');
    t.match(saved, /ada: worth keeping/);
  });

  await t.test('wish: whisper', async (t) => {
    ada.write('/whisper ben for you alone\n');
    await ben.prints(/ada -> ben: for you alone/);
    ben.write('over\n');
    await cleo.prints(/"text":"over"/);
    t.notMatch(cleo.stdout(), 'for you alone');
  });

  await t.test('wish: certain kinds of messages are restricted', async (t) => {
    ada.write('/restrict #lobby links caps\n');
    await ben.prints(/ada set the rules of #lobby: no links, no caps/, 'stderr');
    ben.write('see https://example.org\nLISTEN TO ME NOW\n');
    await ben.prints(/not sent: "see https:.*takes no links/, 'stderr');
    await ben.prints(/not sent: "LISTEN.*takes no messages in capitals/, 'stderr');
    ada.write('/restrict #lobby none\n');
    await ben.prints(/rules of #lobby: none/, 'stderr');
    t.notMatch(ada.stdout(), 'LISTEN');
  });

  await t.test('wish: a client is removed', async (t) => {
    ada.write('/kick ben too loud\n');
    t.equal(await ben.ended, 77);
    t.match(ben.stderr(), /ada threw you out: too loud/);
    await ada.prints(/ben was thrown out by ada \(too loud\)/, 'stderr');
  });

  await t.test('wish: a command for quitting, with a reason', async (t) => {
    screen.type('/quit see you\r');
    t.equal(await screen.ended, 0);
    await ada.prints(/dora left \(see you\)/, 'stderr');
  });

  await t.test('wish: history in a database', async (t) => {
    served.server().kill('SIGTERM');
    await served.server().ended;
    await served.restart();
    const late = served.connect(served.link, 'ben');
    await late.prints(/ada: worth keeping/);
    const file = await readFile(join(served.home.folder, 'data', 'secure-chat.db'));
    t.equal(file.subarray(0, 15).toString(), 'SQLite format 3');
  });
});
