/**
 * A terminal's screen as a picture: an SVG with a window around it. Pure; knows cells and colours, not where
 * they come from.
 */
import { blockShape, lineShape } from './box-drawing.js';
import type { Cell, Color } from './cell.js';

export interface Picture {
  readonly cells: readonly (readonly Cell[])[];
  readonly cursor: { readonly row: number; readonly column: number; readonly shown: boolean };
  /** Of the window. */
  readonly title: string;
}

// One column and one row, in pixels, of a 14-pixel font with an advance of 0.6 em.
const column = 8.4;
const row = 19;
const fontSize = 14;
const baseline = 14;
const padding = 14;
const titleBar = 34;
const margin = 12;

const theme = { page: '#15181e', bar: '#21262f', edge: '#3a414d', text: '#d7dae0', dim: '#868d9a' };

// The 16 basic colours; contrasts of 4.5 and more to the page, black apart.
const basic = [
  ...['#3b4252', '#f0717d', '#8ccf7e', '#e5c076', '#71a8f4', '#c78fe8', '#63c6cf', '#c8ccd4'],
  ...['#7d8594', '#ff8d96', '#a5e096', '#f2d494', '#93bfff', '#dbaaf5', '#86dde4', '#f2f4f8'],
];

const fonts =
  "ui-monospace, 'SF Mono', 'JetBrains Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', 'Noto Color Emoji', monospace";

/** The same cells make the same text. */
export function drawSvg({ cells, cursor, title }: Picture): string {
  const columns = Math.max(0, ...cells.map((line) => line.length));
  const inner = { width: columns * column + 2 * padding, height: cells.length * row + 2 * padding };
  const width = round(inner.width + 2 * margin);
  const height = round(inner.height + titleBar + 2 * margin);
  const content = cells.flatMap((line, index) => drawRow(line, index));
  const name = escaped(title);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}">
<title>${name}</title>
<rect x="${margin}" y="${margin}" width="${round(inner.width)}" height="${round(inner.height + titleBar)}" rx="10" fill="${theme.page}" stroke="${theme.edge}"/>
<path d="M${margin} ${margin + titleBar}v${10 - titleBar}a10 10 0 0 1 10 -10h${round(inner.width - 20)}a10 10 0 0 1 10 10v${titleBar - 10}z" fill="${theme.bar}"/>
${[basic[1], basic[3], basic[2]].map((fill, i) => `<circle cx="${margin + 20 + i * 20}" cy="${margin + titleBar / 2}" r="6" fill="${fill}"/>`).join('')}
<text x="${round(width / 2)}" y="${margin + titleBar / 2 + 5}" text-anchor="middle" font-family="${fonts}" font-size="13" fill="${theme.dim}">${name}</text>
<g transform="translate(${margin + padding} ${margin + titleBar + padding})" font-family="${fonts}" font-size="${fontSize}" fill="${theme.text}">
${[...content, ...drawCursor(cursor)].join('\n')}
</g>
</svg>
`;
}

interface Run {
  readonly start: number;
  readonly cells: readonly Cell[];
  readonly style: Style;
  readonly kind: Kind;
}

/** `solid` is drawn as shapes; `single` characters may be of another font, and stand alone. */
type Kind = 'text' | 'single' | 'solid';

interface Style {
  readonly fill: string;
  readonly behind: string;
  /** Attributes of the text element. */
  readonly more: string;
}

function drawRow(line: readonly Cell[], index: number): string[] {
  const top = index * row;
  const runs = runsOf(line);
  return [...runs.flatMap((run) => drawBackground(run, top)), ...runs.flatMap((run) => drawRun(run, top))];
}

function runsOf(line: readonly Cell[]): Run[] {
  const runs: { start: number; cells: Cell[]; style: Style; kind: Kind }[] = [];
  line.forEach((cell, start) => {
    if (cell.width === 0) return;
    const style = styleOf(cell);
    const kind = kindOf(cell);
    const last = runs.at(-1);
    if (last !== undefined && last.kind === kind && kind !== 'single' && sameStyle(last.style, style)) {
      last.cells.push(cell);
    } else {
      runs.push({ start, cells: [cell], style, kind });
    }
  });
  return runs;
}

function kindOf({ text, width }: Cell): Kind {
  if (lineShape(text) !== undefined || blockShape(text) !== undefined) return 'solid';
  return width === 1 && /^[\x20-\x7e\u00a0-\u024f]$/u.test(text) ? 'text' : 'single';
}

function styleOf(cell: Cell): Style {
  // Bold makes the first eight colours bright, as most terminals do.
  const brightened =
    cell.bold && typeof cell.foreground === 'number' && cell.foreground < 8
      ? cell.foreground + 8
      : cell.foreground;
  const front = hexOf(brightened, theme.text);
  const back = hexOf(cell.background, theme.page);
  const decoration = [cell.underline ? 'underline' : '', cell.strike ? 'line-through' : ''].join(' ').trim();
  return {
    fill: cell.inverse ? back : cell.dim ? mixed(front, back) : front,
    behind: cell.inverse ? front : back,
    more: [
      cell.bold ? ' font-weight="bold"' : '',
      cell.italic ? ' font-style="italic"' : '',
      decoration === '' ? '' : ` text-decoration="${decoration}"`,
    ].join(''),
  };
}

function sameStyle(a: Style, b: Style): boolean {
  return a.fill === b.fill && a.behind === b.behind && a.more === b.more;
}

function drawBackground({ start, cells, style }: Run, top: number): string[] {
  if (style.behind === theme.page) return [];
  const x = round(start * column);
  return [
    `<rect x="${x}" y="${top}" width="${round(widthOf(cells) * column)}" height="${row}" fill="${style.behind}"/>`,
  ];
}

function drawRun({ start, cells, style, kind }: Run, top: number): string[] {
  const { fill, more } = style;
  if (kind === 'solid') {
    return [drawShapes(cells, { x: start * column, y: top, fill })];
  }
  const text = cells.map((cell) => cell.text).join('');
  // Spaces are nothing to draw, unless they are underlined.
  const visible = more.includes('text-decoration') ? text : text.trim();
  if (visible === '') return [];
  const from = start + text.indexOf(visible);
  const paint = `${fill === theme.text ? '' : ` fill="${fill}"`}${more}`;
  const y = top + baseline;
  if (kind === 'single') {
    const middle = round((start + widthOf(cells) / 2) * column);
    return [`<text x="${middle}" y="${y}" text-anchor="middle"${paint}>${escaped(visible)}</text>`];
  }
  // Whatever font is there, each run begins and ends in its own columns.
  const length = round(visible.length * column);
  return [
    `<text x="${round(from * column)}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${paint}>${escaped(visible)}</text>`,
  ];
}

