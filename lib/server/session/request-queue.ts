/**
 * The requests of one connection: answered one after the other, no faster than its rate. Knows frames and time, neither
 * what is requested nor by whom.
 */
import type { RawFrame } from '../../protocol/frame.js';
import type { Clock } from '../../system/clock.js';

/** The connection whose requests they are. */
export interface RequestQueueOwner {
  /** Counts one request and returns 0, or returns how many milliseconds it has to wait. */
  countRequest(): number;
  /** Answers a request; the next one waits for the promise if there is one. */
  answer(frame: RawFrame): Promise<void> | undefined;
  /** Stop and continue reading the peer; what it sends meanwhile waits on its side. */
  pause(): void;
  resume(): void;
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

export function createRequestQueue(clock: Clock, owner: RequestQueueOwner): RequestQueue {
  return new Queue(clock, owner);
}

/** A class, as one is kept for each connection. */
class Queue implements RequestQueue {
  readonly #clock: Clock;
  readonly #owner: RequestQueueOwner;
  #waiting: RawFrame[] = [];
  #running = false;
  #paused = false;
  #closed = false;

  constructor(clock: Clock, owner: RequestQueueOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  push(frame: RawFrame): void {
    if (this.#closed) return;
    this.#waiting.push(frame);
    if (!this.#running) void this.#run();
    else if (this.#waiting.length > mostWaiting) this.#hold();
  }

  get paused(): boolean {
    return this.#paused;
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  #hold(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#owner.pause();
  }

  async #run(): Promise<void> {
    const owner = this.#owner;
    this.#running = true;
    // An index, not shift(): one chunk can hold thousands of small frames.
    for (let next = 0; next < this.#waiting.length && !this.#closed; next++) {
      const frame = this.#waiting[next] as RawFrame;
      for (let wait = owner.countRequest(); wait > 0; wait = owner.countRequest()) {
        this.#hold();
        await new Promise<void>((done) => this.#clock.after(wait, done));
        if (this.#closed) return;
      }
      const answered = owner.answer(frame);
      if (answered !== undefined) await answered;
    }
    this.#waiting = [];
    this.#running = false;
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    owner.resume();
  }
}
