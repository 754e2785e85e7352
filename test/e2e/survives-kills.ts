/** No message is lost or repeated when the server is killed while clients on pipes send. */
import t from 'tap';
import { sendThroughKills } from '../support/kills.js';

// The rate is not what is tested here; test/long does this with the default one.
t.test('five clients send 200 lines each while the server is killed three times', (t) =>
  sendThroughKills(t, '--rate', '200'),
);
