/** Which benchmarks `npm run bench` runs, in order, and how much each does. The others of this folder run by hand. */

export interface Benchmark {
  /** Its file without the ending, which is also the name of its report. */
  readonly name: string;
  /** Above its tables. */
  readonly heading: string;
  /** Numbers on its command line, as far as they are not its defaults. */
  readonly full: readonly number[];
  /** The same for `--short`, which leaves out a benchmark that has none. */
  readonly short?: readonly number[];
  /** How another build comes in (`--before`): as one more server, or in a run of its own. */
  readonly before?: 'beside' | 'after';
}

export const benchmarks: readonly Benchmark[] = [
  { name: 'compare', heading: 'Deliveries', full: [], short: [1, 1, 500], before: 'beside' },
  { name: 'beside', heading: 'Chat beside other work', full: [], short: [1, 1, 64] },
  { name: 'growth', heading: 'Growth', full: [] },
  { name: 'storms', heading: 'Sign-in and come-back storms', full: [], short: [200, 1], before: 'after' },
  { name: 'memory', heading: 'Idle memory', full: [], before: 'after' },
  { name: 'start', heading: 'Start-up', full: [15], short: [3], before: 'after' },
  { name: 'screen', heading: 'The client', full: [], short: [5] },
  { name: 'store', heading: 'Appending', full: [], short: [1] },
  { name: 'history', heading: 'History and search', full: [1_000_000] },
];

/** Benchmarks that no page needs, and why. */
export const byHand: Readonly<Record<string, string>> = {
  cluster: 'docs/scaling.md tells its result: needs PostgreSQL',
  'sign-in-flood': 'docs/security.md tells its result: attackers from several addresses, for minutes',
};
