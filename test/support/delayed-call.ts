/** Wraps a function so that a test can delay the result of its next call. */

export interface DelayedCall<Args extends unknown[], Value> {
  readonly call: (...args: Args) => Promise<Value>;
  /** Delays the result of the next call. */
  delay(): {
    /** Resolves when that call has its result. */
    readonly reached: Promise<void>;
    release(): void;
  };
}

export function createDelayedCall<Args extends unknown[], Value>(
  work: (...args: Args) => Promise<Value>,
): DelayedCall<Args, Value> {
  let next: { reach: () => void; released: Promise<void> } | undefined;
  return {
    async call(...args) {
      const delayed = next;
      next = undefined;
      const value = await work(...args);
      delayed?.reach();
      await delayed?.released;
      return value;
    },
    delay() {
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
