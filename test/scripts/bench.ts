import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { benchmarks, byHand } from '../../scripts/bench/benchmarks.js';
import { pictureOf, type Results, withFigures } from '../../scripts/bench/page.js';
import { numbersOf, type Report } from '../../scripts/bench/report.js';

const root = new URL('../../../', import.meta.url);

const compared: Report = {
  name: 'compare',
  tables: [
    {
      title: 'busy',
      columns: ['members, server', 'CPU us/delivery', 'least', 'most', 'p99 ms'],
      rows: [
        ['50 members, secure-chat', 5, 4, 10, 20],
        ['50 members, ngircd', 2.5, 2, 3, 12_345],
        ['500 members, secure-chat', 1.234, 1, 2, 30],
      ],
    },
  ],
  goals: [
    { what: 'CPU', figure: 0.5, limit: { most: 0.6 } },
    { what: 'messages per write', figure: 7, limit: { least: 14 } },
  ],
};

const results: Results = {
  date: '2030-01-02',
  machine: { processor: 'Example 1, 2 cores' },
  reports: [compared],
  failed: [],
};

const page = `# Performance

Why.

<!-- figures: made by \`npm run bench\` -->
old
<!-- end of the figures -->

The end.
`;

t.test('each benchmark is run by the runner, by hand, or is a part of another', async (t) => {
  const folder = new URL('scripts/bench/', root);
  const sources = readdirSync(folder).map((file) => ({
    name: file.replace(/\.ts$/, ''),
    text: readFileSync(new URL(file, folder), 'utf8'),
  }));
  const known = [...benchmarks.map(({ name }) => name), ...Object.keys(byHand)];
  t.same(known, [...new Set(known)], 'none twice');
  for (const { name } of sources) {
    // Imported, or run as a process of its own.
    const isPart = sources.some(
      ({ text }) => text.includes(`'./${name}.js'`) || text.includes(`'${name}.js'`),
    );
    const isRunner = ['benchmarks', 'page'].includes(name);
    t.equal(known.includes(name), !isPart && !isRunner, name);
  }
});

t.test('the page gets tables and goals, and keeps its prose', async (t) => {
  const made = withFigures(page, results);
  t.match(made, /^# Performance\n\nWhy\.\n\n<!--/);
  t.match(made, /end of the figures -->\n\nThe end\.\n$/);
  t.notMatch(made, /^old$/m);
  t.match(made, '| processor | Example 1, 2 cores |\n');
  t.match(made, '1 of 2 met.\n');
  t.match(made, '| CPU | 0.500 | at most 0.600 | met |\n');
  t.match(made, '| messages per write | 7.00 | at least 14.0 | **missed** |\n');
  t.match(made, '### Deliveries\n\n**busy**\n');
  t.match(made, '|---|--:|--:|--:|--:|\n');
  t.match(made, '| 50 members, ngircd | 2.50 | 2.00 | 3.00 | 12,345 |\n');
  t.match(made, '(performance.svg)\n\n### The machine\n');
  t.equal(withFigures(made, results), made, 'the same again');
});

t.test('a page without the marks is refused', async (t) => {
  t.throws(() => withFigures('# Performance\n', results), RangeError);
});

t.test('what failed is on the page, and a figure that is none has a dash and meets no goal', async (t) => {
  const none = Number.NaN;
  const report: Report = {
    name: 'growth',
    tables: [{ title: 'x', columns: ['', 'ms'], rows: [['a', none]] }],
    goals: [{ what: 'b', figure: none, limit: { most: 1 } }],
  };
  const reports = [JSON.parse(JSON.stringify(report))];
  const made = withFigures(page, { ...results, reports, failed: ['store'] });
  t.match(made, 'These benchmarks failed: store.\n');
  t.match(made, '| a | - |\n');
  t.match(made, '| b | - | at most 1.00 | **missed** |\n');
});

t.test('the picture has a bar for each server and number of members', async (t) => {
  const svg = pictureOf(results) ?? '';
  t.match(svg, /^<svg [\s\S]*<\/svg>\n$/);
  const bars = [...svg.matchAll(/<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)" fill/g)];
  const heights = bars.slice(2).map(([, , height]) => Number(height));
  t.same(heights, [60, 30, 14.81], 'in proportion, under the two of the legend');
  t.match(svg, '>1.23</text>');
  t.equal(pictureOf({ ...results, reports: [] }), undefined, 'none without figures');
});

t.test('numbers on the command line are those that stand alone', async (t) => {
  t.same(numbersOf(['node', 'file', '1', '500', '--json', '/tmp/7.json']), [1, 500]);
});

t.test('docs/performance.md has the marks', async (t) => {
  const text = readFileSync(new URL('docs/performance.md', root), 'utf8');
  t.ok(withFigures(text, results).includes('2030-01-02'));
});
