/** What a soak shows of its samples: a table of medians and a picture. Pure. */
import { colors, gridOf, round, roundUp, svgOf } from '../chart.js';
import { quantile, type Sample } from './sample.js';

type Figure = Exclude<keyof Sample, 'seconds'>;

const rows: readonly (readonly [name: string, figure: Figure])[] = [
  ['memory (RSS), MiB', 'rssMiB'],
  ['heap, MiB', 'heapMiB'],
  ['buffers, MiB', 'externalMiB'],
  ['memory of children, MiB', 'childrenMiB'],
  ['file descriptors', 'fds'],
  ['threads', 'threads'],
  ['active handles', 'handles'],
  ['CPU, % of one core', 'cpuPercent'],
  ['event-loop delay p50, ms', 'loopP50Ms'],
  ['event-loop delay p99, ms', 'loopP99Ms'],
  ['ping p50, ms', 'pingP50Ms'],
  ['ping p99, ms', 'pingP99Ms'],
  ['people online', 'online'],
];

/** Medians of the first quarter of the samples, of the two in the middle, and of the last, as a Markdown table. */
export function reportTable(samples: readonly Sample[]): string {
  const quarter = Math.ceil(samples.length / 4);
  const parts = [samples.slice(0, quarter), samples.slice(quarter, -quarter), samples.slice(-quarter)];
  const lines = rows.map(([name, figure]) => {
    const medians = parts.map((part) =>
      quantile(
        part.map((sample) => sample[figure]),
        0.5,
      ).toFixed(1),
    );
    return `| ${name} | ${medians.join(' | ')} |`;
  });
  return [
    '| median of the | first quarter | middle | last quarter |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

interface Panel {
  readonly title: string;
  readonly lines: readonly (readonly [name: string, figure: Figure, color: string])[];
}

const [blue, orange, green] = colors;

const panels: readonly Panel[] = [
  {
    title: 'Memory of the server, MiB',
    lines: [
      ['RSS', 'rssMiB', blue],
      ['heap', 'heapMiB', orange],
    ],
  },
  {
    title: 'Handles',
    lines: [
      ['file descriptors', 'fds', blue],
      ['active handles', 'handles', orange],
      ['people online', 'online', green],
    ],
  },
  {
    title: 'Delay, ms',
    lines: [
      ['event loop p99', 'loopP99Ms', blue],
      ['ping p99', 'pingP99Ms', orange],
      ['ping p50', 'pingP50Ms', green],
    ],
  },
];

const [width, height, left, top, between] = [640, 110, 46, 26, 34];
const mostPoints = 160;

/** Memory, handles and delay over time, as SVG. The same samples make the same text. */
export function reportPicture(samples: readonly Sample[]): string {
  const end = Math.max(1, samples.at(-1)?.seconds ?? 1);
  const whole = { width: left + width + 14, height: panels.length * (height + top + between) };
  const drawn = panels.map((panel, index) =>
    drawPanel(panel, samples, end, index * (height + top + between) + top),
  );
  return svgOf(whole, 'A soak of the server', drawn);
}

function drawPanel({ title, lines }: Panel, samples: readonly Sample[], end: number, y: number): string {
  const highest = Math.max(1e-9, ...lines.flatMap(([, figure]) => samples.map((sample) => sample[figure])));
  const scale = roundUp(highest);
  const grid = gridOf({ left, top: y, width, height }, scale);
  const minutes = [0, 0.25, 0.5, 0.75, 1].map(
    (part) =>
      `<text x="${round(left + width * part)}" y="${y + height + 14}" text-anchor="middle">${round((end * part) / 60)}${part === 1 ? ' min' : ''}</text>`,
  );
  const names = lines.map(
    ([name, , color], index) =>
      `<text x="${left + width - (lines.length - 1 - index) * 110}" y="${y - 9}" text-anchor="end" fill="${color}">${name}</text>`,
  );
  const curves = lines.map(([, figure, color]) => {
    const points = thinned(samples, figure).map(
      ([seconds, value]) =>
        `${round(left + (seconds / end) * width)},${round(y + height * (1 - value / scale))}`,
    );
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${color}"/>`;
  });
  return [
    `<text x="${left}" y="${y - 9}" font-weight="bold">${title}</text>`,
    ...grid,
    ...minutes,
    ...names,
    ...curves,
  ].join('\n');
}

/** Few enough points for a picture, each the highest of its neighbours: thinning hides no peak. */
function thinned(samples: readonly Sample[], figure: Figure): [seconds: number, value: number][] {
  const each = Math.ceil(samples.length / mostPoints);
  return Array.from({ length: Math.ceil(samples.length / Math.max(1, each)) }, (_, n) => {
    const group = samples.slice(n * each, (n + 1) * each);
    return [group[0]?.seconds ?? 0, Math.max(...group.map((sample) => sample[figure]))];
  });
}
