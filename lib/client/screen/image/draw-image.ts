/** Draws a PNG or JPEG for a terminal: reads its header, decodes, scales and encodes it. Knows bytes and cells, no threads. */
import { readFileSync } from 'node:fs';
import type { Appearance } from '../render/theme.js';
import type { Drawing } from '../state/state.js';
import { readImageHeader } from './image-header.js';
import { characterRows, halfBlockRows } from './image-rows.js';
import { kittyDelete, kittySequences, sixelSequence } from './image-sequences.js';
import { type PixelSize, type Rgb, scaleImage } from './scale-image.js';

/** Where an image is drawn, and by which means. */
export interface Canvas extends Pick<Appearance, 'theme' | 'colors'> {
  readonly method: 'kitty' | 'sixel' | 'half-blocks' | 'characters';
  readonly columns: number;
  readonly rows: number;
  /** Pixels of the screen in one cell. */
  readonly cell: PixelSize;
}

/** `refused` is for people: the end of a sentence, without a full stop. */
export type ImageOutcome = (PixelSize & { readonly drawing: Drawing }) | { readonly refused: string };

/** A large photo of a phone. With 4 bytes each, and as much again while they are decoded: about 250 MiB. */
export const mostPixels = 25_000_000;

/** Bounds the pixels; time and memory are for the thread to bound. */
export async function drawImage(bytes: Buffer, canvas: Canvas): Promise<ImageOutcome> {
  const header = readImageHeader(bytes);
  if (header === 'other') return { refused: 'it is neither a PNG nor a JPEG image' };
  if (header === 'damaged') return { refused: damaged };
  const { format, width, height } = header;
  if (width * height > mostPixels) {
    return { refused: `it has ${width} by ${height} pixels, more than ${mostPixels / 1e6} million` };
  }
  const image = await decoders[format](bytes).catch(() => undefined);
  if (image === undefined) return { refused: damaged };
  return { width: image.width, height: image.height, drawing: drawn(image, canvas) };
}

const damaged = 'it is damaged';

type Decoded = PixelSize & { readonly data: Uint8ClampedArray };

// Both are WebAssembly: what a damaged file makes of them stays in their own memory.
const decoders: Readonly<Record<'png' | 'jpeg', (bytes: Buffer) => Promise<Decoded>>> = {
  async png(bytes) {
    const { init, decode } = await import('@jsquash/png/decode.js');
    await init(codeOf('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
    return decode(ownBuffer(bytes));
  },
  async jpeg(bytes) {
    const { init, default: decode } = await import('@jsquash/jpeg/decode.js');
    const wasmBinary = codeOf('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
    // It would complain about damaged files on the screen.
    const options: object = { wasmBinary, print() {}, printErr() {} };
    await init(options);
    // Turned as the camera was held.
    return decode(ownBuffer(bytes), { preserveOrientation: true });
  },
};

function codeOf(file: string): ArrayBuffer {
  return ownBuffer(readFileSync(new URL(import.meta.resolve(file))));
}

function ownBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** What is seen through an image that is transparent. */
const backgrounds: Readonly<Record<Appearance['theme'], Rgb>> = { dark: [0, 0, 0], light: [255, 255, 255] };

function drawn(image: Decoded, canvas: Canvas): Drawing {
  const { method, theme, colors, cell } = canvas;
  const scaled = (to: PixelSize) => ({
    ...to,
    pixels: scaleImage(image.data, image, { to, background: backgrounds[theme] }),
  });
  switch (method) {
    case 'half-blocks': {
      const to = fitted(image, { canvas, dot: { width: cell.width, height: cell.height / 2 } });
      return { kind: 'rows', columns: to.width, rows: halfBlockRows(scaled(to), colors) };
    }
    case 'characters': {
      const to = fitted(image, { canvas, dot: cell });
      return { kind: 'rows', columns: to.width, rows: characterRows(scaled(to), theme) };
    }
    case 'kitty': {
      const shown = fitted(image, { canvas, dot: { width: 1, height: 1 } });
      const cells = inCells(shown, canvas, Math.round);
      // The terminal stretches it.
      return {
        ...{ kind: 'graphics', ...cells, erase: kittyDelete },
        sequences: kittySequences(scaled(withinBudget(shown)), cells),
      };
    }
    case 'sixel': {
      const shown = withinBudget(fitted(image, { canvas, dot: { width: 1, height: 1 } }));
      const cells = inCells(shown, canvas, Math.ceil);
      return { kind: 'graphics', ...cells, erase: '', sequences: sixelSequence(scaled(shown)) };
    }
    default:
      return method satisfies never;
  }
}

/** The largest size in dots that keeps the proportions, fits, and does not enlarge. @param dot its size on the screen */
function fitted(
  image: PixelSize,
  { canvas: { columns, rows, cell }, dot }: { readonly canvas: Canvas; readonly dot: PixelSize },
): PixelSize {
  const room = { width: columns * cell.width, height: rows * cell.height };
  const scale = Math.min(
    room.width / image.width,
    room.height / image.height,
    Math.min(dot.width, dot.height),
  );
  const dots = (pixels: number, size: number, space: number): number =>
    Math.max(1, Math.min(Math.round((pixels * scale) / size), Math.floor(space / size), pixels));
  return {
    width: dots(image.width, dot.width, room.width),
    height: dots(image.height, dot.height, room.height),
  };
}

// For a photo, about a megabyte to the terminal, which may be at the end of a slow line.
const sentPixels = 600_000;

function withinBudget({ width, height }: PixelSize): PixelSize {
  const scale = Math.min(1, Math.sqrt(sentPixels / (width * height)));
  return { width: Math.max(1, Math.floor(width * scale)), height: Math.max(1, Math.floor(height * scale)) };
}

function inCells(
  { width, height }: PixelSize,
  { columns, rows, cell }: Canvas,
  rounded: (cells: number) => number,
): { columns: number; rows: number } {
  const cells = (pixels: number, size: number, most: number): number =>
    Math.max(1, Math.min(most, rounded(pixels / size)));
  return { columns: cells(width, cell.width, columns), rows: cells(height, cell.height, rows) };
}
