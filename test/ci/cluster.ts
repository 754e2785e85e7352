/**
 * Three servers on a PostgreSQL primary with a synchronous standby, of which now one part fails, now another, while eight people
 * send. Without ROUNDS, what stands still for a while is left out: ci/shared-database and ci/postgres-kills have it. All of
 * it, or the rounds of a failure again, after `npm run types`:
 *
 *     ROUNDS=20 SEED=1 node dist/test/ci/cluster.js
 */
import t from 'tap';
import { faults, sendThroughFaults } from '../support/chat-cluster.js';
import { withoutPostgres } from '../support/postgres.js';

const { ROUNDS: rounds, SEED: seed = String(Date.now() % 2 ** 31) } = process.env;

for (const [what, fault] of Object.entries(faults)) {
  if (rounds === undefined && what.includes('stands still')) continue;
  const each = Number(rounds ?? 1);
  t.test(what, { skip: withoutPostgres, timeout: 300_000 + each * 90_000 }, (t) =>
    sendThroughFaults(t, { rounds: each, seed: Number(seed), fault }),
  );
}
