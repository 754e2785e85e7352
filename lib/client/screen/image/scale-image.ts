/** Makes an image smaller: each new pixel is the average of what it covers. Pure; knows pixels, not where they come from. */

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * @param pixels 4 bytes each, RGBA
 * @param to at least 1 by 1, at most as large as `from`
 * @param background what is seen through transparent pixels
 * @returns 3 bytes a pixel
 */
export function scaleImage(
  pixels: Uint8Array | Uint8ClampedArray,
  from: PixelSize,
  { to, background }: { readonly to: PixelSize; readonly background: Rgb },
): Uint8Array {
  const length = to.width * 3;
  const sums = new Float64Array(length * to.height);
  const line = new Float64Array(length);
  const ratio = from.height / to.height;
  const add = (row: number, share: number): void => {
    for (let i = 0, at = row * length; i < length; i++, at++) {
      sums[at] = (sums[at] ?? 0) + share * (line[i] ?? 0);
    }
  };
  for (let y = 0, row = 0; y < from.height; y++) {
    const old = pixels.subarray(y * from.width * 4, (y + 1) * from.width * 4);
    narrow(old, { ratio: from.width / to.width, background, line });
    const edge = edgeOf(row, to.height, ratio);
    const share = Math.min(1, edge - y);
    add(row, share);
    if (y + 1 >= edge) add(++row, 1 - share);
  }
  const covered = ratio * (from.width / to.width);
  return Uint8Array.from(sums, (sum) => Math.round(sum / covered));
}

/** Where a new pixel ends among the old ones. */
function edgeOf(at: number, count: number, ratio: number): number {
  return at + 1 === count ? Number.POSITIVE_INFINITY : (at + 1) * ratio;
}

interface Narrowing {
  /** Old pixels in a new one; at least 1. */
  readonly ratio: number;
  readonly background: Rgb;
  /** Gets the sums of the new pixels. */
  readonly line: Float64Array;
}

/** One row of old pixels, without their transparency. */
function narrow(
  old: Uint8Array | Uint8ClampedArray,
  { ratio, background: [red, green, blue], line }: Narrowing,
): void {
  line.fill(0);
  const count = line.length / 3;
  const add = (at: number, share: number, r: number, g: number, b: number): void => {
    line[at * 3] = (line[at * 3] ?? 0) + share * r;
    line[at * 3 + 1] = (line[at * 3 + 1] ?? 0) + share * g;
    line[at * 3 + 2] = (line[at * 3 + 2] ?? 0) + share * b;
  };
  for (let x = 0, at = 0; x * 4 < old.length; x++) {
    const alpha = (old[x * 4 + 3] ?? 0) / 255;
    const r = (old[x * 4] ?? 0) * alpha + red * (1 - alpha);
    const g = (old[x * 4 + 1] ?? 0) * alpha + green * (1 - alpha);
    const b = (old[x * 4 + 2] ?? 0) * alpha + blue * (1 - alpha);
    const edge = edgeOf(at, count, ratio);
    const share = Math.min(1, edge - x);
    add(at, share, r, g, b);
    if (x + 1 >= edge) add(++at, 1 - share, r, g, b);
  }
}
