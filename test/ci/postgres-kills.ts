/**
 * No acknowledged message is lost or repeated when PostgreSQL is killed or stopped, or a server on it killed: also where a commit's answer is
 * lost on the way. More rounds, or those of a failure again, after `npm run types`:
 *
 *     ROUNDS=100 SEED=1 node dist/test/ci/postgres-kills.js
 */
import t from 'tap';
import { sendThroughRounds } from '../support/kill-rounds.js';
import { startCluster, startPair, withoutPostgres } from '../support/postgres.js';

const { ROUNDS: rounds = '6', SEED: seed = String(Date.now() % 2 ** 31) } = process.env;

t.setTimeout(300_000 + Number(rounds) * 20_000);

t.test(`eight sessions send while all is killed ${rounds} times`, { skip: withoutPostgres }, async (t) => {
  const cluster = await startCluster(t);
  const database = { ...cluster, address: cluster.database() };
  await sendThroughRounds(t, { rounds: Number(rounds), seed: Number(seed), checkEach: 5, database });
});

const failovers = Math.ceil(Number(rounds) / 3);

t.test(
  `and while the primary fails over to its standby, in ${failovers} rounds`,
  { skip: withoutPostgres },
  async (t) => {
    const database = await startPair(t);
    await sendThroughRounds(t, { rounds: failovers, seed: Number(seed), checkEach: 5, database });
  },
);
