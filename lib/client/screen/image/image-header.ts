/** What the beginning of a file says: PNG or JPEG, and how many pixels. Pure; knows neither how they are packed nor whether it is true. */

export interface ImageHeader {
  readonly format: 'png' | 'jpeg';
  /** Pixels, as stored: a JPEG may have to be turned. */
  readonly width: number;
  readonly height: number;
}

/** `other`: neither PNG nor JPEG. `damaged`: the size is missing, or 0. */
export function readImageHeader(bytes: Buffer): ImageHeader | 'other' | 'damaged' {
  if (bytes.subarray(0, pngSignature.length).equals(pngSignature)) return pngHeader(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return jpegHeader(bytes);
  return 'other';
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** IHDR must be the first chunk: 4 bytes of length, its name, width, height. */
function pngHeader(bytes: Buffer): ImageHeader | 'damaged' {
  if (bytes.length < 24 || bytes.toString('latin1', 12, 16) !== 'IHDR') return 'damaged';
  return sized('png', bytes.readUInt32BE(16), bytes.readUInt32BE(20));
}

/** The first SOF segment. What comes between segments is skipped, as decoders do. */
function jpegHeader(bytes: Buffer): ImageHeader | 'damaged' {
  for (let at = 2; at + 9 <= bytes.length; ) {
    const code = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff || code === 0x00 || code === 0xff) at += 1;
    else if (isFrame(code)) return sized('jpeg', bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5));
    else at += 2 + (isBare(code) ? 0 : bytes.readUInt16BE(at + 2));
  }
  return 'damaged';
}

/** SOF0 to SOF15, without DHT, JPG and DAC. */
function isFrame(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;
}

/** RST0 to RST7, SOI, EOI and TEM: without a length. */
function isBare(code: number): boolean {
  return (code >= 0xd0 && code <= 0xd9) || code === 0x01;
}

function sized(format: ImageHeader['format'], width: number, height: number): ImageHeader | 'damaged' {
  return width > 0 && height > 0 ? { format, width, height } : 'damaged';
}
