import { type Duplex, duplexPair } from 'node:stream';
import t from 'tap';
import type { ProtocolError } from '../../../lib/protocol/errors.js';
import { encodeFrame, type RawFrame } from '../../../lib/protocol/frame.js';
import { limits } from '../../../lib/protocol/limits.js';
import { type ConnectionOwner, createConnection } from '../../../lib/server/net/connection.js';
import { createEndOfTurn } from '../../../lib/server/net/end-of-turn.js';
import { createSendBudget, type SendBudget } from '../../../lib/server/net/send-budget.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { turns } from '../../support/turns.js';

function setUp(options: { budget?: SendBudget; frameLimit?: () => number } = {}) {
  const [socket, peer] = duplexPair();
  const frames: RawFrame[] = [];
  const broken: ProtocolError[] = [];
  const slow: ProtocolError[] = [];
  const closed: (Error | undefined)[] = [];
  const budget = options.budget ?? createSendBudget(Number.POSITIVE_INFINITY);
  const clock = createFakeClock();
  const deps = { clock, endOfTurn: createEndOfTurn(), budget };
  const owner: ConnectionOwner = {
    frameLimit: options.frameLimit ?? (() => limits.frameUnsignedBytes),
    onFrame: (frame) => frames.push(frame),
    onBroken: (error) => broken.push(error),
    onSlow(error) {
      slow.push(error);
      connection.send(Buffer.from('why'));
      connection.end();
    },
    onClosed: (error) => closed.push(error),
  };
  const connection = createConnection(socket, owner, deps);
  return { socket, peer, clock, connection, frames, broken, slow, closed, budget };
}

/** What arrives at the peer, write by write. */
function read(peer: Duplex): Buffer[] {
  const chunks: Buffer[] = [];
  peer.on('data', (chunk: Buffer) => chunks.push(chunk));
  return chunks;
}

const ping = (id: number) => encodeFrame({ type: 'ping', id });
const kibibytes = (count: number) => Buffer.alloc(count * 1024);

t.test('what is sent in one turn leaves in one write, in order', async (t) => {
  const { connection, peer } = setUp();
  const chunks = read(peer);
  connection.send(Buffer.from('a'));
  connection.send(Buffer.from('b'));
  t.same(chunks, [], 'not before the turn ends');
  await turns();
  connection.send(Buffer.from('c'));
  connection.send(Buffer.from('d'));
  await turns();
  t.same(chunks.map(String), ['ab', 'cd']);
});

t.test('a lone buffer is written as it is, so that many connections can share it', async (t) => {
  const shared = Buffer.from('to everyone');
  for (const { connection, peer } of [setUp(), setUp()]) {
    const chunks = read(peer);
    connection.send(shared);
    await turns();
    t.equal(chunks[0]?.buffer, shared.buffer);
    t.equal(chunks[0]?.byteOffset, shared.byteOffset);
  }
});

t.test('a buffer that fills a write is written as it is even before others', async (t) => {
  const shared = kibibytes(64).fill('a');
  const { connection, peer } = setUp();
  const chunks = read(peer);
  connection.send(shared);
  connection.send(Buffer.from('b'));
  connection.send(Buffer.from('c'));
  await turns();
  t.equal(chunks[0]?.buffer, shared.buffer);
  t.equal(chunks.slice(1).join(''), 'bc');
});

t.test('frames come as they are complete, however they are cut', async (t) => {
  const { peer, frames } = setUp();
  const bytes = Buffer.concat([ping(1), ping(2)]);
  for (const byte of bytes) peer.write(Buffer.of(byte));
  peer.write(Buffer.concat([ping(3), ping(4)]));
  await turns(bytes.length);
  t.same(
    frames.map(({ id }) => id),
    [1, 2, 3, 4],
  );
});

t.test('after broken framing nothing more is read, but can still be sent', async (t) => {
  const { connection, peer, frames, broken } = setUp();
  const chunks = read(peer);
  peer.write(ping(1));
  await turns();
  peer.write(Buffer.from([0, 0, 0, 2, 0x7b, 0x7b]));
  await turns();
  peer.write(ping(2));
  peer.write(Buffer.from([255, 255, 255, 255]));
  await turns();
  t.same(
    frames.map(({ id }) => id),
    [1],
  );
  t.same(
    broken.map(({ code }) => code),
    ['bad-frame'],
    'reported once',
  );
  connection.send(Buffer.from('why'));
  await turns();
  t.same(chunks.map(String), ['why']);
});

t.test('the frame limit is asked for at each frame', async (t) => {
  let limit = 20;
  const { peer, frames, broken } = setUp({ frameLimit: () => limit });
  peer.write(encodeFrame({ a: 'x' }));
  await turns();
  limit = 100;
  peer.write(encodeFrame({ b: 'x'.repeat(60) }));
  await turns();
  t.equal(frames.length, 2);
  peer.write(encodeFrame({ c: 'x'.repeat(200) }));
  await turns();
  t.same(
    broken.map(({ code }) => code),
    ['frame-too-large'],
  );
});

