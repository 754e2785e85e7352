/**
 * The requests of one connection: one after the other, no faster than its pace. Knows frames and time; not
 * what is asked, nor who asks.
 */
import type { RawFrame } from '../../protocol/frame.js';
import type { Clock } from '../../system/clock.js';

export interface RequestQueueDeps {
  readonly clock: Clock;
  /** Counts one request, unless it has to wait: then, for how many milliseconds. */
  readonly pace: () => number;
  /** Deals with a request; the next one waits for the promise, where there is one. */
  readonly take: (frame: RawFrame) => Promise<void> | undefined;
  /** Reads the peer no further, and goes on: what it sends meanwhile waits on its side. */
  readonly pause: () => void;
  readonly resume: () => void;
}

export interface RequestQueue {
  push(frame: RawFrame): void;
  /** The peer is not being read. */
  readonly paused: boolean;
  /** Drops what waits. */
  close(): void;
}

/** Requests that wait before the peer is read no further. */
const mostWaiting = 64;

export function createRequestQueue({ clock, pace, take, pause, resume }: RequestQueueDeps): RequestQueue {
  let waiting: RawFrame[] = [];
  let pumping = false;
  let paused = false;
  let closed = false;

  function hold(): void {
    if (paused) return;
    paused = true;
    pause();
  }

  async function pump(): Promise<void> {
    pumping = true;
    // An index, not shift(): one chunk can hold thousands of small frames.
    for (let next = 0; next < waiting.length && !closed; next++) {
      const frame = waiting[next] as RawFrame;
      for (let wait = pace(); wait > 0; wait = pace()) {
        hold();
        await new Promise<void>((done) => clock.after(wait, done));
      }
      const done = take(frame);
      if (done !== undefined) await done;
    }
    waiting = [];
    pumping = false;
    if (!paused || closed) return;
    paused = false;
    resume();
  }

  return {
    push(frame) {
      if (closed) return;
      waiting.push(frame);
      if (!pumping) void pump();
      else if (waiting.length > mostWaiting) hold();
    },
    get paused() {
      return paused;
    },
    close() {
      closed = true;
      waiting = [];
    },
  };
}
