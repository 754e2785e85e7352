/** Notices when a peer has sent nothing for too long. Knows time, not the peer. */
import type { Clock } from '../../system/clock.js';

export interface IdleTimer {
  /** The peer sent something. */
  reset(): void;
  /** Calls back once, when nothing has come for so long. */
  watch(ms: number, onIdle: () => void): void;
  stop(): void;
}

/** @param paused whether the peer is not being read, so that nothing can come */
export function createIdleTimer(clock: Clock, paused: () => boolean): IdleTimer {
  let since = clock.ticks();
  let cancel = (): void => {};

  function watch(ms: number, onIdle: () => void): void {
    const idle = paused() ? 0 : clock.ticks() - since;
    if (idle >= ms) onIdle();
    else cancel = clock.after(ms - idle, () => watch(ms, onIdle));
  }

  return {
    reset() {
      since = clock.ticks();
    },
    watch,
    stop: () => cancel(),
  };
}
