/** Wraps a function so that a test can hold back the result of its next call. */

export interface Held<Args extends unknown[], Value> {
  readonly call: (...args: Args) => Promise<Value>;
  /** Holds the result of the next call. */
  hold(): {
    /** Resolves when that call has its result. */
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
