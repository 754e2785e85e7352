import t from 'tap';
import { reportPicture, reportTable } from '../../scripts/soak/report.js';
import { quantile, type Sample } from '../../scripts/soak/sample.js';

const quiet: Omit<Sample, 'seconds' | 'rssMiB'> = {
  heapMiB: 20,
  externalMiB: 3,
  childrenMiB: 44,
  fds: 230,
  threads: 13,
  handles: 200,
  cpuPercent: 4,
  loopP50Ms: 0.1,
  loopP99Ms: 5,
  pingP50Ms: 0.7,
  pingP99Ms: 9,
  online: 190,
  messages: 100,
  deliveries: 9_000,
};

function samples(memory: readonly number[]): Sample[] {
  return memory.map((rssMiB, index) => ({ ...quiet, seconds: (index + 1) * 10, rssMiB }));
}

t.test('the table has the medians of the first quarter, the middle and the last', async (t) => {
  const table = reportTable(samples([90, 91, 100, 101, 102, 103, 120, 121]));
  t.match(table, '| memory (RSS), MiB | 91.0 | 102.0 | 121.0 |\n');
  t.match(table, '| file descriptors | 230.0 | 230.0 | 230.0 |\n');
});

t.test('the picture shows each peak, however many samples there are', async (t) => {
  const svg = reportPicture(samples(Array.from({ length: 5_000 }, (_, n) => (n === 3_333 ? 200 : 50))));
  const [, points = ''] = /<polyline points="([^"]*)"/.exec(svg) ?? [];
  const heights = points.split(' ').map((point) => Number(point.split(',')[1]));
  t.ok(heights.length <= 200, 'in few points');
  t.equal(heights.filter((y) => y === 26).length, 1, 'the peak is at the upper edge');
  t.equal(heights.filter((y) => y === 26 + 110 * 0.75).length, heights.length - 1, 'the rest at a quarter');
  t.match(svg, /<text[^>]*>833\.33 min<\/text>/, 'the time is below');
});

t.test('a quantile is one of the numbers', async (t) => {
  t.equal(quantile([3, 1, 2], 0.5), 2);
  t.equal(quantile([3, 1, 2], 1), 3);
  t.same(quantile([], 0.5), Number.NaN);
});
