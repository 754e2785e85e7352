/** The 240 colours that xterm and its kin have in common: the nearest one, and images made of these alone. Pure. */
import type { PixelSize, Rgb } from './scale-image.js';

const steps = [0, 95, 135, 175, 215, 255];
const greys = 24;

/** A cube of six steps each, then greys: numbers 16 to 255 of a terminal. */
export const palette: readonly Rgb[] = [
  ...steps.flatMap((red) => steps.flatMap((green) => steps.map((blue): Rgb => [red, green, blue]))),
  ...Array.from({ length: greys }, (_, i): Rgb => [8 + 10 * i, 8 + 10 * i, 8 + 10 * i]),
];

// For each value of a channel.
const nearestStep = Uint8Array.from({ length: 256 }, (_, value) =>
  steps.reduce(
    (best, step, i) => (Math.abs(step - value) < Math.abs((steps[best] ?? 0) - value) ? i : best),
    0,
  ),
);

/** Index in the palette; channels from 0 to 255. */
export function nearestColor(red: number, green: number, blue: number): number {
  const inCube = (stepOf(red) * 6 + stepOf(green)) * 6 + stepOf(blue);
  const grey = Math.round(((red + green + blue) / 3 - 8) / 10);
  const inGreys = 216 + Math.max(0, Math.min(greys - 1, grey));
  return distance(inCube, red, green, blue) <= distance(inGreys, red, green, blue) ? inCube : inGreys;
}

function stepOf(value: number): number {
  return nearestStep[Math.round(value)] ?? 0;
}

const channels = Float32Array.from(palette.flat());

function distance(index: number, red: number, green: number, blue: number): number {
  const r = (channels[index * 3] ?? 0) - red;
  const g = (channels[index * 3 + 1] ?? 0) - green;
  const b = (channels[index * 3 + 2] ?? 0) - blue;
  return r * r + g * g + b * b;
}

/** What a pixel is away from its colour goes to its neighbours (Floyd and Steinberg 1976). @returns indices in the palette */
export function dithered({ width, height, pixels }: PixelSize & { readonly pixels: Uint8Array }): Uint8Array {
  const result = new Uint8Array(width * height);
  // A column on each side and a row below take what is beyond the edges.
  const row = (width + 2) * 3;
  const wanted = new Float32Array(row * (height + 1));
  for (let y = 0; y < height; y++)
    wanted.set(pixels.subarray(y * width * 3, (y + 1) * width * 3), y * row + 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * row + (x + 1) * 3;
      const color = nearestColor(
        clamped(wanted[at] ?? 0),
        clamped(wanted[at + 1] ?? 0),
        clamped(wanted[at + 2] ?? 0),
      );
      result[y * width + x] = color;
      for (let i = at; i < at + 3; i++) {
        const error = (clamped(wanted[i] ?? 0) - (channels[color * 3 + i - at] ?? 0)) / 16;
        wanted[i + 3] = (wanted[i + 3] ?? 0) + error * 7;
        wanted[i + row - 3] = (wanted[i + row - 3] ?? 0) + error * 3;
        wanted[i + row] = (wanted[i + row] ?? 0) + error * 5;
        wanted[i + row + 3] = (wanted[i + row + 3] ?? 0) + error;
      }
    }
  }
  return result;
}

function clamped(value: number): number {
  return Math.max(0, Math.min(255, value));
}
