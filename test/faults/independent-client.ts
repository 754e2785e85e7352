/** A client written from docs/protocol.md alone, against the built program: it uses nothing of lib. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import t from 'tap';
import { startServerProcess } from '../support/server-process.js';

// biome-ignore lint/suspicious/noExplicitAny: a frame is what the server sends
type Frame = Record<string, any>;

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64url');

function encode(frame: object | string): Buffer {
  const body = Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame));
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, body]);
}

/** A connection to the server of a join link, once its pin is right. Reads frames, then on request plain bytes. */
async function open(link: string, protocol: string) {
  const [, , authority = '', pin] = link.split('/');
  const { hostname: host, port } = new URL(`http://${authority}`);
  const options = { host, port: Number(port), ALPNProtocols: [protocol], minVersion: 'TLSv1.3' } as const;
  const socket: TLSSocket = connect({ ...options, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  if (key === undefined || sha256(key) !== pin) throw new Error('not the server of the link');
  socket.on('error', () => {});
  const chunks = socket[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  async function bytes(count: number): Promise<Buffer> {
    while (held.length < count) {
      const { value, done } = await chunks.next();
      if (done) throw new Error('the connection ended');
      held = Buffer.concat([held, value]);
    }
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  }
  return {
    bytes,
    write: (data: Buffer) => void socket.write(data),
    cut: () => void socket.destroy(),
    frame: async (): Promise<Frame> => JSON.parse((await bytes((await bytes(4)).readUInt32BE())).toString()),
  };
}

const entries = ['message', 'edited', 'removed', 'reaction', 'pinned', 'unpinned', 'topic'];

/** A chat connection that has read its `hello`. Remembers entries and positions of rooms. */
async function dial(link: string, rooms: Record<string, number> = {}) {
  const { write, frame, cut } = await open(link, 'secure-chat/1');
  const seen: Frame[] = [];
  let ids = 0;

  async function next(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = await frame();
      if (entries.includes(found.type) && found.room !== undefined && found.seq > (rooms[found.room] ?? 0)) {
        rooms[found.room] = found.seq;
        seen.push(found);
      }
      if (fits(found)) return found;
      if (found.type === 'closing') throw new Error(`closing: ${found.code}`);
    }
  }
  const answer = (id: number, key?: string) =>
    next(({ type, re, key: own }) => re === id || (type === 'message' && key !== undefined && own === key));

  async function ask(type: string, fields: Frame = {}): Promise<Frame> {
    const id = ++ids;
    write(encode({ type, id, ...fields }));
    const reply = await answer(id, type === 'say' ? fields.key : undefined);
    if (reply.code !== 'rate-limited') return reply;
    await wait(reply.retryAfter);
    return ask(type, fields);
  }
  const say = (text: string, key: string = randomBytes(8).toString('hex')) =>
    ask('say', { room: 'lobby', text, key });
  return { hello: await frame(), rooms, seen, next, ask, say, write, cut };
}

const password = 'a long enough secret';

t.test('a client from the page alone talks, reads, sends a file, and comes back after a cut', async (t) => {
  const server = await startServerProcess();
  t.teardown(() => server.close());
  const link = server.firstLink;
  const first = await dial(link);
  t.match(first.hello, { type: 'hello', version: 1, registration: 'invite' });
  t.match(await first.ask('say', { room: 'lobby', text: 'x', key: 'k' }), { code: 'not-signed-in' });
  t.match(await first.ask('ping'), { type: 'ok' });
  t.match(await first.ask('register', { name: 'Ada', password }), { code: 'invite-needed' });
  const code = link.split('/').at(-1);
  const entered = await first.ask('register', { name: ' Ada ', password, code });
  t.match(entered, { type: 'ok', name: 'ada', role: 'admin', conversations: [{ room: 'lobby', last: 0 }] });
  t.match(await first.ask('sign-in', { name: 'ada', password }), { code: 'already-signed-in' });
  t.match(await first.ask('sync'), { type: 'ok' });
  t.match(await first.say('one fish', 'k1'), { type: 'message', from: 'ada', seq: 1 });
  t.match(await first.say('another', 'k1'), { type: 'ok', seq: 1 }, 'a key that was used');
  const said = [1];
  for (const text of ['two fish', 'red fish', 'blue']) said.push((await first.say(text)).seq);
  const edit = await first.ask('edit', { of: said[3], text: 'blue fish' });
  t.match(edit, { type: 'ok', seq: 5 });

  const seqs = (reply: Frame) => [...reply.messages.map(({ seq }: Frame) => seq), reply.more];
  const page = async (range: Frame) =>
    seqs(await first.ask('history', { room: ' #Lobby', limit: 2, ...range }));
  t.same(await page({}), [3, 4, true]);
  t.same(await page({ before: 3 }), [1, 2, false]);
  t.same(await page({ after: 1 }), [2, 3, true]);
  t.same(await page({ after: 1, before: 4 }), [2, 3, false]);
  const found = await first.ask('search', { words: 'FISH', limit: 3 });
  t.match([found.found.map(({ seq }: Frame) => seq), found.more], [[4, 3, 2], true]);

  const file = randomBytes(100_000);
  const offer = { room: 'lobby', name: 'noise.bin', size: file.length, hash: sha256(file), key: 'f1' };
  const upload = await open(link, 'secure-chat-file/1');
  upload.write(encode({ type: 'upload', ticket: (await first.ask('offer', offer)).ticket }));
  t.match(await upload.frame(), { type: 'ready', offset: 0, size: file.length });
  upload.write(file);
  const { seq: of } = await upload.frame();
  const fetched = await first.ask('fetch', { of });
  const download = await open(link, 'secure-chat-file/1');
  download.write(encode({ type: 'download', ticket: fetched.ticket, offset: 99_000 }));
  t.match(await download.frame(), { type: 'ready', size: file.length });
  t.ok((await download.bytes(1_000)).equals(file.subarray(99_000)));

  first.write(encode({ type: 'say', id: 99, room: 'lobby', text: 'cut off', key: 'k9' }));
  first.cut();
  const second = await dial(link, { ...first.rooms });
  const back = await second.ask('resume', { token: entered.token });
  t.match(back, { type: 'ok', name: 'ada' });
  t.match(await second.ask('sync', { rooms: first.rooms }), { type: 'ok' });
  t.match(await second.say('cut off', 'k9'), { seq: Number });
  t.same(
    [...first.seen, ...second.seen].map(({ seq }) => seq),
    [1, 2, 3, 4, 5, 6, 7],
    'no gap, nothing twice',
  );

  const third = await dial(link, { lobby: 3, elsewhere: 1 });
  t.match(await third.ask('sign-in', { name: 'ada', password }), { code: 'name-in-use' });
  t.match(await third.ask('sign-in', { name: 'ada', password, mode: 'attach' }), { type: 'ok' });
  t.match(await third.ask('sync', { rooms: third.rooms }), { type: 'ok' });
  t.match(third.seen, [
    { type: 'message', seq: 4, text: 'blue fish', edited: String },
    { type: 'edited', seq: 5, of: 4, text: 'blue fish' },
    { seq: 6, text: 'noise.bin', file: { name: 'noise.bin' } },
    { seq: 7, text: 'cut off' },
  ]);
  third.cut();

  const quote = { seq: 4, from: 'ada', text: 'blue fish' };
  const reply = { room: 'lobby', text: 'which one?', of: 4, key: 'k10' };
  t.match(await second.ask('say', reply), { type: 'message', seq: 8, of: quote });
  t.match(await second.ask('react', { of: 4, emoji: '+1' }), { type: 'ok', seq: 9 });
  t.match(await second.ask('react', { of: 4, emoji: '🐟' }), { type: 'ok', seq: 10 });
  t.match(await second.ask('pin', { of: 4 }), { type: 'ok', seq: 11 });
  const fourth = await dial(link, { lobby: 7 });
  await fourth.ask('sign-in', { name: 'ada', password, mode: 'attach' });
  await fourth.ask('sync', { rooms: fourth.rooms });
  t.match(fourth.seen, [
    { seq: 8, text: 'which one?', of: quote },
    { type: 'reaction', seq: 9, emoji: '👍' },
    { type: 'reaction', seq: 10, of: quote, emoji: '🐟', reactions: [{ emoji: '🐟', count: 1 }] },
    { type: 'pinned', seq: 11, of: quote },
  ]);
  const { messages: pinned } = await fourth.ask('pins', { room: 'lobby' });
  t.match(pinned, [{ seq: 4, reactions: [{ emoji: '🐟', count: 1, mine: true }] }]);
  t.match(await fourth.ask('unpin', { of: 4 }), { seq: 12 });
  fourth.cut();

  t.match(await second.ask('quit', { reason: 'bye' }), { type: 'ok' });
  t.match(await second.next(({ type }) => type === 'closing'), { code: 'signed-out' });
  t.match(await (await dial(link)).ask('resume', { token: back.token }), { code: 'session-expired' });
});

t.test('each refusal has the code of the page', async (t) => {
  const server = await startServerProcess('--rate', '1000');
  t.teardown(() => server.close());
  const link = server.firstLink;
  const ada = await dial(link);
  await ada.ask('register', { name: 'ada', password, code: link.split('/').at(-1) });
  t.match(await ada.ask('join', { room: '#Attic ' }), { type: 'ok' });
  const [invited] = (await ada.ask('make-invite', { uses: 10_000, ms: 60_000 })).links;
  const bob = await dial(link);
  await bob.ask('register', { name: 'bob', password, code: invited.split('/').at(-1) });

  const over = (bytes: number) => 'é'.repeat(bytes / 2).concat('x');
  const lobby = { room: 'lobby' };
  const file = { ...lobby, size: 1, hash: sha256(Buffer.of(1)), key: 'f' };
  const refusals: [type: string, fields: Frame, code: string][] = [
    ['nonsense', {}, 'unknown-type'],
    ['ping', { more: 1 }, 'bad-request'],
    ['say', { ...lobby, text: '', key: 'k' }, 'message-empty'],
    ['say', { ...lobby, text: ' \n', key: 'k' }, 'message-empty'],
    ['say', { ...lobby, text: over(4096), key: 'k' }, 'message-too-long'],
    ['say', { ...lobby, text: 'x', key: 'a b' }, 'bad-request'],
    ['say', { ...lobby, to: 'ada', text: 'x', key: 'k' }, 'bad-request'],
    ['say', { room: 'nowhere', text: 'x', key: 'k' }, 'no-such-room'],
    ['say', { room: 'attic', text: 'x', key: 'k' }, 'not-a-member'],
    ['say', { to: 'x'.repeat(64), text: 'x', key: 'k' }, 'no-such-name'],
    ['say', { to: 'x'.repeat(65), text: 'x', key: 'k' }, 'bad-request'],
    ['edit', { of: 1000, text: 'x' }, 'no-such-message'],
    ['edit', { of: 1000, text: '' }, 'message-empty'],
    ['say', { ...lobby, text: 'x', key: 'k', of: 1000 }, 'no-such-message'],
    ['react', { of: 1000, emoji: '+1' }, 'no-such-message'],
    ['react', { of: 1000, emoji: 'no emoji' }, 'bad-request'],
    ['react', { of: 1000, emoji: over(64) }, 'bad-request'],
    ['pin', { of: 1000 }, 'no-such-message'],
    ['unpin', { of: 1000 }, 'no-such-message'],
    ['pins', { room: 'attic' }, 'not-a-member'],
    ['away', { text: over(200) }, 'message-too-long'],
    ['quit', { reason: over(200) }, 'message-too-long'],
    ['kick', { name: 'ada', reason: over(200) }, 'message-too-long'],
    ['search', { words: over(200) }, 'message-too-long'],
    ['set-topic', { ...lobby, topic: over(300) }, 'message-too-long'],
    ['set-topic', { ...lobby, topic: 'x' }, 'not-allowed'],
    ['search', { words: '', limit: 51 }, 'bad-request'],
    ['search', { words: '', since: '2026-11-20 20:00' }, 'bad-request'],
    ['join', { room: 'a room' }, 'name-invalid'],
    ['join', { room: 'attic', private: true }, 'room-name-taken'],
    ['leave', lobby, 'not-allowed'],
    ['mute', { name: 'ada', ms: 315_360_000_001 }, 'bad-request'],
    ['set-rules', { ...lobby, slow: 3_600_001 }, 'bad-request'],
    ['make-invite', { uses: 10_001 }, 'bad-request'],
    ['make-invite', { ms: 59_999 }, 'bad-request'],
    ['make-invite', { ms: 31_536_000_001 }, 'bad-request'],
    ['offer', { ...file, name: over(254), size: 104_857_601 }, 'file-too-large'],
    ['offer', { ...file, name: over(256) }, 'bad-request'],
    ['fetch', { of: 1000 }, 'no-such-file'],
  ];
  for (const [type, fields, code] of refusals) {
    t.match(await bob.ask(type, fields), { type: 'error', code }, `${type}: ${code}`);
  }

  bob.write(encode({ type: 'ping', id: 0 }));
  t.match(await bob.next(({ re }) => re === 0), { code: 'bad-request' });
  bob.write(encode('{"type":"ping","id":50,"type":"rooms"}'));
  t.match(await bob.next(({ re }) => re === 50), { rooms: Array }, 'the last counts');
  for (const [bytes, code] of [
    [encode('[]'), 'bad-frame'],
    [encode({ type: 'ping', id: 1, x: 'x'.repeat(4096) }), 'frame-too-large'],
  ] as const) {
    const broken = await dial(link);
    broken.write(bytes);
    t.match(await broken.next(({ type }) => type === 'closing'), { code });
  }
  t.match(await bob.ask('quit'), { type: 'ok' });
});
