/** The metrics of a running server against docs/operating.md and the dashboard in packaging/. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { get } from '../support/monitoring.js';
import { needs } from '../support/other-program.js';
import { folder, runServer } from '../support/running-server.js';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

async function metricsText(t: Test): Promise<string> {
  const { running } = await runServer(t, { metrics: { host: '127.0.0.1', port: 0 } });
  return (await get(running.metrics, '/metrics')).text;
}

/** Names with their types, also of what has no value yet. */
async function metricsOf(t: Test): Promise<ReadonlyMap<string, string>> {
  return new Map(
    Array.from((await metricsText(t)).matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name = '', type = '']) => [
      name,
      type,
    ]),
  );
}

t.test('docs/operating.md lists every metric of the server, and no other', async (t) => {
  const own = [...(await metricsOf(t)).keys()].filter((name) => name.startsWith('secure_chat_'));
  const listed = Array.from(
    read('docs/operating.md').matchAll(/^\| `(secure_chat_\w+)/gm),
    ([, name]) => name,
  );
  t.ok(own.length > 10);
  t.same(listed.sort(), own.sort());
});

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource: unknown;
  readonly targets: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly datasource: unknown;
  }[];
}

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly definition?: string;
      readonly query: unknown;
    }[];
  };
}

const dashboard: Dashboard = JSON.parse(read('packaging/grafana-dashboard.json'));
/** In PromQL here: functions, operators and labels have no underscore, or are these. */
const notMetrics = ['histogram_quantile', '__rate_interval'];
const namesIn = (text: string) =>
  (text.match(/[a-z_]+_[a-z0-9_]+/g) ?? []).filter((name) => !notMetrics.includes(name));

t.test('the dashboard shows metrics that there are, and each one of the server', async (t) => {
  const metrics = await metricsOf(t);
  const shown = new Set<string>();
  for (const { title, targets } of dashboard.panels) {
    t.ok(targets.length > 0, title);
    for (const { expr } of targets) {
      const [name = '', ...more] = namesIn(expr);
      t.same(more, [], `one metric: ${expr}`);
      const metric = name.replace(/_bucket$/, '');
      t.ok(metrics.has(metric), `${title}: ${name}`);
      t.equal(name.endsWith('_bucket'), metrics.get(metric) === 'histogram', `buckets: ${expr}`);
      t.equal(
        expr.includes('rate('),
        metrics.get(metric) !== 'gauge',
        `only what counts has a rate: ${expr}`,
      );
      shown.add(metric);
    }
  }
  t.same(
    [...metrics.keys()].filter((name) => name.startsWith('secure_chat_') && !shown.has(name)),
    [],
  );
  for (const { definition = '' } of dashboard.templating.list)
    for (const name of namesIn(definition)) t.ok(name === 'label_values' || metrics.has(name), name);
});

t.test('the dashboard is one that Grafana 10 imports', async (t) => {
  const { title, uid, schemaVersion, panels } = dashboard;
  t.same({ title, uid, schemaVersion }, { title: 'secure-chat', uid: 'secure-chat', schemaVersion: 38 });
  t.notMatch(dashboard, { id: Number }, 'an id would be of another Grafana');
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  t.ok(panels.every(({ id }) => Number.isInteger(id) && id > 0));
  for (const { datasource } of panels.flatMap((panel) => [panel, ...panel.targets]))
    t.same(datasource, { type: 'prometheus', uid: `\${datasource}` }, 'the one that is chosen on top');
  t.match(dashboard.templating.list, [{ name: 'datasource', type: 'datasource', query: 'prometheus' }]);
  for (const { targets } of panels) t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
  );
  t.equal(new Set(cells).size, cells.length, 'no panel covers another');
  t.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
  const variables = ['datasource', 'instance'];
  t.same(
    dashboard.templating.list.map(({ name }) => name),
    variables,
  );
  const used = JSON.stringify(panels).match(/\$\{?[a-z]\w*/g) ?? [];
  for (const name of new Set(used)) t.ok(variables.includes(name.replace(/\W/g, '')), name);
});

t.test(
  'Prometheus reads the metrics, and every expression of the dashboard',
  needs('promtool'),
  async (t) => {
    const checked = spawnSync('promtool', ['check', 'metrics'], {
      input: await metricsText(t),
      encoding: 'utf8',
    });
    // Days are the unit in which people renew certificates; the others are names of prom-client.
    const advice = checked.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('nodejs_'));
    t.same(advice, ['secure_chat_certificate_days use base unit "seconds" instead of "days"']);

    const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const rules = expressions.map((expr, at) => ({
      ...{
        record: `panel:${at}`,
        expr: expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', '1m'),
      },
    }));
    const file = join(await folder(t), 'rules.json');
    // JSON is YAML.
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    t.equal(status, 0, stderr);
    t.match(stdout, `SUCCESS: ${expressions.length} rules found`);
  },
);
