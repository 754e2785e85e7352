import { Readable } from 'node:stream';
import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { BlobError } from '../../../lib/store/blobs.js';
import {
  download,
  type FileConnection,
  fileScene,
  hashOf,
  someBytes,
  ticketOf,
  upload,
} from '../../support/file-scene.js';
import { ok } from '../../support/running-server.js';

const size = 300_000;

t.test('a file is uploaded, posted and downloaded', async (t) => {
  const scene = await fileScene(t);
  const [ada, bob] = [await scene.enter('ada'), await scene.enter('bob')];
  const bytes = someBytes(size);
  const seq = await scene.post(ada, bytes, { name: '../../up/notes.tar.gz', key: 'k1' });
  const file = { name: 'notes.tar.gz', size, hash: hashOf(bytes) };
  t.match(await bob.next('message'), { seq, room: 'lobby', from: 'ada', text: file.name, file });
  const got = await scene.get(bob, seq);
  t.match(got.answer, { type: 'ready', offset: 0, size });
  t.equal(hashOf(got.bytes), file.hash);
});

t.test('an empty file can be sent', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const seq = await scene.post(ada, Buffer.alloc(0));
  t.equal((await scene.get(ada, seq)).bytes.length, 0);
});

t.test('an interrupted upload resumes where it stopped', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const bytes = someBytes(3_000_000);
  const first = await scene.open(upload(ticketOf(await scene.offer(ada, bytes, { key: 'k1' }))));
  t.match(await first.answer(), { type: 'ready', offset: 0 });
  await new Promise((written) => first.socket.write(bytes.subarray(0, 2_500_000), written));
  await scene.partialBytes(1);
  first.socket.destroy();
  const second = await scene.open(upload(ticketOf(await scene.offer(ada, bytes, { key: 'k1' }))));
  const ready = await second.answer();
  if (ready?.type !== 'ready') throw new Error(JSON.stringify(ready));
  t.ok(ready.offset > 0 && ready.offset <= 2_500_000, `from ${ready.offset} on`);
  second.socket.write(bytes.subarray(ready.offset));
  const kept = await second.answer();
  t.equal(kept?.type, 'kept');
  t.same(await scene.storedHashes(), [hashOf(bytes)]);
});

t.test('a download starts at any offset', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const bytes = someBytes(size);
  const seq = await scene.post(ada, bytes);
  const wire = await scene.open(download(ticketOf(await ada.ask({ type: 'fetch', of: seq }))));
  await wire.answer();
  wire.socket.destroy();
  t.same((await scene.get(ada, seq, 123_456)).bytes, bytes.subarray(123_456));
  t.same((await scene.get(ada, seq, size)).bytes.length, 0, 'all of it is there');
  t.match(
    (await scene.get(ada, seq, size + 1)).answer,
    { type: 'error', code: 'file-damaged' },
    'more than it',
  );
});

t.test('a download ends when its client disconnects during a slow read', async (t) => {
  const { promise: allowed, resolve: allow } = latch();
  const scene = await fileScene(t, {
    wrap: (blobs) => ({
      ...blobs,
      read: async () =>
        Readable.from(
          (async function* () {
            yield someBytes(5);
            await allowed;
            yield someBytes(5);
          })(),
        ),
    }),
  });
  const ada = await scene.enter('ada');
  const seq = await scene.post(ada, someBytes(10));
  const wire = await scene.open(download(ticketOf(await ada.ask({ type: 'fetch', of: seq }))));
  await wire.answer();
  wire.socket.end();
  wire.socket.resume();
  await wire.closed;
  allow();
  await scene.close();
  t.same(scene.errors, []);
});

t.test('bytes with a wrong hash are refused and discarded', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const bytes = someBytes(size);
  const hash = hashOf(someBytes(1));
  t.match(await scene.send(ada, bytes, { hash, key: 'k1' }), { type: 'error', code: 'file-damaged' });
  t.same(await scene.storedHashes(), []);
  const again = await scene.open(upload(ticketOf(await scene.offer(ada, bytes, { hash, key: 'k1' }))));
  t.match(await again.answer(), { type: 'ready', offset: 0 });
  t.equal(ada.all('message').length, 0);
});

