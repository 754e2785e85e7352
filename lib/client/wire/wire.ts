/**
 * Frames over a byte stream, and whether the other side still lives. Knows bytes, times and whether a frame has its shape,
 * not what frames mean.
 */
import type { Duplex } from 'node:stream';
import { parseServerFrame, type ServerFrame } from '../../protocol/events.js';
import { createFrameReader, type RawFrame } from '../../protocol/frame.js';
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';

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

interface LivenessOptions {
  readonly clock: Clock;
  /** A ping is due when either side has sent nothing for this long, in milliseconds. */
  readonly pingMs: number;
  /** The other side counts as dead after this long without a byte, in milliseconds. */
  readonly deadMs: number;
  readonly ping: () => void;
  readonly dead: () => void;
}

interface Liveness {
  heard(): void;
  sent(): void;
  stop(): void;
}

// A server that announces 0 is not pinged without end.
const leastPingMs = 100;

/** Pings a quiet server, and notices a dead one. Watches from now on. */
export function createLiveness({ clock, ping, dead, ...wanted }: LivenessOptions): Liveness {
  const pingMs = Math.max(leastPingMs, wanted.pingMs);
  const deadMs = Math.max(1.5 * pingMs, wanted.deadMs);
  let heardAt = clock.ticks();
  let sentAt = heardAt;
  let asked = false;
  let stopped = false;
  let cancel = clock.after(pingMs, check);

  // The timer is not moved at each frame; it looks at the times when it fires.
  function check() {
    const now = clock.ticks();
    if (now - heardAt >= deadMs) return dead();
    // A busy room tells this side that the server lives, but the server needs a sign of life too.
    if (!asked && now - Math.min(heardAt, sentAt) >= pingMs) {
      asked = true;
      sentAt = now;
      ping();
    }
    if (stopped) return;
    const due = asked ? now + pingMs : Math.min(heardAt, sentAt) + pingMs;
    cancel = clock.after(Math.max(1, Math.min(due, heardAt + deadMs) - now), check);
  }

  return {
    heard() {
      heardAt = clock.ticks();
      asked = false;
    },
    sent() {
      sentAt = clock.ticks();
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
