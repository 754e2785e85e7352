/**
 * One frame off a stream that goes on with something else: bytes of a file. Knows a paused stream, not what
 * the frame means.
 */
import { ProtocolError } from './errors.js';
import { decodeFrame, frameHeaderBytes, frameLength, type RawFrame } from './frame.js';

/** What is needed of a node:stream Readable. */
export interface PausedStream {
  read(count: number): Buffer | null;
  on(event: string, listener: (error: Error) => void): unknown;
  off(event: string, listener: (error: Error) => void): unknown;
  readonly errored: Error | null;
  readonly readableEnded: boolean;
  readonly destroyed: boolean;
}

/**
 * Reads one frame and leaves everything behind it in the stream, which has to be paused and stays so.
 * @returns undefined where the stream ended before the first byte of a frame
 * @throws ProtocolError `frame-too-large`, `bad-frame` (an end in its middle included); the stream's error
 */
export async function readFrame(stream: PausedStream, limit: number): Promise<RawFrame | undefined> {
  const header = await readBytes(stream, frameHeaderBytes);
  if (header === undefined) return undefined;
  if (header.length < frameHeaderBytes) throw broken();
  const length = frameLength(header, limit);
  const body = length === 0 ? Buffer.alloc(0) : await readBytes(stream, length);
  if (body === undefined || body.length < length) throw broken();
  return decodeFrame(body);
}

function broken(): ProtocolError {
  return new ProtocolError('bad-frame', 'The connection ended in the middle of a frame.');
}

const ends = ['readable', 'end', 'close'];

/** Exactly so many bytes, more than none; fewer where the stream ends, undefined where it ends at once. */
function readBytes(stream: PausedStream, count: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    function settle(how: () => void): void {
      for (const event of ends) stream.off(event, look);
      stream.off('error', fail);
      how();
    }
    function fail(error: Error): void {
      settle(() => reject(error));
    }
    function look(): void {
      const bytes: Buffer | null = stream.read(count);
      if (bytes !== null) settle(() => resolve(bytes));
      else if (stream.errored) fail(stream.errored);
      else if (stream.readableEnded || stream.destroyed) settle(() => resolve(undefined));
    }
    for (const event of ends) stream.on(event, look);
    stream.on('error', fail);
    look();
  });
}
