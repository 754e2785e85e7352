/**
 * The codec: a 4-byte big-endian length, then that many bytes of UTF-8 JSON, one object.
 * Knows bytes and objects, neither sockets nor what a frame means.
 */
import { ProtocolError } from './errors.js';

const headerBytes = 4;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A JSON object off the wire, not yet checked against a schema. */
export type RawFrame = Record<string, unknown>;

/** Encodes one frame, header included. */
export function encodeFrame(frame: object): Buffer {
  const body = JSON.stringify(frame);
  const length = Buffer.byteLength(body);
  const buffer = Buffer.allocUnsafe(headerBytes + length);
  buffer.writeUInt32BE(length, 0);
  buffer.write(body, headerBytes, length, 'utf8');
  return buffer;
}

export interface FrameReader {
  /**
   * Takes bytes as they come and returns the frames that they complete.
   * @throws ProtocolError `frame-too-large` as soon as a header announces more than the limit (nothing is
   *   allocated for it), `bad-frame` for a body that is not one JSON object in UTF-8. The stream cannot be
   *   read any further after either.
   */
  push(chunk: Buffer): RawFrame[];
  /** Bytes of an unfinished frame that are kept. */
  readonly pending: number;
}

/** @param limit the longest body accepted now, in bytes; asked again for each frame */
export function createFrameReader(limit: () => number): FrameReader {
  let chunks: Buffer[] = [];
  let pending = 0;
  // Length of the body awaited; -1 while the header is.
  let awaited = -1;

  function take(count: number): Buffer {
    const first = chunks[0];
    let taken: Buffer;
    if (first !== undefined && first.length >= count) {
      taken = first.subarray(0, count);
      if (first.length === count) chunks.shift();
      else chunks[0] = first.subarray(count);
    } else {
      const all = Buffer.concat(chunks, pending);
      taken = all.subarray(0, count);
      chunks = pending > count ? [all.subarray(count)] : [];
    }
    pending -= count;
    return taken;
  }

  return {
    get pending() {
      return pending;
    },
    push(chunk) {
      const frames: RawFrame[] = [];
      if (chunk.length > 0) chunks.push(chunk);
      pending += chunk.length;
      for (;;) {
        if (awaited < 0) {
          if (pending < headerBytes) return frames;
          awaited = take(headerBytes).readUInt32BE(0);
          if (awaited > limit()) {
            throw new ProtocolError(
              'frame-too-large',
              `A frame may have ${limit()} bytes, this one has ${awaited}.`,
            );
          }
        }
        if (pending < awaited) return frames;
        const body = take(awaited);
        awaited = -1;
        frames.push(parseBody(body));
      }
    },
  };
}

function parseBody(body: Buffer): RawFrame {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    throw new ProtocolError('bad-frame', 'A frame is one JSON object in UTF-8.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('bad-frame', 'A frame is one JSON object, not another JSON value.');
  }
  return value as RawFrame;
}
