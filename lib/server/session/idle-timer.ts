/** Watches whether a peer still says something. Knows time, not the peer. */
import type { Clock } from '../../system/clock.js';

export interface IdleTimer {
  /** Something came. */
  broken(): void;
  /** Calls back once nothing has come for so long. */
  watch(ms: number, onSilent: () => void): void;
  stop(): void;
}

/** @param deaf whether nothing can come at the moment, since nobody listens */
export function createIdleTimer(clock: Clock, deaf: () => boolean): IdleTimer {
  let since = clock.ticks();
  let cancel = (): void => {};

  function watch(ms: number, onSilent: () => void): void {
    const lasted = deaf() ? 0 : clock.ticks() - since;
    if (lasted >= ms) onSilent();
    else cancel = clock.after(ms - lasted, () => watch(ms, onSilent));
  }

  return {
    broken() {
      since = clock.ticks();
    },
    watch,
    stop: () => cancel(),
  };
}
