/**
 * How frames leave a room: a fan-out joins frames into one buffer for all subscribers, and a subscriber (one terminal)
 * holds its frames back while it catches up. Knows bytes and time, neither members nor sockets.
 *
 * A write costs about 10 us of CPU, a message inside it 0.13 us, so a busy room needs fewer writes, and a large one needs
 * that more: 500 writes take 5 ms, in which no one else is served. So a room rests after its writes for as long as they
 * took, times `restFactor`: it keeps the thread busy for a quarter of the time at most. A quiet room does not wait: the
 * first frame after a rest leaves at the end of its turn.
 */
import { limits } from '../../protocol/limits.js';
import type { Clock } from '../../system/clock.js';

/** Milliseconds between the end of a flush and the next one. */
export const rest = { shortest: 10, longest: 50 } as const;
const restFactor = 3;
/** With so many frames the writes are a small part of the cost, and waiting for more is not worth it. */
export const enoughFrames = 16;

export interface FanOut {
  push(frame: Buffer): void;
  /** How many frames wait to be delivered. */
  readonly waiting: number;
  /** Delivers at once what is waiting. */
  flush(): void;
}

interface FanOutDeps {
  readonly clock: Clock;
  /** Calls back when what was delivered in this turn is written. */
  readonly afterWrites: (done: () => void) => void;
}

/** @param deliver gets the frames as one buffer, to be shared by all subscribers, and one by one */
export function createFanOut(
  { clock, afterWrites }: FanOutDeps,
  deliver: (all: Buffer, frames: readonly Buffer[]) => void,
): FanOut {
  let frames: Buffer[] = [];
  let lastEnd = Number.NEGATIVE_INFINITY;
  let lastCost = 0;
  let cancel: (() => void) | undefined;

  function flush(): void {
    cancel?.();
    cancel = undefined;
    const [first] = frames;
    if (first === undefined) return;
    const delivered = frames;
    const all = delivered.length === 1 ? first : Buffer.concat(delivered);
    frames = [];
    const start = clock.ticks();
    lastEnd = start;
    deliver(all, delivered);
    afterWrites(() => {
      lastEnd = clock.ticks();
      lastCost = lastEnd - start;
      if (cancel !== undefined) schedule();
    });
  }

  function schedule(): void {
    cancel?.();
    const wanted = frames.length < enoughFrames ? lastCost * restFactor : 0;
    const wait = lastEnd + Math.min(rest.longest, Math.max(rest.shortest, wanted)) - clock.ticks();
    cancel = wait > 0 ? clock.after(wait, flush) : clock.soon(flush);
  }

  return {
    flush,
    get waiting() {
      return frames.length;
    },
    push(frame) {
      frames.push(frame);
      if (cancel === undefined || frames.length === enoughFrames) schedule();
    },
  };
}

export interface Subscriber {
  send(bytes: Buffer): void;
  /** Holds back what is sent from now on, and drops what was held before. */
  hold(): void;
  /**
   * Sends what was held, and from now on everything at once.
   * @returns false if that was more than may be held: nothing was sent, and it still holds
   */
  release(): boolean;
  readonly holding: boolean;
}

/** @param terminal gets what is sent. A subscriber does not hold at first. */
export function createSubscriber(terminal: Pick<Subscriber, 'send'>): Subscriber {
  return new HoldingSubscriber(terminal);
}

/** A class, as one is kept for each terminal. */
class HoldingSubscriber implements Subscriber {
  readonly #terminal: Pick<Subscriber, 'send'>;
  #held: Buffer[] | undefined;
  #size = 0;

  constructor(terminal: Pick<Subscriber, 'send'>) {
    this.#terminal = terminal;
  }

  get holding(): boolean {
    return this.#held !== undefined;
  }

  send(bytes: Buffer): void {
    if (this.#held === undefined) {
      this.#terminal.send(bytes);
      return;
    }
    this.#size += bytes.length;
    if (this.#size > limits.queueBytes) this.#held = [];
    else this.#held.push(bytes);
  }

  hold(): void {
    this.#held = [];
    this.#size = 0;
  }

  release(): boolean {
    if (this.#size > limits.queueBytes) return false;
    const waiting = this.#held ?? [];
    this.#held = undefined;
    this.#size = 0;
    for (const bytes of waiting) this.#terminal.send(bytes);
    return true;
  }
}
