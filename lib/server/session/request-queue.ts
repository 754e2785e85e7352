/**
 * The requests of one connection: answered one after the other, no faster than its rate. Knows frames and time, neither
 * what is requested nor by whom.
 */
import type { RawFrame } from '../../protocol/frame.js';
import type { Clock } from '../../system/clock.js';

export interface RequestQueueDeps {
  readonly clock: Clock;
  /** Counts one request and returns 0, or returns how many milliseconds it has to wait. */
  readonly countRequest: () => number;
  /** Answers a request; the next one waits for the promise if there is one. */
  readonly answer: (frame: RawFrame) => Promise<void> | undefined;
  /** Stop and continue reading the peer; what it sends meanwhile waits on its side. */
  readonly pause: () => void;
  readonly resume: () => void;
}

export interface RequestQueue {
  push(frame: RawFrame): void;
  /** The peer is not being read. */
  readonly paused: boolean;
  /** Drops what is waiting. */
  close(): void;
}

/** Requests that may wait before reading pauses. */
const mostWaiting = 64;

export function createRequestQueue(deps: RequestQueueDeps): RequestQueue {
  const { clock, countRequest, answer, pause, resume } = deps;
  let waiting: RawFrame[] = [];
  let running = false;
  let paused = false;
  let closed = false;

  function hold(): void {
    if (paused) return;
    paused = true;
    pause();
  }

  async function run(): Promise<void> {
    running = true;
    // An index, not shift(): one chunk can hold thousands of small frames.
    for (let next = 0; next < waiting.length && !closed; next++) {
      const frame = waiting[next] as RawFrame;
      for (let wait = countRequest(); wait > 0; wait = countRequest()) {
        hold();
        await new Promise<void>((done) => clock.after(wait, done));
      }
      const answered = answer(frame);
      if (answered !== undefined) await answered;
    }
    waiting = [];
    running = false;
    if (!paused || closed) return;
    paused = false;
    resume();
  }

  return {
    push(frame) {
      if (closed) return;
      waiting.push(frame);
      if (!running) void run();
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
