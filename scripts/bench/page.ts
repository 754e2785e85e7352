/** What docs/performance.md shows of the figures: goals, tables and a picture. Pure. */
import { type Box, colors, gridOf, round, roundUp, svgOf } from '../chart.js';
import { benchmarks } from './benchmarks.js';
import { figureText, type Goal, isMet, limitText, type Report, type Table } from './report.js';

/** What docs/performance.json holds. */
export interface Results {
  /** Day of the run, in UTC. */
  readonly date: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly reports: readonly Report[];
  /** Names of the benchmarks that failed. */
  readonly failed: readonly string[];
}

const begin = '<!-- figures: made by `npm run bench` -->';
const end = '<!-- end of the figures -->';

/** The page with the part between the marks made anew. @throws RangeError if a mark is missing */
export function withFigures(page: string, results: Results): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new RangeError(`no "${begin}" before "${end}" in the page`);
  return `${page.slice(0, from)}${begin}\n\n${figuresOf(results)}\n${page.slice(to)}`;
}

const picture = '![CPU per delivery of each server, load and number of members](performance.svg)\n';

function figuresOf(results: Results): string {
  const { date, machine, reports, failed } = results;
  const facts = Object.entries({ date, ...machine }).map(([name, value]) => `| ${name} | ${value} |`);
  const goals = reports.flatMap((report) => report.goals);
  const sections = reports.map(({ name, tables }) => {
    const heading = benchmarks.find((benchmark) => benchmark.name === name)?.heading ?? name;
    return `### ${heading}\n\n${tables.map(tableOf).join('\n')}`;
  });
  return [
    ...(pictureOf(results) === undefined ? [] : [picture]),
    `### The machine\n\n| | |\n|---|---|\n${facts.join('\n')}\n`,
    ...(failed.length === 0 ? [] : [`These benchmarks failed: ${failed.join(', ')}.\n`]),
    `### Goals\n\n${goalsOf(goals)}`,
    ...sections,
  ].join('\n');
}

function goalsOf(goals: readonly Goal[]): string {
  const met = goals.filter(isMet).length;
  const rows = goals.map(
    (goal) =>
      `| ${goal.what} | ${cellOf(goal.figure)} | ${limitText(goal)} | ${isMet(goal) ? 'met' : '**missed**'} |`,
  );
  return `${met} of ${goals.length} met.\n\n| | figure | goal | |\n|---|--:|--:|---|\n${rows.join('\n')}\n`;
}

function tableOf({ title, columns, rows }: Table): string {
  const lines = [
    `| ${columns.join(' | ')} |`,
    `|---${'|--:'.repeat(columns.length - 1)}|`,
    ...rows.map((row) => `| ${row.map(cellOf).join(' | ')} |`),
  ];
  return `**${title}**\n\n${lines.join('\n')}\n`;
}

/** JSON has null for what is not a number. */
const cellOf = (cell: string | number | null): string =>
  typeof cell === 'string' ? cell : Number.isFinite(cell) ? figureText(Number(cell)) : '-';

interface Bar {
  readonly members: string;
  readonly server: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

const panel = { left: 46, width: 640, height: 120, above: 34, below: 34 } as const;
const legendHeight = 30;

/** CPU per delivery of each server, load and number of members, with the spread of the rounds; undefined without such tables. */
export function pictureOf({ reports }: Results): string | undefined {
  const tables = reports.find(({ name }) => name === 'compare')?.tables.filter(isOfServers) ?? [];
  if (tables.length === 0) return undefined;
  const names = [...new Set(tables.flatMap(({ rows }) => rows.map((row) => barOf(row).server)))];
  const colorOf = (server: string) => colors[names.indexOf(server) % colors.length] ?? '';
  const legend = names.map((name, index) => {
    const x = panel.left + index * 130;
    return `<rect x="${x}" y="9" width="11" height="11" fill="${colorOf(name)}"/><text x="${x + 16}" y="19">${name}</text>`;
  });
  const each = panel.above + panel.height + panel.below;
  const size = { width: panel.left + panel.width + 14, height: legendHeight + tables.length * each };
  const drawn = tables.map(({ title, rows }, index) => {
    const top = legendHeight + index * each + panel.above;
    const heading = `<text x="${panel.left}" y="${top - 14}" font-weight="bold">${title}; CPU, us per delivery</text>`;
    return [heading, ...barsOf(rows.map(barOf), { ...panel, top }, colorOf)].join('\n');
  });
  return svgOf(size, 'CPU per delivery of chat servers', [...legend, ...drawn]);
}

const isOfServers = ({ columns }: Table): boolean => columns[0] === 'members, server';

function barOf([name, value = 0, least = 0, most = 0]: Table['rows'][number]): Bar {
  const [members = '', server = ''] = name.split(', ');
  return { members, server, value, least, most };
}

function barsOf(bars: readonly Bar[], box: Box, colorOf: (server: string) => string): string[] {
  const scale = roundUp(Math.max(1e-9, ...bars.map(({ value, most }) => Math.max(value, most))));
  const yOf = (value: number) => round(box.top + box.height * (1 - value / scale));
  const groups = [...new Set(bars.map(({ members }) => members))];
  const groupWidth = box.width / groups.length;
  const drawn = groups.flatMap((members, index) => {
    const own = bars.filter((bar) => bar.members === members);
    const width = Math.min(40, (groupWidth * 0.8) / own.length);
    const center = box.left + groupWidth * (index + 0.5);
    const left = center - (width * own.length) / 2;
    const label = `<text x="${round(center)}" y="${box.top + box.height + 16}" text-anchor="middle">${members}</text>`;
    return [label, ...own.map((bar, at) => barText(bar, round(left + at * width), width))];
  });
  function barText({ server, value, least, most }: Bar, x: number, width: number): string {
    const middle = round(x + width / 2);
    const height = round(box.top + box.height - yOf(value));
    return [
      `<rect x="${x}" y="${yOf(value)}" width="${round(width - 3)}" height="${height}" fill="${colorOf(server)}"/>`,
      `<path d="M${middle} ${yOf(least)}V${yOf(most)}" stroke="#333"/>`,
      `<text x="${middle}" y="${yOf(most) - 3}" text-anchor="middle" font-size="9">${figureText(value)}</text>`,
    ].join('');
  }
  return [...gridOf(box, scale), ...drawn];
}