t.test('a peer that does not read is given up beyond the limit, not at it', async (t) => {
  const { connection, slow, budget } = setUp();
  connection.send(Buffer.alloc(limits.queueBytes));
  await turns();
  t.same(slow, [], 'at the limit it is given time');
  t.equal(budget.total, limits.queueBytes);
  connection.send(Buffer.alloc(1));
  await turns();
  t.match(slow, [{ code: 'slow-consumer' }]);
  t.equal(budget.total, 0, 'and has nothing unsent');
  connection.send(Buffer.from('late'));
  await turns();
  t.equal(slow.length, 1, 'once');
});

t.test('one that reads again after that gets whole frames, and at once why it was given up', async (t) => {
  const { connection, peer, slow } = setUp();
  for (let i = 0; slow.length === 0; i++) {
    connection.send(Buffer.alloc(8 * 1024, i % 250));
    await turns(1);
  }
  const received = read(peer);
  await turns(10);
  const bytes = Buffer.concat(received);
  t.equal(bytes.subarray(-3).toString(), 'why');
  t.equal((bytes.length - 3) % (8 * 1024), 0, 'no half frame before it');
  t.ok(bytes.length < limits.queueBytes / 4, `only what was on its way already: ${bytes.length} bytes`);
});

t.test('many small sends to a peer that does not read keep no more than the limit', async (t) => {
  const { connection, budget, slow } = setUp();
  let most = 0;
  for (let i = 0; i < 1_000 && slow.length === 0; i++) {
    connection.send(kibibytes(8));
    await turns(1);
    most = Math.max(most, budget.total);
  }
  t.match(slow, [{ code: 'slow-consumer' }]);
  t.ok(most <= limits.queueBytes, `${most} bytes at most`);
});

t.test('a peer that keeps reading is not given up, however much it is sent', async (t) => {
  const { connection, peer, slow, clock } = setUp();
  let bytes = 0;
  for (let i = 0; i < 40; i++) {
    for (let j = 0; j < 100; j++) connection.send(kibibytes(8));
    await turns(1);
    clock.advance(limits.deadMs - 1);
    // A slow reader: one gulp, then a pause.
    for (let gulp = 0; gulp < 20; gulp++) {
      bytes += (peer.read() as Buffer | null)?.length ?? 0;
      await turns(1);
    }
  }
  t.same(slow, []);
  t.equal(bytes, 40 * 100 * 8 * 1024);
});

t.test('a peer that reads nothing of a little for too long is given up too', async (t) => {
  const { connection, slow, clock } = setUp();
  connection.send(kibibytes(100));
  await turns();
  clock.advance(limits.deadMs - 1);
  t.same(slow, []);
  clock.advance(1);
  t.match(slow, [{ code: 'slow-consumer' }]);
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('over the limit of all connections, the one with the most unsent is given up', async (t) => {
  const budget = createSendBudget(200 * 1024);
  const [small, big, reader] = [setUp({ budget }), setUp({ budget }), setUp({ budget })];
  const chunks = read(reader.peer);
  big.connection.send(kibibytes(150));
  small.connection.send(kibibytes(80));
  reader.connection.send(kibibytes(100));
  await turns();
  t.match(big.slow, [{ code: 'slow-consumer' }]);
  t.same([small.slow, reader.slow], [[], []]);
  t.equal(Buffer.concat(chunks).length, 100 * 1024);
  t.equal(budget.total, 80 * 1024);
});

t.test('drained resolves when the peer has taken what was sent', async (t) => {
  const { connection, peer } = setUp();
  await connection.drained();
  connection.send(kibibytes(100));
  let drained = false;
  const done = connection.drained().then(() => {
    drained = true;
  });
  await turns();
  t.notOk(drained, 'not while it does not read');
  t.equal(Buffer.concat(read(peer)).length, 0);
  await done;
  await connection.drained();
});

t.test('drained resolves at once for a few bytes to a peer that reads', async (t) => {
  const { connection, peer } = setUp();
  const chunks = read(peer);
  connection.send(Buffer.from('few'));
  await connection.drained();
  await turns();
  t.same(chunks.map(String), ['few']);
});

t.test('drained resolves when the connection is closed instead', async () => {
  const { connection } = setUp();
  connection.send(kibibytes(100));
  await turns();
  const drained = connection.drained();
  connection.destroy();
  await drained;
  await connection.drained();
});

t.test('end sends what is queued, then ends; nothing is sent after it', async (t) => {
  const { connection, peer, closed } = setUp();
  const chunks = read(peer);
  let ended = false;
  peer.on('end', () => {
    ended = true;
    peer.end();
  });
  connection.send(Buffer.from('last '));
  connection.send(Buffer.from('words'));
  connection.end();
  connection.send(Buffer.from('too late'));
  connection.end();
  await turns();
  t.same(chunks.map(String), ['last words']);
  t.ok(ended);
  t.same(closed, [undefined]);
});

t.test('a paused peer is not read until resumed, and nothing is lost', async (t) => {
  const { connection, peer, frames } = setUp();
  connection.pause();
  peer.write(ping(1));
  await turns();
  t.same(frames, []);
  connection.resume();
  await turns();
  t.equal(frames.length, 1);
});

t.test('a failure of the transport is reported once, with its error', async (t) => {
  const { socket, connection, closed } = setUp();
  const failure = new Error('ECONNRESET');
  connection.send(Buffer.from('a'));
  socket.destroy(failure);
  await turns();
  connection.destroy();
  connection.end();
  await turns();
  t.same(closed, [failure]);
});
