/**
 * The codec: a 4-byte big-endian length, then that many bytes of UTF-8 JSON, one object.
 * Knows bytes and objects, neither sockets nor what a frame means.
 */
import { ProtocolError } from './errors.js';
import { limits } from './limits.js';

/** Of the header before each frame. */
export const frameHeaderBytes = 4;
const nothing = Buffer.alloc(0);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A JSON object off the wire, not yet checked against a schema. */
export type RawFrame = Record<string, unknown>;

/** Encodes one frame, header included. */
export function encodeFrame(frame: object): Buffer {
  const body = JSON.stringify(frame);
  const length = Buffer.byteLength(body);
  const buffer = Buffer.allocUnsafe(frameHeaderBytes + length);
  buffer.writeUInt32BE(length, 0);
  buffer.write(body, frameHeaderBytes, length, 'utf8');
  return buffer;
}

export interface FrameReader {
  /**
   * Takes bytes as they come and returns the frames that they complete.
   * @throws ProtocolError `frame-too-large` as soon as a header announces more than the limit (nothing is
   *   allocated for it), `bad-frame` for a body that is not one JSON object in UTF-8 or is nested deeper than
   *   `limits.frameDepth`. What was in the same chunk is lost; every later push throws the same error.
   */
  push(chunk: Buffer): RawFrame[];
  /** Bytes of an unfinished frame that are kept, in at most twice as much memory. */
  readonly pending: number;
}

/** @param limit the longest body accepted now, in bytes; asked again for each frame */
export function createFrameReader(limit: () => number): FrameReader {
  // The beginning of a header or body, copied out of its chunks: many small chunks would cost far more than
  // their bytes, and a short rest of a long chunk would keep all of it alive.
  let held = nothing;
  let pending = 0;
  // Length of the body awaited; -1 while the header is.
  let awaited = -1;
  let broken: unknown;

  function hold(bytes: Buffer, wanted: number): void {
    const size = pending + bytes.length;
    if (size > held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(2 * size, wanted));
      held.copy(grown, 0, 0, pending);
      held = grown;
    }
    bytes.copy(held, pending);
    pending = size;
  }

  /** The next `wanted` bytes, out of what is held and then of `rest`, which has enough. */
  function take(rest: Buffer, wanted: number): Buffer {
    if (pending === 0) return rest.subarray(0, wanted);
    hold(rest.subarray(0, wanted - pending), wanted);
    const whole = held;
    held = nothing;
    pending = 0;
    return whole.subarray(0, wanted);
  }

  function read(chunk: Buffer): RawFrame[] {
    const frames: RawFrame[] = [];
    let rest = chunk;
    for (;;) {
      const wanted = awaited < 0 ? frameHeaderBytes : awaited;
      const missing = wanted - pending;
      if (rest.length < missing) {
        if (rest.length > 0) hold(rest, wanted);
        return frames;
      }
      const piece = take(rest, wanted);
      rest = rest.subarray(missing);
      if (awaited < 0) {
        awaited = frameLength(piece, limit());
      } else {
        awaited = -1;
        frames.push(decodeFrame(piece));
      }
    }
  }

  return {
    get pending() {
      return pending;
    },
    push(chunk) {
      if (broken !== undefined) throw broken;
      try {
        return read(chunk);
      } catch (error) {
        broken = error;
        held = nothing;
        pending = 0;
        throw error;
      }
    },
  };
}

/** The length of the body that a header announces. @throws ProtocolError `frame-too-large` */
export function frameLength(header: Buffer, limit: number): number {
  const length = header.readUInt32BE(0);
  if (length <= limit) return length;
  throw new ProtocolError('frame-too-large', `A frame may have ${limit} bytes, this one has ${length}.`);
}

/** A body as the frame it is. @throws ProtocolError `bad-frame` */
export function decodeFrame(body: Buffer): RawFrame {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    throw new ProtocolError('bad-frame', 'A frame is one JSON object in UTF-8.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('bad-frame', 'A frame is one JSON object, not another JSON value.');
  }
  if (isDeeperThan(value, limits.frameDepth)) {
    throw new ProtocolError('bad-frame', `A frame may be nested ${limits.frameDepth} levels deep.`);
  }
  return value as RawFrame;
}

// JSON.parse takes any depth, JSON.stringify and whatever else is recursive overflows the stack later.
function isDeeperThan(value: object, levels: number): boolean {
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((parent) =>
      Object.values(parent).filter((child) => typeof child === 'object' && child !== null),
    );
  }
  return false;
}
