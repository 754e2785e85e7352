/**
 * Runs a property with chance. Its seed is new each time and printed; FUZZ_SEED repeats one, FUZZ_RUNS sets how many
 * runs there are, FUZZ_PATH goes straight to a failure that was reported.
 */
import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import type { Test } from 'tap';

/** A run fails by an error; it is then repeated with less, until nothing can be left out. */
export async function fuzz<T>(
  t: Test,
  runs: number,
  values: fc.Arbitrary<T>,
  run: (value: T) => Promise<void>,
): Promise<void> {
  const { FUZZ_SEED, FUZZ_RUNS, FUZZ_PATH } = process.env;
  const seed = Number(FUZZ_SEED ?? randomInt(2 ** 31));
  const numRuns = Number(FUZZ_RUNS ?? runs);
  t.comment(`FUZZ_SEED=${seed} FUZZ_RUNS=${numRuns}`);
  const path = FUZZ_PATH === undefined ? {} : { path: FUZZ_PATH };
  let failing = false;
  // Finding the least that fails may take an hour.
  const told = async (value: T) => {
    try {
      await run(value);
    } catch (error) {
      if (!failing) t.comment(`failed, looking for less that fails: ${String(error).slice(0, 1_000)}`);
      failing = true;
      throw error;
    }
  };
  const details = await fc.check(fc.asyncProperty(values, told), { seed, numRuns, ...path });
  const { failed, counterexample, counterexamplePath, errorInstance } = details;
  t.notOk(failed, failed ? `FUZZ_SEED=${seed} FUZZ_PATH=${counterexamplePath}` : `${numRuns} runs`, {
    ...(failed && { error: String(errorInstance), example: fc.stringify(counterexample).slice(0, 10_000) }),
  });
}
