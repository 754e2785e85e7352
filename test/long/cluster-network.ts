/**
 * As ci/cluster.ts, where the network fails: one of three servers is cut off from the database and from its people, and nothing
 * tells it so. Needs root and Linux; all but that server run in one network namespace, itself in another. More rounds, or those of
 * a failure again, after `npm run types`:
 *
 *     ROUNDS=20 SEED=1 node dist/test/long/cluster-network.js
 */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { networkOf, openBadNetwork } from '../support/bad-network.js';
import { cutOff, sendThroughFaults } from '../support/chat-cluster.js';
import { withoutPostgres } from '../support/postgres.js';

const { ROUNDS: rounds = '3', SEED: seed = String(Date.now() % 2 ** 31), INSIDE: inside } = process.env;

t.setTimeout(300_000 + Number(rounds) * 120_000);

if (inside === undefined) {
  const network = await openBadNetwork();
  if (typeof network === 'string') t.pass(`no bad network here: ${network}`);
  else {
    t.teardown(() => network.remove());
    const [near] = network.namespaces;
    const env = { ...process.env, INSIDE: network.namespaces.join(' '), SEED: seed };
    const program = [process.execPath, fileURLToPath(import.meta.url)];
    await t.spawn('ip', ['netns', 'exec', near, ...program], { env, timeout: 0 }, 'in a namespace');
  }
} else {
  t.test('one server is cut off', { skip: withoutPostgres }, async (t) => {
    const network = await networkOf(inside.split(' ') as [string, string]);
    t.teardown(() => network.near.remove());
    await sendThroughFaults(t, { rounds: Number(rounds), seed: Number(seed), fault: cutOff, network });
  });
}
