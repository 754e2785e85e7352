/** Damage to a recorded stream of frames: what a broken or hostile program sends. */
import fc from 'fast-check';

/** One change, at a place given as a fraction of the length, so that it fits a recording of any length. */
export interface ByteChange {
  readonly how: 'flip' | 'cut' | 'repeat' | 'insert' | 'splice' | 'length' | 'text' | 'number';
  readonly at: number;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Texts that mean something inside of JSON. */
const texts = [
  ...['__proto__', '\0', '\\u0000', '\\ud800', '\\', '"', '{', '}', ',', ':', '\ufeff', '\n', 'null', '[[['],
  ...['"id":1,', '"type":"ping",', '"__proto__":{"type":"ping"},', '['.repeat(20), '{"a":'.repeat(20)],
];
const numbers = ['-1', '0', '1e400', '-0', '0.1', '9007199254740993', '99999999999999999999', '"7"', 'true'];

export const byteChanges: fc.Arbitrary<ByteChange> = fc.record({
  // Most changes keep the frames whole, because after a broken one nothing more is read.
  how: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('text', 'number') },
    fc.constantFrom('flip', 'cut', 'repeat', 'insert', 'splice', 'length'),
  ),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  size: fc.nat(200),
  bytes: fc.uint8Array({ maxLength: 8 }),
  text: fc.constantFrom(...texts, ...numbers),
});

/** @param frames each with its header */
export function changed(frames: readonly Buffer[], changes: readonly ByteChange[]): Buffer {
  let list = frames.map((frame) => frame.subarray(4).toString());
  const raw: ByteChange[] = [];
  for (const change of changes) {
    if (change.how === 'text' || change.how === 'number' || change.how === 'repeat') {
      list = withText(list, change);
    } else raw.push(change);
  }
  const whole = Buffer.concat(list.map(framed));
  return raw.reduce(withBytes, whole);
}

function framed(text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, body]);
}

/** Changes one frame and keeps its length right, or repeats some. */
function withText(list: readonly string[], { how, at, size, text }: ByteChange): string[] {
  const index = Math.floor(at * list.length);
  const frame = list[index] ?? '';
  const before = list.slice(0, index);
  const after = list.slice(index + 1);
  if (how === 'repeat') return [...before, ...Array(1 + (size % 30)).fill(frame), ...after];
  if (how === 'number') return [...before, frame.replace(/(?<=:)[0-9]+/, text), ...after];
  const spot = size % (frame.length + 1);
  return [...before, frame.slice(0, spot) + text + frame.slice(spot), ...after];
}

function withBytes(whole: Buffer, { how, at, size, bytes }: ByteChange): Buffer {
  const spot = Math.floor(at * whole.length);
  const end = Math.min(whole.length, spot + size);
  const [before, after] = [whole.subarray(0, spot), whole.subarray(spot)];
  switch (how) {
    case 'flip': {
      const copy = Buffer.from(whole);
      if (spot < copy.length) copy[spot] = (copy[spot] ?? 0) ^ (1 << (size % 8));
      return copy;
    }
    case 'cut':
      return Buffer.concat([before, whole.subarray(end)]);
    case 'insert':
      return Buffer.concat([before, bytes, after]);
    case 'splice':
      return Buffer.concat([before, whole.subarray(0, size), after]);
    case 'length': {
      const copy = Buffer.from(whole);
      const header = headers(whole)[size % Math.max(1, headers(whole).length)] ?? 0;
      if (copy.length >= 4) copy.set(bytes.subarray(0, 4), header);
      return copy;
    }
    default:
      return whole;
  }
}

/** Where the headers of complete frames begin. */
function headers(whole: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + 4 <= whole.length; at += 4 + whole.readUInt32BE(at)) found.push(at);
  return found;
}

/** In pieces of these sizes, again and again; whole without any. */
export function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes.length === 0 ? bytes.length : Math.max(1, sizes[turn % sizes.length] ?? 1);
    list.push(bytes.subarray(at, at + size));
    at += size;
  }
  return list;
}
