/**
 * The way out to a terminal that may be slow: whole pictures or none, and short texts in between. Knows what
 * has not gone out yet; not where it goes.
 */
import type { Clock } from '../../../system/clock.js';

export interface OutputDeps {
  /** Takes what it can without waiting; returns how many bytes, 0 for none now. Throws where nobody reads. */
  readonly write: (bytes: Uint8Array) => number;
  readonly clock: Clock;
  /** Blocks for so many milliseconds. */
  readonly sleep: (ms: number) => void;
  /** A picture that was not taken can be offered again. */
  readonly onReady: () => void;
  /** Nobody reads; said once. */
  readonly onLost: () => void;
}

export interface Output {
  /** All of the text goes out, or, while earlier text still waits, nothing does: false. */
  offer(text: string): boolean;
  /** A short text that is not to be lost; it is only where far too much waits. */
  add(text: string): void;
  /**
   * What waits and then `text` go out before this returns, unless the terminal takes nothing for two
   * seconds; the rest is dropped then.
   */
  finish(text: string): void;
}

// A frame's time: as often as something new would be drawn.
const retryMs = 34;
const waitingMax = 16 * 1024;
const finishStepMs = 10;
const finishSteps = 200;

export function createOutput({ write, clock, sleep, onReady, onLost }: OutputDeps): Output {
  let waiting: Uint8Array = new Uint8Array();
  let refused = false;
  let lost = false;
  let cancel: (() => void) | undefined;

  /** Gets out what it can. */
  function push(): void {
    try {
      while (waiting.length > 0) {
        const taken = write(waiting);
        if (taken === 0) return;
        waiting = waiting.subarray(taken);
      }
    } catch {
      waiting = new Uint8Array();
      if (!lost) onLost();
      lost = true;
    }
  }

  function retry(): void {
    cancel = undefined;
    push();
    if (waiting.length > 0) {
      cancel = clock.after(retryMs, retry);
    } else if (refused) {
      refused = false;
      onReady();
    }
  }

  function take(text: string): void {
    waiting = Buffer.concat([waiting, Buffer.from(text)]);
    push();
    if (waiting.length > 0) cancel ??= clock.after(retryMs, retry);
  }

  return {
    offer(text) {
      if (lost) return false;
      refused = waiting.length > 0;
      if (!refused) take(text);
      return !refused;
    },
    add(text) {
      if (!lost && waiting.length + text.length <= waitingMax) take(text);
    },
    finish(text) {
      cancel?.();
      cancel = undefined;
      refused = false;
      if (lost) return;
      waiting = Buffer.concat([waiting, Buffer.from(text)]);
      push();
      for (let steps = 0; waiting.length > 0 && steps < finishSteps; ) {
        const before = waiting.length;
        sleep(finishStepMs);
        push();
        steps = waiting.length < before ? 0 : steps + 1;
      }
      waiting = new Uint8Array();
    },
  };
}
