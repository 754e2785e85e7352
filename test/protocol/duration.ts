import t from 'tap';
import { parseDuration } from '../../lib/protocol/duration.js';

t.test('a duration is a whole number and a unit', async (t) => {
  const minute = 60_000;
  t.same(['45s', '30m', '12h', '7d', ' 2W '].map(parseDuration), [
    45_000,
    30 * minute,
    12 * 60 * minute,
    7 * 24 * 60 * minute,
    14 * 24 * 60 * minute,
  ]);
});

t.test('anything else is none', async (t) => {
  for (const text of ['', '0d', '7', 'd', '-7d', '1.5h', '7 d', '7y', '1e3d', '9999999d', '7dd']) {
    t.equal(parseDuration(text), undefined, JSON.stringify(text));
  }
});
