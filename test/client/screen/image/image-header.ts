import t from 'tap';
import { readImageHeader } from '../../../../lib/client/screen/image/image-header.js';
import { jpeg, png, redAndBlue, turned } from '../../../support/images.js';

const paint = redAndBlue(20);

t.test('the size of a PNG', async (t) => {
  t.strictSame(readImageHeader(png(20, 10, paint)), { format: 'png', width: 20, height: 10 });
});

t.test('the size of a JPEG of any kind, whatever is before it', async (t) => {
  const size = { format: 'jpeg', width: 20, height: 10 };
  const plain = await jpeg(20, 10, paint, { progressive: false });
  const progressive = await jpeg(20, 10, paint, { progressive: true });
  t.strictSame(readImageHeader(plain), size);
  t.strictSame(readImageHeader(progressive), size);
  // As stored: it is turned later.
  t.strictSame(readImageHeader(turned(plain, 6)), size);
  const padding = Buffer.from([0xff, 0xff, 0xff, 0xfe, 0, 4, 0xff, 0xc0, 0x12, 0x34]);
  t.strictSame(
    readImageHeader(Buffer.concat([plain.subarray(0, 2), padding, plain.subarray(2)])),
    size,
    'a frame marker in a comment is none; other bytes between segments are skipped',
  );
});

t.test('other files', async (t) => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('GIF89a........................'),
    Buffer.from('\x89PNG\r\n\x1a\r', 'latin1'),
    Buffer.from([0xff, 0xd8]),
  ])
    t.equal(readImageHeader(bytes), 'other');
});

t.test('a header that is cut, empty or without a size', async (t) => {
  const whole = png(20, 10, paint);
  const photo = await jpeg(20, 10, paint);
  const noWidth = Buffer.from(whole);
  noWidth.writeUInt32BE(0, 16);
  for (const bytes of [
    whole.subarray(0, 8),
    whole.subarray(0, 23),
    Buffer.from(whole.toString('latin1').replace('IHDR', 'JHDR'), 'latin1'),
    noWidth,
    photo.subarray(0, 12),
    Buffer.concat([photo.subarray(0, 2), Buffer.alloc(1000, 0xff)]),
    Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff]),
  ])
    t.equal(readImageHeader(bytes), 'damaged');
});

t.test('five megabytes of markers take no time', async (t) => {
  const began = process.cpuUsage();
  for (const filling of [[0xff], [0xff, 0xd0], [0x00], [0xff, 0xe0, 0, 2], [0xff, 0xe0, 0, 0]]) {
    const bytes = Buffer.alloc(5 * 1024 * 1024, Buffer.from(filling));
    bytes.set([0xff, 0xd8, 0xff], 0);
    t.equal(readImageHeader(bytes), 'damaged');
  }
  // 100 ms here.
  t.ok(process.cpuUsage(began).user < 5_000_000);
});
