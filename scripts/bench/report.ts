/**
 * The figures of a benchmark: printed as tables and, with `--json FILE` on the command line, also written to that file,
 * from which docs/performance.md is made.
 */
import { writeFileSync } from 'node:fs';
import { quantile } from '../soak/sample.js';

export interface Report {
  /** Of the benchmark: the file's name without its ending. */
  readonly name: string;
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
}

export interface Table {
  /** What was measured, with the load. */
  readonly title: string;
  /** With units. The first column names the row. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [string, ...number[]])[];
}

export interface Goal {
  /** Such as `2,000 sign-ins: CPU beyond the handshakes, s`. */
  readonly what: string;
  readonly figure: number;
  /** The figure is to be at most or at least this. */
  readonly limit: { readonly most: number } | { readonly least: number };
}

/** A figure that is none, which JSON has as null, meets no goal. */
export const isMet = ({ figure, limit }: Goal): boolean =>
  Number.isFinite(figure) && ('most' in limit ? figure <= limit.most : figure >= limit.least);

/** The numbers on a benchmark's command line: how much of it to do. */
export const numbersOf = (argv: readonly string[]): number[] =>
  argv
    .slice(2)
    .filter((word) => /^\d+$/.test(word))
    .map(Number);

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function report(result: Report): void {
  for (const table of result.tables) process.stdout.write(`${tableText(table)}\n`);
  for (const goal of result.goals) process.stdout.write(`${goalText(goal)}\n`);
  const at = process.argv.indexOf('--json');
  const file = at === -1 ? undefined : process.argv[at + 1];
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
}

function tableText({ title, columns, rows }: Table): string {
  const cells = [columns, ...rows.map((row) => row.map((cell) => figureText(cell)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${title}\n${lines.join('\n')}\n`;
}

export function goalText(goal: Goal): string {
  return `${isMet(goal) ? 'met   ' : 'missed'}  ${goal.what}: ${figureText(goal.figure)} (goal: ${limitText(goal)})`;
}

export const limitText = ({ limit }: Goal): string =>
  'most' in limit ? `at most ${figureText(limit.most)}` : `at least ${figureText(limit.least)}`;

/** Three digits that count. */
export function figureText(value: string | number): string {
  if (typeof value === 'string') return value;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toLocaleString('en-US', {
    minimumFractionDigits: Math.min(digits, 3),
    maximumFractionDigits: Math.min(digits, 3),
  });
}
