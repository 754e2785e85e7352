/** Repeatable random numbers for property tests. */

/**
 * A generator of whole numbers from 0 to below its argument (at most 2^32), the same for the same seed:
 * a linear congruential one modulo 2^32, of which the upper bits are used.
 */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
