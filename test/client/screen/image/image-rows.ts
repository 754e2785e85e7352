import t from 'tap';
import { characterRows, halfBlockRows } from '../../../../lib/client/screen/image/image-rows.js';

const image = (width: number, ...colors: number[]) => ({
  width,
  height: colors.length / width,
  pixels: Uint8Array.from(colors.flatMap((color) => [color >> 16, (color >> 8) & 0xff, color & 0xff])),
});
const [red, blue, white, black] = [0xff0000, 0x0000ff, 0xffffff, 0x000000];

t.test('two pixels are one half block, and a style is written once', async (t) => {
  t.strictSame(halfBlockRows(image(3, red, red, blue, blue, blue, blue), 'truecolor'), [
    '\x1b[38;2;255;0;0;48;2;0;0;255m▀▀\x1b[38;2;0;0;255;48;2;0;0;255m▀\x1b[0m',
  ]);
});

t.test('below an odd last row there is nothing', async (t) => {
  t.strictSame(halfBlockRows(image(1, red, red, blue), 'truecolor').at(-1), '\x1b[38;2;0;0;255;49m▀\x1b[0m');
});

t.test('with 256 colours the nearest of the cube and the greys', async (t) => {
  const parameters = (color: number) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence of a style
    halfBlockRows(image(1, color, color), 256)[0]?.replace(/^\x1b\[38;5;(\d+);48;5;\1m▀\x1b\[0m$/, '$1');
  for (const [color, index] of [
    [red, '196'],
    [blue, '21'],
    [white, '231'],
    [black, '16'],
    [0x808080, '244'],
    [0x5f87af, '67'],
    [0x608ab0, '67'],
  ] as const)
    t.equal(parameters(color), index);
});

t.test('with 16 colours the nearest of these', async (t) => {
  t.strictSame(halfBlockRows(image(2, red, black, 0xc80000, white), 16), [
    '\x1b[91;41m▀\x1b[30;107m▀\x1b[0m',
  ]);
});

t.test('characters are denser where it is lighter, or darker on a light background', async (t) => {
  const grey = image(5, 0x000000, 0x404040, 0x808080, 0xc0c0c0, 0xffffff);
  t.strictSame(characterRows(grey, 'dark'), [' :+#@']);
  t.strictSame(characterRows(grey, 'light'), ['@#+:']);
});
