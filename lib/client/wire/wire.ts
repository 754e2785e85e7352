/** Frames over a byte stream. Knows bytes and whether a frame has its shape, not what frames mean. */
import type { Duplex } from 'node:stream';
import { parseServerFrame, type ServerFrame } from '../../protocol/events.js';
import { createFrameReader, type RawFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';

export interface Wire {
  /** Writes an encoded frame; does nothing once closed. */
  write(frame: Buffer): void;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes at once, because of `cause`; no further frame is passed on. */
  destroy(cause?: Error): void;
  /** Resolves when the stream is closed, with why, where it is known. */
  readonly closed: Promise<Error | undefined>;
}

export interface WireListener {
  /** Each frame of a known type. */
  frame(frame: ServerFrame): void;
  /** Bytes came, maybe not a whole frame. */
  heard(): void;
}

/** Reads from now on; a frame that breaks the protocol destroys the stream. */
export function createWire(stream: Duplex, listener: WireListener): Wire {
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  let cause: Error | undefined;
  let over = false;
  const closed = new Promise<Error | undefined>((resolve) => {
    stream.once('close', () => {
      over = true;
      resolve(cause);
    });
  });

  function destroy(why?: Error) {
    over = true;
    cause ??= why;
    stream.destroy();
  }
  /** Undefined where the stream cannot be read any further. */
  function parse<T>(parsed: () => T): T | undefined {
    try {
      return parsed();
    } catch (error) {
      destroy(error as Error);
      return undefined;
    }
  }
  function receive(chunk: Buffer) {
    listener.heard();
    const frames: RawFrame[] = parse(() => reader.push(chunk)) ?? [];
    for (const raw of frames) {
      if (over) return;
      const frame = parse(() => parseServerFrame(raw));
      if (frame !== undefined) listener.frame(frame);
    }
  }

  stream.on('error', (error) => {
    cause ??= error;
  });
  stream.on('data', receive);
  return {
    write(frame) {
      if (!over && stream.writable) stream.write(frame);
    },
    end() {
      if (!over) stream.end();
    },
    destroy,
    closed,
  };
}
