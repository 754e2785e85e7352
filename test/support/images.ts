/** PNG and JPEG files, whole and hostile, made from colours. */
import { readFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import type { Rgb } from '../../lib/client/screen/image/scale-image.js';

export type Painting = (x: number, y: number) => Rgb;

/** Left half red, right half blue. */
export const redAndBlue =
  (width: number): Painting =>
  (x) =>
    x < width / 2 ? [255, 0, 0] : [0, 0, 255];

export function pngChunk(name: string, content: Buffer): Buffer {
  const checked = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(checked), 4);
  return Buffer.concat([frame.subarray(0, 4), checked, frame.subarray(4)]);
}

interface PngParts {
  readonly width: number;
  readonly height: number;
  /** Bits per sample; 8. */
  readonly depth?: number;
  /** 2: RGB. */
  readonly type?: number;
  readonly interlaced?: boolean;
  /** Before IDAT. */
  readonly chunks?: readonly Buffer[];
  /** What IDAT holds, compressed. */
  readonly packed: Buffer;
}

export function pngOf({
  width,
  height,
  depth = 8,
  type = 2,
  interlaced,
  chunks = [],
  packed,
}: PngParts): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, type, 0, 0, interlaced ? 1 : 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    ...chunks,
    pngChunk('IDAT', packed),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

export function png(width: number, height: number, paint: Painting): Buffer {
  const row = 1 + width * 3;
  const pixels = Buffer.alloc(height * row);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) pixels.set(paint(x, y), y * row + 1 + x * 3);
  return pngOf({ width, height, packed: deflateSync(pixels) });
}

/** @param options of the encoder, such as `progressive` */
export async function jpeg(width: number, height: number, paint: Painting, options = {}): Promise<Buffer> {
  const { init, default: encode } = await import('@jsquash/jpeg/encode.js');
  const file = new URL(import.meta.resolve('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'));
  const code: object = { wasmBinary: readFileSync(file) };
  await init(code);
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) data.set(paint(i % width, Math.floor(i / width)), i * 4);
  return Buffer.from(await encode({ width, height, data, colorSpace: 'srgb' }, { quality: 95, ...options }));
}

/** The JPEG with this EXIF orientation, 1 to 8. */
export function turned(jpegFile: Buffer, orientation: number): Buffer {
  const tiff = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0', 'latin1');
  tiff.writeUInt16BE(orientation, 18);
  const content = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const segment = Buffer.from([0xff, 0xe1, 0, content.length + 2]);
  return Buffer.concat([jpegFile.subarray(0, 2), segment, content, jpegFile.subarray(2)]);
}