t.test('more bytes than offered are refused and discarded', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const bytes = someBytes(size);
  t.match(await scene.send(ada, bytes, { size: size - 1 }), { type: 'error', code: 'file-damaged' });
  t.same(await scene.storedHashes(), []);
});

t.test('fewer bytes than offered can be resumed', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const wire = await scene.open(upload(ticketOf(await scene.offer(ada, someBytes(100), { size: 200 }))));
  await wire.answer();
  wire.socket.end(someBytes(100));
  t.equal(await wire.answer(), undefined);
  await wire.closed;
  t.same(await scene.storedHashes(), []);
  t.equal(ada.all('message').length, 0);
});

t.test('a ticket works once, in time, and for its own purpose', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const bytes = someBytes(10);
  const seq = await scene.post(ada, bytes);
  const invalid = { type: 'error', code: 'ticket-invalid' };
  const ticket = async () => ticketOf(await ada.ask({ type: 'fetch', of: seq }));

  const used = await ticket();
  await (await scene.open(download(used))).rest();
  t.match(await (await scene.open(download(used))).answer(), invalid, 'a second time');
  t.match(await (await scene.open(upload(await ticket()))).answer(), invalid, 'for another purpose');
  const late = await ticket();
  scene.clock.advance(limits.ticketMs + 1);
  t.match(await (await scene.open(download(late))).answer(), invalid, 'too late');
  t.match(await (await scene.open(download('A'.repeat(43)))).answer(), invalid, 'an invented one');

  const first = ticketOf(await scene.offer(ada, bytes, { key: 'k1' }));
  const second = ticketOf(await scene.offer(ada, bytes, { key: 'k1' }));
  t.match(await (await scene.open(upload(first))).answer(), invalid, 'a replaced one');
  const third = await scene.open(upload(second));
  t.match(await third.answer(), { type: 'ready' });
});

t.test('a new offer takes over from a stuck connection', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const bytes = someBytes(size);
  const hanging = await scene.open(upload(ticketOf(await scene.offer(ada, bytes, { key: 'k1' }))));
  await hanging.answer();
  t.match(await scene.send(ada, bytes, { key: 'k1' }), { type: 'kept' });
  await hanging.closed;
});

t.test('an offer with the key of a posted file gets its seq', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const bytes = someBytes(10);
  const seq = await scene.post(ada, bytes, { key: 'k1' });
  const again = ok(await scene.offer(ada, bytes, { key: 'k1' }));
  t.match(again, { seq, at: String });
  t.equal(again.ticket, undefined);
});

t.test('a file is posted even if its sender disconnects during the last write', async (t) => {
  const { promise: reached, resolve: reach } = latch();
  const { promise: allowed, resolve: allow } = latch();
  const scene = await fileScene(t, {
    wrap: (blobs) => ({
      ...blobs,
      async finish(id, hash) {
        reach();
        await allowed;
        await blobs.finish(id, hash);
      },
    }),
  });
  const [ada, bob] = [await scene.enter('ada'), await scene.enter('bob')];
  const bytes = someBytes(size);
  const wire = await scene.open(upload(ticketOf(await scene.offer(ada, bytes, { key: 'k1' }))));
  await wire.answer();
  wire.socket.write(bytes);
  await reached;
  wire.socket.destroy();
  const again = scene.offer(ada, bytes, { key: 'k1' });
  allow();
  const { seq } = await bob.next('message');
  t.match(await again, { type: 'ok', seq }, 'as the next offer says');
});

t.test('content is stored once, and knowing its hash gives no access', async (t) => {
  const scene = await fileScene(t);
  const [ada, bob] = [await scene.enter('ada'), await scene.enter('bob')];
  const bytes = someBytes(size);
  const first = await scene.post(ada, bytes);
  const wire = await scene.open(upload(ticketOf(await scene.offer(bob, bytes))));
  t.match(await wire.answer(), { type: 'ready', offset: 0, size }, 'all bytes must be sent');
  wire.socket.write(bytes);
  const kept = await wire.answer();
  t.same(await scene.storedHashes(), [hashOf(bytes)]);

  ok(await ada.ask({ type: 'remove', of: first }));
  await scene.cleanUp(10_000);
  t.match(await ada.ask({ type: 'fetch', of: first }), { type: 'error', code: 'no-such-file' });
  const second = kept?.type === 'kept' ? kept.seq : 0;
  t.equal(hashOf((await scene.get(ada, second)).bytes), hashOf(bytes), 'the other one is still there');
  ok(await bob.ask({ type: 'remove', of: second }));
  await scene.cleanUp(10_000);
  t.same(await scene.storedHashes(), []);
});

