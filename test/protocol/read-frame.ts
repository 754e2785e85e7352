import { duplexPair, PassThrough } from 'node:stream';
import t from 'tap';
import { encodeFrame } from '../../lib/protocol/frame.js';
import { readFrame } from '../../lib/protocol/read-frame.js';

const frame = { type: 'upload', text: 'über' };

t.test('a frame is read and everything behind it stays in the stream', async (t) => {
  const stream = new PassThrough();
  stream.write(Buffer.concat([encodeFrame(frame), Buffer.from('the bytes of a file')]));
  t.same(await readFrame(stream, 100), frame);
  t.equal(String(stream.read()), 'the bytes of a file');
});

t.test('a frame may come byte by byte', async (t) => {
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

t.test('two frames in one write are read one after the other', async (t) => {
  const stream = new PassThrough();
  stream.end(Buffer.concat([encodeFrame(frame), encodeFrame({ type: 'kept' })]));
  t.same(await readFrame(stream, 100), frame);
  t.same(await readFrame(stream, 100), { type: 'kept' });
  t.equal(await readFrame(stream, 100), undefined, 'then there is nothing');
});

t.test('an announced length over the limit is refused before anything of it has come', async (t) => {
  const stream = new PassThrough();
  stream.write(Buffer.from([0, 0, 0, 101]));
  await t.rejects(readFrame(stream, 100), { code: 'frame-too-large' });
});

t.test('what is no frame is refused', async (t) => {
  for (const body of ['', '[]', 'null', '{"type":', '\xff\xfe']) {
    const bytes = Buffer.from(body, 'latin1');
    const stream = new PassThrough();
    stream.write(Buffer.from([0, 0, 0, bytes.length]));
    stream.write(bytes);
    await t.rejects(readFrame(stream, 100), { code: 'bad-frame' }, JSON.stringify(body));
  }
});

t.test('an end in the middle of a frame is a broken frame', async (t) => {
  for (const length of [1, 3, 4, 10]) {
    const stream = new PassThrough();
    stream.end(encodeFrame(frame).subarray(0, length));
    await t.rejects(readFrame(stream, 100), { code: 'bad-frame' }, `after ${length} bytes`);
  }
});

t.test('a stream that fails fails the reading, also when it had failed before', async (t) => {
  const stream = new PassThrough();
  const reading = readFrame(stream, 100);
  stream.destroy(new Error('cable cut'));
  await t.rejects(reading, { message: 'cable cut' });
  await t.rejects(readFrame(stream, 100), { message: 'cable cut' });
});

t.test('a stream that is destroyed before a frame has none', async (t) => {
  const stream = new PassThrough();
  const reading = readFrame(stream, 100);
  stream.destroy();
  t.equal(await reading, undefined);
});
