import t from 'tap';
import { createHistogram } from '../../lib/server/histogram.js';

t.test('a value counts within the least bound that it does not exceed', async (t) => {
  const histogram = createHistogram([1, 2.5, 10]);
  t.same(histogram.counts, [0, 0, 0, 0]);
  for (const value of [0, 1, 1.1, 2.5, 10, 10.1, 1_000_000]) histogram.add(value);
  t.same(histogram.counts, [2, 2, 1, 2]);
  t.equal(histogram.sum, 1_000_024.7);
});
