/** When to draw: at once after a rest, else thirty times a second at most. Knows time, not what is drawn. */
import type { Clock } from '../../clock.js';

// 1000 / 30, rounded up, since timers are.
export const frameMs = 34;

export interface Frames {
  /** Something changed: draws at once or, where the last picture is younger than a frame, when it is not. */
  soon(): void;
  /** Draws, however young the last picture is. */
  now(): void;
  /** Nothing is drawn any more. */
  stop(): void;
}

export function createFrames({ clock, draw }: { clock: Clock; draw: () => void }): Frames {
  let last = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  let stopped = false;

  function now(): void {
    cancel?.();
    cancel = undefined;
    if (stopped) return;
    last = clock.now();
    draw();
  }

  return {
    soon() {
      if (cancel !== undefined || stopped) return;
      const wait = last + frameMs - clock.now();
      if (wait <= 0) now();
      else cancel = clock.after(wait, now);
    },
    now,
    stop() {
      stopped = true;
      cancel?.();
      cancel = undefined;
    },
  };
}
