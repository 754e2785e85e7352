/** An image as sequences for terminals that draw pixels: the kitty graphics protocol, and sixel. Pure; knows RGB pixels. */
import { deflateSync } from 'node:zlib';
import { FINALIZER, introducer, sixelEncode } from 'sixel';
import { dithered, palette } from './palette.js';
import type { PixelSize } from './scale-image.js';

type Image = PixelSize & { readonly pixels: Uint8Array };

// One at a time: a new one replaces it. Any number that other programs in this window are unlikely to take.
const kittyId = 7_261_697;
// The most that one sequence may carry; a multiple of 4.
const kittyChunk = 4096;

/** Deletes the image, wherever it is on the screen, and the terminal's copy of it. */
export const kittyDelete = `\x1b_Ga=d,d=I,i=${kittyId},q=2\x1b\\`;

/**
 * https://sw.kovidgoyal.net/kitty/graphics-protocol/
 * @param cells what the terminal stretches it to
 */
export function kittySequences(
  { width, height, pixels }: Image,
  cells: { readonly columns: number; readonly rows: number },
): string {
  const data = deflateSync(pixels).toString('base64');
  const count = Math.ceil(data.length / kittyChunk);
  const chunks = Array.from({ length: count }, (_, n) => {
    const more = n + 1 < count ? 1 : 0;
    // RGB, packed by zlib, shown at once; no answers, and the cursor stays where it is.
    const first = `a=T,i=${kittyId},f=24,o=z,s=${width},v=${height},c=${cells.columns},r=${cells.rows},C=1,`;
    const part = data.slice(n * kittyChunk, (n + 1) * kittyChunk);
    return `\x1b_G${n === 0 ? first : ''}q=2,m=${more};${part}\x1b\\`;
  });
  return `${kittyDelete}${chunks.join('')}`;
}

/** Each pixel is one of the screen. https://vt100.net/docs/vt3xx-gp/chapter14.html */
export function sixelSequence(image: Image): string {
  const { width, height } = image;
  const opaque = new Uint8Array(width * height * 4).fill(255);
  for (const [i, color] of dithered(image).entries()) opaque.set(palette[color] ?? [], i * 4);
  const colors = palette.map(([red, green, blue]): [number, number, number] => [red, green, blue]);
  const bands = sixelEncode(opaque, width, height, colors).replaceAll('\n', '');
  return `${introducer()}${bands}${FINALIZER}`;
}
