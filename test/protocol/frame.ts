import { duplexPair, PassThrough } from 'node:stream';
import t from 'tap';
import { createFrameReader, encodeFrame, type RawFrame, readFrame } from '../../lib/protocol/frame.js';
import { limits } from '../../lib/protocol/limits.js';

const badFrame = { code: 'bad-frame' };

function withHeader(body: Uint8Array | string, announced?: number): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(announced ?? bytes.length);
  return Buffer.concat([header, bytes]);
}

function nested(levels: number, inner = ''): string {
  return `${'['.repeat(levels)}${inner}${']'.repeat(levels)}`;
}

function reader(limit: number = limits.frameFromServerBytes) {
  return createFrameReader(() => limit);
}

t.test('a frame is a four-byte length and JSON', (t) => {
  t.same([...encodeFrame({ a: 1 })], [0, 0, 0, 7, ...Buffer.from('{"a":1}')]);
  t.equal(encodeFrame({ text: '\u00e9\u{1f600}' }).readUInt32BE(0), 17, 'bytes are counted, not characters');
  t.end();
});

t.test('an encoded frame is read back', (t) => {
  const frames: RawFrame[] = [
    {},
    {
      type: 'say',
      text: 'a\n"\\\u0000\u2028\u{1f600}',
      n: -1.5,
      yes: true,
      no: null,
      deep: { list: [1, [2]] },
    },
    { lone: '\ud800' },
    { text: 'x'.repeat(70_000) },
  ];
  t.same(reader().push(Buffer.concat(frames.map(encodeFrame))), frames);
  t.end();
});

t.test('frames are read from chunks of any size', (t) => {
  const frames: RawFrame[] = [{ a: '\u{1f600}' }, {}, { b: [1, 2, 3] }];
  const bytes = Buffer.concat(frames.map(encodeFrame));
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const each = reader();
      const chunks = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
      const read = chunks.flatMap((chunk) => each.push(chunk));
      if (JSON.stringify(read) !== JSON.stringify(frames)) t.fail(`cut at ${first} and ${second}`, { read });
    }
  }
  const one = reader();
  t.same(
    [...bytes].flatMap((byte) => one.push(Buffer.from([byte]))),
    frames,
    'byte by byte',
  );
  t.equal(one.pending, 0);
  t.end();
});

t.test('a frame is returned with its last byte; later bytes are held', (t) => {
  const frames = reader();
  const bytes = encodeFrame({ a: 1 });
  t.same(frames.push(bytes.subarray(0, -1)), []);
  t.equal(frames.pending, 6, 'the body without its last byte');
  t.same(frames.push(Buffer.concat([bytes.subarray(-1), bytes.subarray(0, 2)])), [{ a: 1 }]);
  t.equal(frames.pending, 2);
  t.same(frames.push(Buffer.alloc(0)), []);
  t.same(frames.push(bytes.subarray(2)), [{ a: 1 }]);
  t.equal(frames.pending, 0);
  t.end();
});

t.test('a chunk can be reused after the push', (t) => {
  const bytes = encodeFrame({ a: 'before' });
  const frames = reader();
  const chunk = Buffer.from(bytes.subarray(0, 10));
  frames.push(chunk);
  chunk.fill(0);
  t.same(frames.push(bytes.subarray(10)), [{ a: 'before' }]);
  t.end();
});

t.test('a frame can have as many bytes as the limit', (t) => {
  const frame = encodeFrame({ a: 'x'.repeat(92) });
  t.equal(frame.length, 4 + 100);
  t.equal(reader(100).push(frame).length, 1);
  t.throws(() => reader(99).push(frame), { code: 'frame-too-large', message: /99 .* 100\b/ });
  t.end();
});

t.test('a header over the limit is refused at its fourth byte', (t) => {
  const header = withHeader('', 0xffffffff);
  const frames = reader(4096);
  t.same(frames.push(header.subarray(0, 3)), []);
  t.throws(() => frames.push(header.subarray(3)), { code: 'frame-too-large', message: /4294967295/ });
  t.equal(frames.pending, 0);
  t.end();
});