t.test('a file of a private room does not exist for others or former members', async (t) => {
  const scene = await fileScene(t, { people: ['ada', 'bob', 'eve'] });
  const [ada, bob, eve] = [await scene.enter('ada'), await scene.enter('bob'), await scene.enter('eve')];
  ok(await ada.ask({ type: 'join', room: 'den', private: true }));
  ok(await ada.ask({ type: 'invite', room: 'den', name: 'bob' }));
  ok(await bob.ask({ type: 'join', room: 'den' }));
  const bytes = someBytes(10);
  const seq = await scene.post(ada, bytes, { where: { room: 'den' } });
  const none = { type: 'error', code: 'no-such-file' };
  t.match(await eve.ask({ type: 'fetch', of: seq }), none);
  t.match(await eve.ask({ type: 'fetch', of: seq + 1000 }), none, 'the same answer as for a missing one');
  t.match(await scene.offer(eve, bytes, { where: { room: 'den' } }), { type: 'error', code: 'no-such-room' });

  const ticket = ticketOf(await bob.ask({ type: 'fetch', of: seq }));
  ok(await bob.ask({ type: 'leave', room: 'den' }));
  t.match(await (await scene.open(download(ticket))).answer(), none, 'between ticket and connection');
});

t.test('a sender who left the room before the last byte posts nothing', async (t) => {
  const scene = await fileScene(t);
  const [ada, bob] = [await scene.enter('ada'), await scene.enter('bob')];
  ok(await ada.ask({ type: 'join', room: 'den' }));
  ok(await bob.ask({ type: 'join', room: 'den' }));
  const bytes = someBytes(10);
  const wire = await scene.open(upload(ticketOf(await scene.offer(bob, bytes, { where: { room: 'den' } }))));
  await wire.answer();
  ok(await bob.ask({ type: 'leave', room: 'den' }));
  wire.socket.write(bytes);
  t.match(await wire.answer(), { type: 'error', code: 'not-a-member' });
  await scene.cleanUp(10_000);
  t.same(await scene.storedHashes(), []);
});

t.test('a file in a direct message is for both people, unless the sender is blocked', async (t) => {
  const scene = await fileScene(t, { people: ['ada', 'bob', 'eve'] });
  const [ada, bob, eve] = [await scene.enter('ada'), await scene.enter('bob'), await scene.enter('eve')];
  const bytes = someBytes(10);
  const seq = await scene.post(ada, bytes, { where: { to: 'bob' } });
  t.equal(hashOf((await scene.get(bob, seq)).bytes), hashOf(bytes));
  t.match(await eve.ask({ type: 'fetch', of: seq }), { type: 'error', code: 'no-such-file' });
  const wire = await scene.open(upload(ticketOf(await scene.offer(ada, bytes, { where: { to: 'bob' } }))));
  await wire.answer();
  ok(await bob.ask({ type: 'block', name: 'ada' }));
  const refused = { type: 'error', code: 'not-delivered' };
  t.match(await scene.offer(ada, bytes, { where: { to: 'bob' } }), refused);
  wire.socket.write(bytes);
  t.match(await wire.answer(), refused, 'also if blocked in the meantime');
});

t.test('a full disk is reported and leaves no partial file', async (t) => {
  let full = false;
  let room = Number.MAX_SAFE_INTEGER;
  const scene = await fileScene(t, {
    wrap: (blobs) => ({
      ...blobs,
      freeBytes: async () => room,
      append: (id, bytes) =>
        blobs.append(
          id,
          failing(bytes, () => full),
        ),
    }),
  });
  const ada = await scene.enter('ada');
  const bytes = someBytes(size);
  full = true;
  t.match(await scene.send(ada, bytes, { key: 'k1' }), { type: 'error', code: 'no-space' });
  full = false;
  const again = await scene.open(upload(ticketOf(await scene.offer(ada, bytes, { key: 'k1' }))));
  t.match(await again.answer(), { type: 'ready', offset: 0 });
  room = size;
  t.match(await scene.offer(ada, bytes), { type: 'error', code: 'no-space' }, 'before it is full');
  t.match(await ada.ask({ type: 'say', room: 'lobby', text: 'hello', key: 'k2' }), { type: 'message' });
});

