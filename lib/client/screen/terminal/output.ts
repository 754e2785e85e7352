/** Output to a terminal that may be slow: whole frames or none, and short texts in between. Knows no terminal. */
import type { Clock } from '../../../system/clock.js';

export interface OutputDeps {
  /** Writes what it can without waiting; returns how many bytes. Throws if the terminal is gone. */
  readonly write: (bytes: Uint8Array) => number;
  readonly clock: Clock;
  /** Blocks for so many milliseconds. */
  readonly sleep: (ms: number) => void;
  /** A frame that was refused can be offered again. */
  readonly onReady: () => void;
  /** The terminal is gone; called once. */
  readonly onLost: () => void;
}

export interface TerminalOutput {
  /** Takes the whole text; or nothing, while earlier text is still waiting: false. */
  offer(text: string): boolean;
  /** Takes the text; or nothing, if it would be far too much with what is waiting: false. */
  add(text: string): boolean;
  /**
   * Writes what is waiting and then `text` before it returns. If the terminal takes nothing for two seconds, the rest
   * is dropped.
   */
  finish(text: string): void;
}

// One frame.
const retryMs = 34;
const waitingMax = 16 * 1024;
const finishStepMs = 10;
const finishSteps = 200;

export function createOutput({ write, clock, sleep, onReady, onLost }: OutputDeps): TerminalOutput {
  let waiting: Uint8Array = new Uint8Array();
  let refused = false;
  let lost = false;
  let cancel: (() => void) | undefined;

  /** Writes what it can. */
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
      const taken = !lost && (waiting.length === 0 || waiting.length + text.length <= waitingMax);
      if (taken) take(text);
      return taken;
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
