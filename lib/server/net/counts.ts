/** How many there are of each key, and how often each thing happened. */

/** How many there are of each key. */
export function createCounts() {
  const counts = new Map<string, number>();
  return {
    of: (key: string) => counts.get(key) ?? 0,
    /** Counts one more. @returns takes it back; further calls do nothing */
    add(key: string): () => void {
      let counted = true;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return () => {
        if (!counted) return;
        counted = false;
        const left = (counts.get(key) ?? 1) - 1;
        if (left === 0) counts.delete(key);
        else counts.set(key, left);
      };
    },
  };
}

/** How often each thing happened since the start. */
export interface Tally<What extends string = string> {
  /** One of a few: all of them are kept. */
  count(what: What): void;
  entries(): Iterable<readonly [what: What, times: number]>;
}

/** @param expected have 0 until they happen: of a counter that begins with 1, Prometheus would miss the first time */
export function createTally<What extends string>(expected: readonly What[] = []): Tally<What> {
  const times = new Map<What, number>(expected.map((what) => [what, 0]));
  return {
    count: (what) => void times.set(what, (times.get(what) ?? 0) + 1),
    entries: () => times.entries(),
  };
}