t.test('invalid frames and idle time end a connection', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const bad = await scene.open({ type: 'upload', ticket: 'short' });
  t.match(await bad.answer(), { type: 'error', code: 'bad-request' });
  await bad.closed;
  const noise = await scene.open();
  noise.socket.write(Buffer.alloc(2_000, 0xff));
  t.match(await noise.answer(), { type: 'error', code: 'frame-too-large' });
  await noise.closed;

  const silent = await scene.open(upload(ticketOf(await scene.offer(ada, someBytes(10)))));
  await silent.answer();
  scene.clock.advance(limits.transferIdleMs - 1);
  silent.socket.write(someBytes(1));
  await scene.partialBytes(1);
  scene.clock.advance(limits.transferIdleMs - 1);
  await ada.ask({ type: 'ping' });
  t.equal(silent.socket.destroyed, false);
  scene.clock.advance(1);
  await silent.closed;
});

t.test('a connection must present its ticket within ten seconds', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const half = await scene.open();
  half.socket.write(Buffer.from([0, 0]));
  await ada.ask({ type: 'ping' });
  scene.clock.advance(9_999);
  await ada.ask({ type: 'ping' });
  t.equal(half.socket.destroyed, false);
  scene.clock.advance(1);
  await half.closed;
});

t.test('an account can have four transfers at a time', async (t) => {
  const scene = await fileScene(t);
  const ada = await scene.enter('ada');
  const started = [];
  for (let i = 0; i < limits.transfersPerAccount; i++) {
    const wire = await scene.open(upload(ticketOf(await scene.offer(ada, someBytes(10)))));
    t.match(await wire.answer(), { type: 'ready' });
    started.push(wire);
  }
  const fifth = await scene.open(upload(ticketOf(await scene.offer(ada, someBytes(10)))));
  t.match(await fifth.answer(), { type: 'error', code: 'limit-reached' });
});

t.test(
  'connections without a ticket count as unauthenticated: a newcomer takes the place of one',
  async (t) => {
    const scene = await fileScene(t);
    const ada = await scene.enter('ada');
    const silent: FileConnection[] = [];
    for (let i = 0; i < limits.connectionsUnsigned; i++) silent.push(await scene.open());
    await ada.ask({ type: 'ping' });
    const bytes = someBytes(10);
    t.match(await scene.send(ada, bytes), { type: 'kept' }, 'anyone with a ticket gets in');
    const refused = await Promise.race(silent.map(async (wire) => ({ wire, answer: await wire.answer() })));
    t.match(refused.answer, { type: 'error', code: 'too-many-connections' });
    refused.wire.socket.resume();
    await refused.wire.closed;
  },
);

t.test('a closing server stores complete files', async (t) => {
  const { promise: reached, resolve: reach } = latch();
  const { promise: allowed, resolve: allow } = latch();
  const scene = await fileScene(t, {
    wrap: (blobs) => ({
      ...blobs,
      async finish(id, hash) {
        reach();
        await allowed;
        await blobs.finish(id, hash);
      },
    }),
  });
  const [ada, bob] = [await scene.enter('ada'), await scene.enter('bob')];
  const bytes = someBytes(10);
  const wire = await scene.open(upload(ticketOf(await scene.offer(ada, bytes))));
  await wire.answer();
  wire.socket.write(bytes);
  const waiting = await scene.open();
  await reached;
  const closed = scene.close();
  allow();
  await closed;
  await waiting.closed;
  t.equal(bob.all('message').length, 1);
  t.same(scene.errors, []);
});

function latch(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function* failing(bytes: AsyncIterable<Uint8Array>, full: () => boolean) {
  for await (const chunk of bytes) {
    yield chunk;
    if (full()) throw new BlobError('The disk is full.', { full: true });
  }
}