t.test('after an error a reader keeps throwing and holds nothing', (t) => {
  const frames = reader(4096);
  t.throws(() => frames.push(withHeader('', 5000)), { code: 'frame-too-large' });
  for (let i = 0; i < 3; i++) {
    t.throws(() => frames.push(Buffer.alloc(5000, 32)), { code: 'frame-too-large' });
    t.equal(frames.pending, 0);
  }
  const broken = reader();
  t.throws(() => broken.push(withHeader('[]')), badFrame);
  t.throws(() => broken.push(encodeFrame({ fine: true })), badFrame);
  t.end();
});

t.test('the limit is read for each frame', (t) => {
  let limit = 10;
  const frames = createFrameReader(() => limit);
  const long = encodeFrame({ a: 'x'.repeat(20) });
  t.same(frames.push(encodeFrame({ a: 1 })), [{ a: 1 }]);
  limit = 100;
  t.equal(frames.push(long).length, 1);
  t.same(frames.push(long.subarray(0, 5)), []);
  limit = 10;
  t.equal(frames.push(long.subarray(5)).length, 1, 'a frame that has begun is not affected');
  t.throws(() => frames.push(long.subarray(0, 4)), { code: 'frame-too-large' });
  t.end();
});

t.test('a body that is not one JSON object in UTF-8 is a bad frame', (t) => {
  const bodies = [
    '',
    ' ',
    '[]',
    '[{}]',
    'null',
    'true',
    '1',
    '"{}"',
    '{',
    '{}{}',
    '{"a":}',
    "{'a':1}",
    '{}\0',
    'NaN',
  ];
  for (const body of [...bodies, '\ufeff{}']) {
    t.throws(() => reader().push(withHeader(body)), badFrame, JSON.stringify(body));
  }
  t.same(reader().push(withHeader(' {"a" : 1}\n')), [{ a: 1 }], 'white space is JSON');
  t.end();
});

t.test('invalid UTF-8 is a bad frame and does not affect the next reader', (t) => {
  const wrong = [
    [0xff],
    [0xc3],
    [0xe2, 0x82],
    [0xf0, 0x9f, 0x98],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
  ];
  for (const bytes of wrong) {
    const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
    t.throws(() => reader().push(withHeader(body)), badFrame);
    t.throws(() => reader().push(withHeader(Buffer.from(bytes))), badFrame, 'cut off at the end');
    t.same(reader().push(encodeFrame({ a: '\u20ac' })), [{ a: '\u20ac' }]);
  }
  t.end();
});

t.test('the error for a bad frame does not contain its body', (t) => {
  t.throws(() => reader().push(withHeader('{"password":"hunter2"')), { message: /^(?!.*hunter2)/ });
  t.end();
});

t.test('__proto__ and constructor are ordinary keys', (t) => {
  const [frame] = reader().push(withHeader('{"__proto__":{"type":"quit"},"constructor":1}'));
  t.equal(frame?.type, undefined);
  t.equal(Object.getPrototypeOf(frame), Object.prototype);
  t.same(Object.keys(frame ?? {}), ['__proto__', 'constructor']);
  t.end();
});

t.test('a frame can be nested as deep as the limit', (t) => {
  const lists = limits.frameDepth - 1;
  t.equal(reader().push(withHeader(`{"a":${nested(lists)}}`)).length, 1);
  t.throws(() => reader().push(withHeader(`{"a":${nested(lists + 1)}}`)), badFrame);
  t.throws(() => reader().push(withHeader(`{"a":1,"b":[0,{"c":${nested(lists - 1, '{}')}}]}`)), badFrame);
  t.equal(
    reader().push(withHeader(`{"a":${JSON.stringify('['.repeat(1000))}}`)).length,
    1,
    'text does not count',
  );
  t.end();
});

