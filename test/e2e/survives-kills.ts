/** People who talk through pipes while the server is killed again and again lose and repeat nothing. */
import t from 'tap';
import { talkThroughKills } from '../support/kills.js';

// The rate is not what is tested here; test/long does this with the default one.
t.test('five clients send 200 lines each while the server is killed three times', (t) =>
  talkThroughKills(t, '--rate', '200'),
);
