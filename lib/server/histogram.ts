/** How often a value was how large: a few counters, which cost a message less than a clock's reading. Knows numbers only. */

export interface Histogram {
  add(value: number): void;
  /** The upper bounds, in increasing order. */
  readonly bounds: readonly number[];
  /** How many values are within each bound but above the one before; last, those above all. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export function createHistogram(bounds: readonly number[]): Histogram {
  const counts = [...bounds, 0].fill(0);
  let sum = 0;
  return {
    bounds,
    counts,
    get sum() {
      return sum;
    },
    add(value) {
      let at = 0;
      while (at < bounds.length && value > (bounds[at] as number)) at++;
      counts[at] = (counts[at] as number) + 1;
      sum += value;
    },
  };
}
