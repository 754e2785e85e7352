import { inflateSync } from 'node:zlib';
import { decode } from 'sixel';
import t from 'tap';
import {
  kittyDelete,
  kittySequences,
  sixelSequence,
} from '../../../../lib/client/screen/image/image-sequences.js';
import { randomNumbers } from '../../../support/random.js';

const random = randomNumbers(5);
const noise = (width: number, height: number) => ({
  width,
  height,
  pixels: Uint8Array.from({ length: width * height * 3 }, () => random(256)),
});

/** The sequences, each with its keys and its payload. */
function kittyParts(text: string): { keys: Record<string, string>; payload: string }[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of kitty
  const parts = [...text.matchAll(/\x1b_G([^;\x1b]*)(?:;([A-Za-z0-9+/=]*))?\x1b\\/g)];
  t.equal(parts.map(([whole]) => whole).join(''), text, 'nothing else is written');
  return parts.map(([, keys = '', payload = '']) => ({
    keys: Object.fromEntries(keys.split(',').map((key) => key.split('='))),
    payload,
  }));
}

t.test('kitty gets the pixels in pieces of at most 4096 bytes', async (t) => {
  const image = noise(60, 40);
  const [deletion, first, ...others] = kittyParts(kittySequences(image, { columns: 6, rows: 2 }));
  t.match(deletion?.keys, { a: 'd', d: 'I' });
  t.match(first?.keys, { a: 'T', f: '24', o: 'z', s: '60', v: '40', c: '6', r: '2', C: '1', q: '2', m: '1' });
  t.equal(first?.keys.i, deletion?.keys.i);
  const rest = others.map(({ keys }) => keys);
  t.ok(rest.length > 0);
  t.strictSame(rest, [...rest.slice(0, -1).map(() => ({ q: '2', m: '1' })), { q: '2', m: '0' }]);
  const payloads = [first, ...others].map((part) => part?.payload ?? '');
  t.ok(payloads.slice(0, -1).every(({ length }) => length === 4096));
  t.strictSame(new Uint8Array(inflateSync(Buffer.from(payloads.join(''), 'base64'))), image.pixels);
});

t.test('a small image is one sequence for kitty', async (t) => {
  const [, first, ...others] = kittyParts(kittySequences(noise(1, 1), { columns: 1, rows: 1 }));
  t.equal(first?.keys.m, '0');
  t.strictSame(others, []);
});

t.test('what deletes an image has no answer', async (t) => {
  t.match(kittyParts(kittyDelete)[0]?.keys, { a: 'd', q: '2' });
});

t.test('sixel shows the same pixels, if their colours are in its palette', async (t) => {
  const [width, height] = [30, 20];
  const colors = [
    [255, 0, 0],
    [0, 0, 255],
    [0, 0, 0],
    [255, 255, 255],
  ];

  const image = {
    width,
    height,
    pixels: Uint8Array.from(
      Array.from({ length: width * height }, (_, i) => colors[(i >> 3) % 4] ?? []).flat(),
    ),
  };
  const text = sixelSequence(image);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence of sixel
  t.ok(/^\x1bP[\d;]*q[\x20-\x7e]*\x1b\\$/.test(text));
  const { width: w, height: h, data32 } = decode(text.slice(text.indexOf('q') + 1, -2));
  t.equal(w, width);
  t.equal(h, height);
  const shown = new Uint8Array(data32.buffer, data32.byteOffset, width * height * 4).filter(
    (_, i) => i % 4 !== 3,
  );
  t.strictSame(shown, image.pixels);
});

t.test('other colours are mixed of those in the palette', async (t) => {
  const [width, height] = [40, 40];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => [150, 60, 20][i % 3] ?? 0);
  const text = sixelSequence({ width, height, pixels });
  const { data32 } = decode(text.slice(text.indexOf('q') + 1, -2));
  const bytes = new Uint8Array(data32.buffer, data32.byteOffset, width * height * 4);
  for (const [channel, value] of [150, 60, 20].entries()) {
    const values = bytes.filter((_, i) => i % 4 === channel);
    const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
    t.ok(Math.abs(mean - value) < 6, `${channel}: ${mean}`);
  }
});
