/** A function that, when a test says so, does its work at once but answers only when it is let go. */

export interface Held<Args extends unknown[], Value> {
  readonly call: (...args: Args) => Promise<Value>;
  /** The answer of the next call waits. */
  hold(): {
    /** Resolves when that call has its answer. */
    readonly reached: Promise<void>;
    release(): void;
  };
}

export function createHeld<Args extends unknown[], Value>(
  work: (...args: Args) => Promise<Value>,
): Held<Args, Value> {
  let next: { reach: () => void; released: Promise<void> } | undefined;
  return {
    async call(...args) {
      const held = next;
      next = undefined;
      const value = await work(...args);
      held?.reach();
      await held?.released;
      return value;
    },
    hold() {
      let reach = () => {};
      let release = () => {};
      const reached = new Promise<void>((resolve) => {
        reach = resolve;
      });
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      next = { reach, released };
      return { reached, release: () => release() };
    },
  };
}