t.test('a hundred thousand levels are refused before JSON.stringify can overflow', (t) => {
  t.throws(() => reader().push(withHeader(`{"a":${nested(100_000)}}`)), badFrame);
  t.throws(() => reader().push(withHeader(`{"type":${nested(100_000)}}`)), badFrame);
  const objects = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
  t.throws(() => reader().push(withHeader(objects)), badFrame);
  t.throws(() => reader().push(withHeader('['.repeat(1_000_000))), badFrame);
  t.end();
});

t.test('a wide frame is not a deep one', (t) => {
  const list = Array.from({ length: 50_000 }, () => ({}));
  t.equal(reader().push(encodeFrame({ list })).length, 1);
  t.end();
});

// Copying what is held at each chunk would move half a terabyte here.
t.test('a frame of one mebibyte is read byte by byte', (t) => {
  for (const length of [limits.frameBytes, limits.frameFromServerBytes]) {
    const bytes = encodeFrame({ a: 'x'.repeat(length - 8) });
    t.equal(bytes.length, 4 + length);
    const frames = reader(length);
    let read = 0;
    for (let at = 0; at < bytes.length; at++) read += frames.push(bytes.subarray(at, at + 1)).length;
    t.equal(read, 1);
  }
  t.end();
});

const frame = { type: 'upload', text: 'über' };

t.test('readFrame leaves the bytes after the frame in the stream', async (t) => {
  const stream = new PassThrough();
  stream.write(Buffer.concat([encodeFrame(frame), Buffer.from('the bytes of a file')]));
  t.same(await readFrame(stream, 100), frame);
  t.equal(String(stream.read()), 'the bytes of a file');
});

t.test('readFrame accepts a frame byte by byte', async (t) => {
  const [near, far] = duplexPair();
  const reading = readFrame(near, 100);
  for (const byte of encodeFrame(frame)) {
    far.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  t.same(await reading, frame);
  far.write('x');
  await new Promise(setImmediate);
  t.equal(String(near.read()), 'x');
});

t.test('readFrame reads two frames of one write in order', async (t) => {
  const stream = new PassThrough();
  stream.end(Buffer.concat([encodeFrame(frame), encodeFrame({ type: 'kept' })]));
  t.same(await readFrame(stream, 100), frame);
  t.same(await readFrame(stream, 100), { type: 'kept' });
  t.equal(await readFrame(stream, 100), undefined, 'then the stream ends');
});

t.test('readFrame refuses a length over the limit before the body arrives', async (t) => {
  const stream = new PassThrough();
  stream.write(Buffer.from([0, 0, 0, 101]));
  await t.rejects(readFrame(stream, 100), { code: 'frame-too-large' });
});

t.test('readFrame refuses an invalid body', async (t) => {
  for (const body of ['', '[]', 'null', '{"type":', '\xff\xfe']) {
    const bytes = Buffer.from(body, 'latin1');
    const stream = new PassThrough();
    stream.write(Buffer.from([0, 0, 0, bytes.length]));
    stream.write(bytes);
    await t.rejects(readFrame(stream, 100), { code: 'bad-frame' }, JSON.stringify(body));
  }
});

t.test('an incomplete frame is a bad frame', async (t) => {
  for (const length of [1, 3, 4, 10]) {
    const stream = new PassThrough();
    stream.end(encodeFrame(frame).subarray(0, length));
    await t.rejects(readFrame(stream, 100), { code: 'bad-frame' }, `after ${length} bytes`);
  }
});

t.test('readFrame rejects with the error of the stream, also with an earlier one', async (t) => {
  const stream = new PassThrough();
  const reading = readFrame(stream, 100);
  stream.destroy(new Error('cable cut'));
  await t.rejects(reading, { message: 'cable cut' });
  await t.rejects(readFrame(stream, 100), { message: 'cable cut' });
});

t.test('a destroyed stream has no frame', async (t) => {
  const stream = new PassThrough();
  const reading = readFrame(stream, 100);
  stream.destroy();
  t.equal(await reading, undefined);
});
