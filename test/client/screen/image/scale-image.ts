import t from 'tap';
import { type PixelSize, type Rgb, scaleImage } from '../../../../lib/client/screen/image/scale-image.js';
import { randomNumbers } from '../../../support/random.js';

/** Grey pixels, as many as given; opaque. */
const greys = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value, value, value, 255]));
const reds = (pixels: Uint8Array) => Array.from(pixels).filter((_, i) => i % 3 === 0);
const black: Rgb = [0, 0, 0];

function scaled(values: number[], from: PixelSize, to: PixelSize): number[] {
  return reds(scaleImage(greys(...values), from, { to, background: black }));
}

t.test('the same size is the same image', async (t) => {
  const size = { width: 2, height: 2 };
  t.strictSame(scaled([1, 2, 3, 4], size, size), [1, 2, 3, 4]);
});

t.test('each new pixel is the average of what it covers', async (t) => {
  t.strictSame(scaled([0, 10, 20, 30], { width: 2, height: 2 }, { width: 1, height: 1 }), [15]);
  t.strictSame(scaled([0, 10, 20, 30], { width: 4, height: 1 }, { width: 2, height: 1 }), [5, 25]);
  // One and a half pixels each.
  t.strictSame(scaled([30, 60, 90], { width: 3, height: 1 }, { width: 2, height: 1 }), [40, 80]);
  t.strictSame(scaled([30, 60, 90], { width: 1, height: 3 }, { width: 1, height: 2 }), [40, 80]);
});

t.test('transparent pixels show the background', async (t) => {
  const pixels = Uint8Array.of(255, 0, 0, 255, 255, 0, 0, 0, 255, 0, 0, 51);
  const size = { width: 3, height: 1 };
  const shown = scaleImage(pixels, size, { to: size, background: [0, 0, 255] });
  t.strictSame(Array.from(shown), [255, 0, 0, 0, 0, 255, 51, 0, 204]);
});

t.test('one colour stays what it is, at any size', async (t) => {
  const random = randomNumbers(3);
  for (let round = 0; round < 100; round++) {
    const from = { width: 1 + random(50), height: 1 + random(50) };
    const to = { width: 1 + random(from.width), height: 1 + random(from.height) };
    const values = scaled(Array(from.width * from.height).fill(200), from, to);
    if (!t.strictSame(values, Array(to.width * to.height).fill(200), JSON.stringify({ from, to }))) return;
  }
});
