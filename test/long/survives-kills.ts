/** As test/e2e/survives-kills.ts, at the rate that a server has by default: about 45 s. */
import t from 'tap';
import { sendThroughKills } from '../support/kills.js';

t.setTimeout(300_000);

t.test('at the default rate, five clients send 200 lines each while the server is killed three times', (t) =>
  sendThroughKills(t),
);
