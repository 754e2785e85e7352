/** A queue of events, for a test to wait for one by one. */

export interface Feed<T> {
  put(item: T): void;
  /** The next item not taken yet; waits for it. */
  next(): Promise<T>;
  /** Takes items up to the first that fits; waits for it. */
  until<U extends T>(fits: (item: T) => item is U): Promise<U>;
  until(fits: (item: T) => boolean): Promise<T>;
  /** Every item so far, taken or not. */
  readonly all: readonly T[];
}

export function createFeed<T>(): Feed<T> {
  const all: T[] = [];
  const waiting: ((item: T) => void)[] = [];
  let taken = 0;

  function next(): Promise<T> {
    const item = all[taken];
    taken += 1;
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => waiting.push(resolve));
  }
  async function until(fits: (item: T) => boolean): Promise<T> {
    for (;;) {
      const item = await next();
      if (fits(item)) return item;
    }
  }
  return {
    put(item) {
      all.push(item);
      waiting.shift()?.(item);
    },
    next,
    until: until as Feed<T>['until'],
    all,
  };
}
