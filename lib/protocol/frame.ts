/**
 * The frame codec: a 4-byte big-endian length, then that many bytes of UTF-8 JSON, one object. Knows bytes and
 * objects, neither sockets nor what a frame means.
 */
import { ProtocolError } from './errors.js';
import { limits } from './limits.js';

/** Length of the header before each frame. */
const frameHeaderBytes = 4;
const nothing = Buffer.alloc(0);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A JSON object from the wire, not yet validated. */
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
   * Takes the next bytes and returns the frames that they complete.
   * @throws ProtocolError `frame-too-large` as soon as a header exceeds the limit (before any allocation),
   *   `bad-frame` for a body that is not one JSON object in UTF-8 or is nested deeper than `limits.frameDepth`.
   *   Frames in the same chunk are lost; every later push throws the same error.
   */
  push(chunk: Buffer): RawFrame[];
  /** Bytes held of an incomplete frame, in at most twice as much memory. */
  readonly pending: number;
}

/** @param limit the longest accepted body in bytes; asked again for each frame */
export function createFrameReader(limit: () => number): FrameReader {
  return new Reader(limit);
}

/** A class, as one is kept for each connection. */
class Reader implements FrameReader {
  readonly #limit: () => number;
  /**
   * The start of a header or body, copied out of its chunks: many small chunks would cost far more than their bytes, and
   * a small rest would keep a whole large chunk alive.
   */
  #held = nothing;
  #size = 0;
  /** Length of the body to read; undefined before the header is complete. */
  #bodyLength: number | undefined;
  #failure: unknown;

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get pending(): number {
    return this.#size;
  }

  push(chunk: Buffer): RawFrame[] {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#read(chunk);
    } catch (error) {
      this.#failure = error;
      this.#clear();
      throw error;
    }
  }

  #read(chunk: Buffer): RawFrame[] {
    const frames: RawFrame[] = [];
    let rest = chunk;
    for (;;) {
      const wanted = this.#bodyLength ?? frameHeaderBytes;
      const missing = wanted - this.#size;
      if (rest.length < missing) {
        if (rest.length > 0) this.#add(rest, wanted);
        return frames;
      }
      const piece = this.#take(rest.subarray(0, missing), wanted);
      rest = rest.subarray(missing);
      if (this.#bodyLength === undefined) {
        this.#bodyLength = frameLength(piece, this.#limit());
      } else {
        this.#bodyLength = undefined;
        frames.push(decodeFrame(piece));
      }
    }
  }

  /** @param wanted the most bytes that there will be */
  #add(bytes: Buffer, wanted: number): void {
    const total = this.#size + bytes.length;
    if (total > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(2 * total, wanted));
      this.#held.copy(grown, 0, 0, this.#size);
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#size);
    this.#size = total;
  }

  #clear(): void {
    this.#held = nothing;
    this.#size = 0;
  }

  /** The held bytes and `last` as one buffer of `wanted` bytes; holds nothing afterwards. */
  #take(last: Buffer, wanted: number): Buffer {
    if (this.#size === 0) return last;
    this.#add(last, wanted);
    const whole = this.#held;
    this.#clear();
    return whole.subarray(0, wanted);
  }
}

/** The body length in a header. @throws ProtocolError `frame-too-large` */
function frameLength(header: Buffer, limit: number): number {
  const length = header.readUInt32BE(0);
  if (length <= limit) return length;
  throw new ProtocolError(
    'frame-too-large',
    `Frame too large: the limit is ${limit} bytes, this one has ${length}.`,
  );
}

/** @throws ProtocolError `bad-frame` */
function decodeFrame(body: Buffer): RawFrame {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    throw new ProtocolError('bad-frame', 'A frame must be one JSON object in UTF-8.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('bad-frame', 'A frame must be a JSON object, not another JSON value.');
  }
  if (isDeeperThan(value, limits.frameDepth)) {
    throw new ProtocolError('bad-frame', `A frame can be nested ${limits.frameDepth} levels deep at most.`);
  }
  return value as RawFrame;
}

// JSON.parse accepts any depth, but JSON.stringify and other recursive code would overflow the stack later.
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

/** The part of a node:stream Readable that `readFrame` needs. */
export interface PausedStream {
  read(count: number): Buffer | null;
  on(event: string, listener: (error: Error) => void): unknown;
  off(event: string, listener: (error: Error) => void): unknown;
  readonly errored: Error | null;
  readonly readableEnded: boolean;
  readonly destroyed: boolean;
}

/**
 * Reads one frame and leaves the bytes after it in the stream, which must be paused and stays paused.
 * @returns undefined if the stream ended before the frame
 * @throws ProtocolError `frame-too-large`, `bad-frame` (also for an incomplete frame); the stream's error
 */
export async function readFrame(stream: PausedStream, limit: number): Promise<RawFrame | undefined> {
  const header = await readBytes(stream, frameHeaderBytes);
  if (header === undefined) return undefined;
  if (header.length < frameHeaderBytes) throw incomplete();
  const length = frameLength(header, limit);
  const body = length === 0 ? Buffer.alloc(0) : await readBytes(stream, length);
  if (body === undefined || body.length < length) throw incomplete();
  return decodeFrame(body);
}

function incomplete(): ProtocolError {
  return new ProtocolError('bad-frame', 'The connection ended in the middle of a frame.');
}

const ends = ['readable', 'end', 'close'];

/** Exactly `count` bytes (at least 1); fewer if the stream ends, undefined if it ends at once. */
function readBytes(stream: PausedStream, count: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    function settle(how: () => void): void {
      for (const event of ends) stream.off(event, tryRead);
      stream.off('error', fail);
      how();
    }
    function fail(error: Error): void {
      settle(() => reject(error));
    }
    function tryRead(): void {
      const bytes: Buffer | null = stream.read(count);
      if (bytes !== null) settle(() => resolve(bytes));
      else if (stream.errored) fail(stream.errored);
      else if (stream.readableEnded || stream.destroyed) settle(() => resolve(undefined));
    }
    for (const event of ends) stream.on(event, tryRead);
    stream.on('error', fail);
    tryRead();
  });
}
