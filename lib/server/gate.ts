/**
 * One member's way in for what is said now, held back while what was said before is replayed. Knows bytes,
 * not what they say.
 */
import { limits } from '../protocol/limits.js';

export interface Gate {
  send(bytes: Buffer): void;
  /** Holds back what is sent from now on. What was held is forgotten. */
  hold(): void;
  /**
   * Lets through what was held, and whatever comes after it.
   * @returns false where that was too much to keep: none of it was sent, and the gate is still shut
   */
  open(): boolean;
  readonly isOpen: boolean;
}

/** @param pass gets what goes through; a gate is open at first */
export function createGate(pass: (bytes: Buffer) => void): Gate {
  let held: Buffer[] | undefined;
  let size = 0;
  return {
    get isOpen() {
      return held === undefined;
    },
    send(bytes) {
      if (held === undefined) {
        pass(bytes);
        return;
      }
      size += bytes.length;
      if (size > limits.queueBytes) held = [];
      else held.push(bytes);
    },
    hold() {
      held = [];
      size = 0;
    },
    open() {
      if (size > limits.queueBytes) return false;
      const waiting = held ?? [];
      held = undefined;
      size = 0;
      for (const bytes of waiting) pass(bytes);
      return true;
    },
  };
}
