/**
 * No acknowledged message is lost or repeated when the server is killed. More rounds, or those of a failure again, after
 * `npm run types`:
 *
 *     ROUNDS=1000 SEED=1 node dist/test/long/survives-kills.js
 */
import t from 'tap';
import { sendThroughRounds } from '../support/kill-rounds.js';
import { sendThroughKills } from '../support/kills.js';

const { ROUNDS: rounds = '100', SEED: seed = String(Date.now() % 2 ** 31) } = process.env;

t.setTimeout(300_000 + Number(rounds) * 20_000);

t.test('at the default rate, five clients send 200 lines each while the server is killed three times', (t) =>
  sendThroughKills(t),
);

t.test(`eight sessions send while the server is killed ${rounds} times at random moments`, (t) =>
  sendThroughRounds(t, { rounds: Number(rounds), seed: Number(seed), checkEach: 50 }),
);