function drawShapes(cells: readonly Cell[], { x, y, fill }: { x: number; y: number; fill: string }): string {
  if (cells.every(({ text }) => text === '─')) {
    const [length, middle] = [round(cells.length * column), round(y + row / 2)];
    return `<path d="M${round(x)} ${middle}h${length}" stroke="${fill}" fill="none"/>`;
  }
  const lines: string[] = [];
  const blocks: string[] = [];
  cells.forEach(({ text }, index) => {
    const left = x + index * column;
    for (const [fromX, fromY, toX, toY] of lineShape(text) ?? []) {
      const point = (px: number, py: number): string => `${round(left + px * column)} ${round(y + py * row)}`;
      lines.push(`M${point(fromX, fromY)}L${point(toX, toY)}`);
    }
    const block = blockShape(text);
    if (block !== undefined) {
      const [bx, by, bw, bh] = block;
      blocks.push(
        `M${round(left + bx * column)} ${round(y + by * row)}h${round(bw * column)}v${round(bh * row)}h${round(-bw * column)}z`,
      );
    }
  });
  const stroked = lines.length === 0 ? '' : `<path d="${lines.join('')}" stroke="${fill}" fill="none"/>`;
  return `${stroked}${blocks.length === 0 ? '' : `<path d="${blocks.join('')}" fill="${fill}"/>`}`;
}

function drawCursor({ row: at, column: after, shown }: Picture['cursor']): string[] {
  if (!shown) return [];
  const [x, y] = [round(after * column), at * row];
  return [
    `<rect x="${x}" y="${y}" width="${column}" height="${row}" fill="${theme.text}" fill-opacity="0.6"/>`,
  ];
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { width }) => sum + width, 0);
}

function hexOf(color: Color, otherwise: string): string {
  if (color === 'default') return otherwise;
  if (typeof color === 'string') return color;
  if (color < 16) return basic[color] ?? otherwise;
  if (color >= 232) return rgb([0, 0, 0].map(() => 8 + (color - 232) * 10));
  const cube = color - 16;
  return rgb(
    [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((step) =>
      step === 0 ? 0 : 55 + step * 40,
    ),
  );
}

/** Three fifths of the way from the background. */
function mixed(front: string, back: string): string {
  const parts = (color: string): number[] =>
    [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  const from = parts(back);
  return rgb(parts(front).map((part, i) => Math.round((from[i] ?? 0) + (part - (from[i] ?? 0)) * 0.6)));
}

function rgb(parts: readonly number[]): string {
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

function round(number: number): number {
  return Math.round(number * 100) / 100;
}

function escaped(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // Several spaces would be shown as one.
      .replaceAll(' ', '\u00a0')
  );
}
