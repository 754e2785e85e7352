/** An image as rows of text: half blocks in colour, or characters of different density. Pure; knows RGB pixels and SGR. */
import type { Appearance } from '../render/theme.js';
import { nearestColor } from './palette.js';
import type { PixelSize, Rgb } from './scale-image.js';

type Image = PixelSize & { readonly pixels: Uint8Array };

/**
 * Two pixels, one above the other, are one character. Each row is complete in itself.
 * @param colors not 0
 */
export function halfBlockRows(image: Image, colors: Appearance['colors']): string[] {
  const parameters = colorParameters(colors);
  return Array.from({ length: Math.ceil(image.height / 2) }, (_, row) => {
    let before = '';
    const cells = Array.from({ length: image.width }, (_, x) => {
      const upper = parameters(pixelAt(image, x, 2 * row), 'foreground');
      // Below the last pixel of an odd height the terminal's own background is seen.
      const last = 2 * row + 1 === image.height;
      const lower = last ? '49' : parameters(pixelAt(image, x, 2 * row + 1), 'background');
      const sgr = `\x1b[${upper};${lower}m`;
      const cell = sgr === before ? upperHalf : `${sgr}${upperHalf}`;
      before = sgr;
      return cell;
    });
    return `${cells.join('')}\x1b[0m`;
  });
}

const upperHalf = '\u2580';

/** From dark to light on a dark background. */
const densities = ' .:-=+*#%@';

/** One pixel is one character, without any colour. */
export function characterRows(image: Image, theme: Appearance['theme']): string[] {
  return Array.from({ length: image.height }, (_, y) =>
    Array.from({ length: image.width }, (_, x) => {
      const light = brightness(pixelAt(image, x, y)) / 256;
      const density = theme === 'light' ? 1 - light : light;
      return densities[Math.min(densities.length - 1, Math.floor(density * densities.length))];
    })
      .join('')
      .trimEnd(),
  );
}

function pixelAt({ pixels, width }: Image, x: number, y: number): Rgb {
  const at = (y * width + x) * 3;
  return [pixels[at] ?? 0, pixels[at + 1] ?? 0, pixels[at + 2] ?? 0];
}

/** Rec. 709 luma. */
function brightness([red, green, blue]: Rgb): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

type Ground = 'foreground' | 'background';

function colorParameters(colors: Appearance['colors']): (rgb: Rgb, ground: Ground) => string {
  const long = (ground: Ground): number => (ground === 'foreground' ? 38 : 48);
  if (colors === 'truecolor')
    return ([red, green, blue], ground) => `${long(ground)};2;${red};${green};${blue}`;
  if (colors === 256) return (rgb, ground) => `${long(ground)};5;${16 + nearestColor(...rgb)}`;
  return (rgb, ground) => {
    const index = nearestBasic(rgb);
    const first = (ground === 'foreground' ? 30 : 40) + (index < 8 ? 0 : 60);
    return `${first + (index % 8)}`;
  };
}

// As xterm has them.
const basic: readonly Rgb[] = [
  ...[0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5],
  ...[0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff],
].map((color) => [color >> 16, (color >> 8) & 0xff, color & 0xff]);

function nearestBasic([red, green, blue]: Rgb): number {
  const distances = basic.map(([r, g, b]) => (red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2);
  return distances.indexOf(Math.min(...distances));
}
