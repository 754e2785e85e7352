import { deflateSync } from 'node:zlib';
import t from 'tap';
import { type Canvas, drawImage, mostPixels } from '../../../../lib/client/screen/image/draw-image.js';
import { jpeg, png, pngChunk, pngOf, redAndBlue, turned } from '../../../support/images.js';

const canvas: Canvas = {
  method: 'half-blocks',
  columns: 78,
  rows: 22,
  cell: { width: 8, height: 16 },
  theme: 'dark',
  colors: 'truecolor',
};

async function draw(bytes: Buffer, more: Partial<Canvas> = {}) {
  const outcome = await drawImage(bytes, { ...canvas, ...more });
  if ('refused' in outcome) throw new Error(outcome.refused);
  return outcome;
}

async function rows(bytes: Buffer, more: Partial<Canvas> = {}): Promise<readonly string[]> {
  const { drawing } = await draw(bytes, more);
  if (drawing.kind !== 'rows') throw new Error('These are no rows.');
  return drawing.rows;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence of a style, and the characters that have it
const styled = /\x1b\[38;2;([\d;]+?);4[89][\d;]*m(▀+)/g;

/** The colours of the upper pixels, and how often in a row. */
const uppers = (row = ''): string[] =>
  Array.from(row.matchAll(styled), ([, color, cells]) => `${color} ${cells?.length}`);

const [red, blue] = ['255;0;0', '0;0;255'];

t.test('a PNG becomes half blocks, not larger than it is', async (t) => {
  const { width, height, drawing } = await draw(png(4, 2, redAndBlue(4)));
  t.strictSame({ width, height }, { width: 4, height: 2 });
  t.match(drawing, { kind: 'rows', columns: 4 });
  t.strictSame((await rows(png(4, 2, redAndBlue(4)))).map(uppers), [[`${red} 2`, `${blue} 2`]]);
});

t.test('a large image fills the room in one direction, with its proportions', async (t) => {
  const wide = await rows(png(780, 100, redAndBlue(780)));
  t.equal(wide.length, 5);
  t.strictSame(uppers(wide[0]), [`${red} 39`, `${blue} 39`]);
  const high = await draw(png(44, 440, redAndBlue(44)));
  t.match(high.drawing, { kind: 'rows', columns: 4 });
  const font = await draw(png(440, 440, redAndBlue(440)), { cell: { width: 10, height: 30 } });
  t.match(font.drawing, { kind: 'rows', columns: 66 }, 'cells that are three times as high as wide');
});

t.test('every kind of PNG is decoded', async (t) => {
  const raw = (row: number[], height: number) =>
    deflateSync(Buffer.from(Array.from({ length: height }, () => [0, ...row]).flat()));
  const black = '0;0;0';
  const white = '255;255;255';
  const palette = pngChunk('PLTE', Buffer.from([255, 0, 0, 0, 0, 255]));
  const adam7 = deflateSync(Buffer.from([0, 255, 0, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0, 0, 255]));
  for (const [kind, bytes, expected] of [
    [
      '1 bit',
      pngOf({ width: 2, height: 2, depth: 1, type: 0, packed: raw([0b01000000], 2) }),
      [black, white],
    ],
    [
      '16 bits',
      pngOf({ width: 2, height: 2, depth: 16, type: 0, packed: raw([0, 9, 255, 9], 2) }),
      [black, white],
    ],
    [
      'palette',
      pngOf({ width: 2, height: 2, depth: 4, type: 3, chunks: [palette], packed: raw([0x01], 2) }),
      [red, blue],
    ],
    [
      'grey, alpha',
      pngOf({ width: 2, height: 2, type: 4, packed: raw([255, 0, 255, 255], 2) }),
      [black, white],
    ],
    [
      'colour, alpha',
      pngOf({ width: 2, height: 2, type: 6, packed: raw([255, 0, 0, 255, 0, 0, 255, 255], 2) }),
      [red, blue],
    ],
    ['interlaced', pngOf({ width: 2, height: 2, interlaced: true, packed: adam7 }), [red, blue]],
  ] as const) {
    t.strictSame(
      uppers((await rows(bytes))[0]),
      expected.map((color) => `${color} 1`),
      kind,
    );
  }
});

t.test('what is transparent shows a background of the theme', async (t) => {
  const clear = pngOf({
    ...{ width: 1, height: 2, type: 4 },
    packed: deflateSync(Buffer.from([0, 0, 0, 0, 255, 0])),
  });
  t.strictSame(uppers((await rows(clear))[0]), ['0;0;0 1']);
  t.strictSame(uppers((await rows(clear, { theme: 'light' }))[0]), ['255;255;255 1']);
});

t.test('every kind of JPEG is decoded, and turned as the camera was held', async (t) => {
  const paint = redAndBlue(32);
  const reddish = /^2[45]\d;\d;\d \d+$/;
  for (const options of [
    { progressive: true },
    { progressive: false },
    { chroma_subsample: 2, auto_subsample: false },
  ]) {
    const [first = ''] = uppers((await rows(await jpeg(32, 16, paint, options)))[0]);
    t.match(first, reddish, JSON.stringify(options));
  }
  const upright = await draw(turned(await jpeg(32, 16, paint), 6));
  t.match(upright, { width: 16, height: 32 });
  const grey = await jpeg(8, 8, () => [128, 128, 128], { color_space: 1 });
  t.match(uppers((await rows(grey))[0])[0], /^12[789];/);
});

t.test('without colours it is made of characters', async (t) => {
  const halves = await rows(
    png(16, 16, (x) => (x < 8 ? [255, 255, 255] : [0, 0, 0])),
    { method: 'characters', colors: 0 },
  );
  t.strictSame(halves, Array(8).fill('@'.repeat(8)));
});

t.test('kitty and sixel get pixels, within the room and a budget', async (t) => {
  const large = png(400, 300, redAndBlue(400));
  t.match(await draw(large, { method: 'kitty' }), {
    drawing: { kind: 'graphics', columns: 50, rows: 19, erase: /a=d/, sequences: /s=400,v=300,c=50,r=19/ },
  });
  t.match(await draw(large, { method: 'kitty', columns: 25 }), {
    drawing: { columns: 25, rows: 9, sequences: /s=200,v=150/ },
  });
  t.match(await draw(large, { method: 'sixel', columns: 25 }), {
    drawing: { kind: 'graphics', columns: 25, rows: 10, erase: '', sequences: /q"1;1;200;150#/ },
  });
  const huge = png(1600, 800, redAndBlue(1600));
  const room = { columns: 250, rows: 100 };
  t.match(await draw(huge, { method: 'kitty', ...room }), {
    drawing: { columns: 200, rows: 50, sequences: /s=1095,v=547/ },
  });
  t.match(await draw(huge, { method: 'sixel', ...room }), { drawing: { columns: 137, rows: 35 } });
});

const refused = (bytes: Buffer) => drawImage(bytes, canvas);

t.test('other files are refused', async (t) => {
  t.match(await refused(Buffer.from('GIF89a')), { refused: /neither a PNG nor a JPEG/ });
  t.match(await refused(Buffer.alloc(0)), { refused: /neither/ });
});

t.test('an image with too many pixels is refused before it is decoded', async (t) => {
  const sides = [
    [65_535, 65_535],
    [2 ** 31 - 1, 1],
    [mostPixels, 2],
  ] as const;
  for (const [width, height] of sides)
    t.match(await refused(pngOf({ width, height, packed: Buffer.alloc(0) })), { refused: /million/ });
  const photo = await jpeg(16, 16, redAndBlue(16));
  const at = photo.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc2].includes(photo[i + 1] ?? 0));
  photo.fill(0xff, at + 5, at + 9);
  t.match(await refused(photo), { refused: '65535 by 65535' });
});

t.test('damaged images are refused', async (t) => {
  const whole = png(20, 20, redAndBlue(20));
  const photo = await jpeg(64, 64, redAndBlue(64));
  const wrongSum = Buffer.from(whole);
  // Of IDAT, before IEND, which has 12 bytes.
  wrongSum.writeUInt8(whole.readUInt8(whole.length - 13) ^ 1, whole.length - 13);
  const wrongData = Buffer.from(whole);
  wrongData.writeUInt8(whole.readUInt8(50) ^ 0x55, 50);
  for (const [how, bytes] of [
    ['cut in its data', whole.subarray(0, 50)],
    ['cut in its header', whole.subarray(0, 30)],
    ['changed data', wrongData],
    ['no data', pngOf({ width: 3, height: 3, packed: Buffer.alloc(0) })],
    ['data that is too short', pngOf({ width: 30, height: 30, packed: deflateSync(Buffer.alloc(10)) })],
    [
      'an unknown colour type',
      pngOf({ width: 3, height: 3, type: 5, packed: deflateSync(Buffer.alloc(99)) }),
    ],
    ['an unknown filter', pngOf({ width: 1, height: 1, packed: deflateSync(Buffer.from([9, 0, 0, 0])) })],
    ['garbage after the signature', Buffer.concat([whole.subarray(0, 33), Buffer.alloc(1000, 'garbage')])],
    [
      'a palette image without a palette',
      pngOf({ width: 1, height: 1, type: 3, packed: deflateSync(Buffer.alloc(2)) }),
    ],
    ['a JPEG of a header', photo.subarray(0, photo.indexOf(Buffer.from([0xff, 0xda])))],
  ] as const)
    t.match(await refused(bytes), { refused: /damaged/ }, how);
  t.match(await refused(wrongSum), { width: 20 }, 'a checksum alone: that of the whole file was right');
});

t.test('a bomb of zeros is not kept in memory', async (t) => {
  const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024));
  const before = process.memoryUsage().rss;
  for (const interlaced of [false, true])
    await refused(pngOf({ width: 10, height: 10, interlaced, packed: bomb }));
  const profile = Buffer.concat([Buffer.from('x\0\0'), bomb]);
  await refused(pngOf({ width: 10, height: 10, chunks: [pngChunk('iCCP', profile)], packed: bomb }));
  await refused(pngOf({ width: 10, height: 10, chunks: [pngChunk('zTXt', profile)], packed: bomb }));
  t.ok(process.memoryUsage().rss - before < 48 * 1024 * 1024);
});

t.test('any change of a byte is refused or shown, never more', async (t) => {
  const photo = await jpeg(24, 24, redAndBlue(24), { progressive: true });
  for (const whole of [png(6, 6, redAndBlue(6)), photo]) {
    for (let at = 0; at < whole.length; at += 13) {
      const changed = Buffer.from(whole);
      changed.writeUInt8(whole.readUInt8(at) ^ 0x81, at);
      const outcome = await refused(changed);
      if (!('refused' in outcome)) t.ok(outcome.width * outcome.height <= mostPixels);
    }
  }
});
