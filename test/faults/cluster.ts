/**
 * Three servers on a PostgreSQL primary with a synchronous standby, of which now one part fails, now another, while eight people
 * send. More rounds, or those of a failure again, after `npm run types`:
 *
 *     ROUNDS=20 SEED=1 node dist/test/faults/cluster.js
 */
import t from 'tap';
import { faults, sendThroughFaults } from '../support/chat-cluster.js';
import { withoutPostgres } from '../support/postgres.js';

const { ROUNDS: rounds = '1', SEED: seed = String(Date.now() % 2 ** 31) } = process.env;

for (const [what, fault] of Object.entries(faults)) {
  t.test(what, { skip: withoutPostgres, timeout: 300_000 + Number(rounds) * 90_000 }, (t) =>
    sendThroughFaults(t, { rounds: Number(rounds), seed: Number(seed), fault }),
  );
}
