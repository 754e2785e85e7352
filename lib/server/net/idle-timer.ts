/** Notices when a peer has sent nothing for too long. Knows a clock, not what the peer sends. */
import type { Clock } from '../../system/clock.js';

export interface IdleTimer {
  /** The peer sent something. */
  reset(): void;
  /** Calls `onIdle` once, when nothing has come for so long. */
  watch(ms: number): void;
  stop(): void;
}

export interface IdleTimerOwner {
  /** Whether the peer is not being read now, so that nothing can come. */
  readonly paused: boolean;
  onIdle(): void;
}

export function createIdleTimer(clock: Clock, owner: IdleTimerOwner): IdleTimer {
  return new Timer(clock, owner);
}

/** A class, as one is kept for each connection. */
class Timer implements IdleTimer {
  readonly #clock: Clock;
  readonly #owner: IdleTimerOwner;
  #since: number;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, owner: IdleTimerOwner) {
    this.#clock = clock;
    this.#owner = owner;
    this.#since = clock.ticks();
  }

  reset(): void {
    this.#since = this.#clock.ticks();
  }

  watch(ms: number): void {
    const idle = this.#owner.paused ? 0 : this.#clock.ticks() - this.#since;
    if (idle >= ms) this.#owner.onIdle();
    else this.#cancel = this.#clock.after(ms - idle, () => this.watch(ms));
  }

  stop(): void {
    this.#cancel?.();
  }
}
