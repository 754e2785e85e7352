import { PassThrough } from 'node:stream';
import t from 'tap';
import { createInputLines, type InputLine } from '../../lib/client/input-lines.js';

async function linesOf(chunks: readonly (Buffer | string)[], limit = 100): Promise<InputLine[]> {
  const stream = new PassThrough();
  const lines = createInputLines(stream, limit);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  const found: InputLine[] = [];
  for (let line = await lines.next(); line !== undefined; line = await lines.next()) found.push(line);
  return found;
}

t.test('lines end with LF or CR LF, the last one may have no end', async (t) => {
  t.same(await linesOf(['a\nb\r\n', '\nc']), [{ text: 'a' }, { text: 'b' }, { text: '' }, { text: 'c' }]);
  t.same(await linesOf([]), []);
  t.same(await linesOf(['a\n']), [{ text: 'a' }]);
});

t.test('a character may be split between chunks', async (t) => {
  const bytes = Buffer.from('h\u00e9 \u{1f600}\n');
  const single = [...bytes].map((byte) => Buffer.from([byte]));
  t.same(await linesOf(single), [{ text: 'h\u00e9 \u{1f600}' }]);
  t.same(await linesOf([Buffer.from([0x61, 0xff, 0x0a])]), [{ text: 'a\ufffd' }]);
});

t.test('a line above the limit is dropped, its neighbours are not', async (t) => {
  const expected = [{ text: 'a' }, { tooLong: true }, { text: 'b' }];
  t.same(await linesOf([`a\n${'x'.repeat(101)}\nb`]), expected);
  t.same(await linesOf(['a\n', 'x'.repeat(90), 'x'.repeat(90), 'x'.repeat(90), '\nb\n']), expected);
  t.same(await linesOf(['x'.repeat(101)]), [{ tooLong: true }]);
  t.same(await linesOf(['x'.repeat(100)]), [{ text: 'x'.repeat(100) }]);
});

t.test('at most one chunk is read ahead', async (t) => {
  const stream = new PassThrough({ highWaterMark: 10 });
  const lines = createInputLines(stream, 100);
  stream.write('one\ntwo\n');
  t.same(await lines.next(), { text: 'one' });
  t.equal(stream.isPaused(), true);
  stream.write('three\n');
  t.equal(stream.readableLength, 6);
  t.same(await lines.next(), { text: 'two' });
  t.same(await lines.next(), { text: 'three' });
});

t.test('once stopped there are no more lines, not even for a waiting reader', async (t) => {
  const stream = new PassThrough();
  const lines = createInputLines(stream, 100);
  const waiting = lines.next();
  lines.stop();
  t.equal(await waiting, undefined);
  stream.write('late\n');
  t.equal(await lines.next(), undefined);
});

t.test('a stream that breaks, or had ended before, has no more lines', async (t) => {
  const stream = new PassThrough();
  const lines = createInputLines(stream, 100);
  const waiting = lines.next();
  stream.destroy(new Error('EIO'));
  t.equal(await waiting, undefined);
  t.equal(await createInputLines(stream, 100).next(), undefined);
});
