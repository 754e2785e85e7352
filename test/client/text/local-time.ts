import t from 'tap';
import { createLocalTime } from '../../../lib/client/text/local-time.js';

t.test('moments are shown in their time zone', async (t) => {
  const at = '2026-11-20T23:30:00.000Z';
  const utc = createLocalTime(() => 5, 'UTC');
  t.equal(utc.minute(at), '23:30');
  t.equal(utc.day(at), 'Friday, 20 November 2026');
  const tokyo = createLocalTime(() => 5, 'Asia/Tokyo');
  t.equal(tokyo.minute(at), '08:30');
  t.equal(tokyo.day(at), 'Saturday, 21 November 2026');
  t.equal(utc.minute('2026-11-20T00:05:00.000Z'), '00:05');
  t.equal(utc.now(), 5);
});

t.test('what is no moment is shown as none', async (t) => {
  const utc = createLocalTime(() => 5, 'UTC');
  for (const at of ['', 'soon', Number.NaN, 1e300]) {
    t.equal(utc.minute(at), '--:--');
    t.equal(utc.day(at), '');
  }
});
