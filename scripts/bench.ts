/**
 * Runs the benchmarks, each as a process of its own, and makes docs/performance.json, docs/performance.svg and the figures in
 * docs/performance.md of what they report. Run it on an otherwise idle Linux machine:
 *
 *     npm run bench                          all of it, about half an hour
 *     npm run bench -- --short               less of it, for a change in progress: two minutes at most
 *     npm run bench -- store history         only these
 *     npm run bench -- --before FOLDER       all of it, with an older build of the program in the same run, where that can be
 *
 * Only the first and the last write into docs. A benchmark that fails or is missing does not stop the others, but the exit code is 1.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Benchmark, benchmarks } from './bench/benchmarks.js';
import { versionOf } from './bench/chat-servers.js';
import { pictureOf, type Results, withFigures } from './bench/page.js';
import { goalText, isMet, type Report } from './bench/report.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const shortMs = 120_000;
/** Of one benchmark: it hangs. */
const longestMs = 20 * 60_000;

/** @returns what it reported at its end, whatever its exit code; undefined if it is missing, failed or took too long */
async function run(
  { name }: Benchmark,
  numbers: readonly number[],
  { folder, ms, env = {} }: { folder: string; ms: number; env?: NodeJS.ProcessEnv },
) {
  const program = fileURLToPath(new URL(`bench/${name}.js`, import.meta.url));
  if (!existsSync(program)) {
    process.stderr.write(`${program} is missing\n`);
    return undefined;
  }
  const file = join(folder, `${name}.json`);
  // Of its own, so that what it leaves behind goes, too.
  const own = mkdtempSync(join(folder, `${name}-`));
  const args = [program, ...numbers.map(String), '--json', file];
  // A group of its own, so that its servers end with it.
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
    env: { ...process.env, TMPDIR: own, ...env },
  });
  const end = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  };
  const timer = setTimeout(end, ms);
  process.prependOnceListener('exit', end);
  const [code] = await once(child, 'exit');
  clearTimeout(timer);
  process.off('exit', end);
  end();
  if (code !== 0) process.exitCode = 1;
  if (!existsSync(file)) return undefined;
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  rmSync(file);
  return report;
}

function versionIn(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: folder, encoding: 'utf8' });
  return commit.status === 0 ? `${version}, commit ${commit.stdout.trim()}` : String(version);
}

/** The same benchmark of the other build: its tables, below those of this one. Its goals are past. */
function withBefore(report: Report, before: Report): Report {
  const tables = before.tables.map((table) => ({ ...table, title: `before: ${table.title}` }));
  return { ...report, tables: [...report.tables, ...tables] };
}

/** Before the first benchmark: the load should be none. */
function machine(before: string | undefined): Results['machine'] {
  return {
    processor: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    'load before the run': (loadavg()[0] ?? 0).toFixed(1),
    kernel: `${process.platform} ${release()}`,
    Node: `${process.version}, OpenSSL ${process.versions.openssl}`,
    'secure-chat': versionIn(root),
    ...(before !== undefined && { before: versionIn(before) }),
    ngircd: versionOf('ngircd') ?? 'not installed',
    inspircd: versionOf('inspircd') ?? 'not installed',
  };
}

function write(results: Results): void {
  const docs = (name: string) => join(root, 'docs', name);
  const page = docs('performance.md');
  writeFileSync(page, withFigures(readFileSync(page, 'utf8'), results));
  writeFileSync(docs('performance.json'), `${JSON.stringify(results, undefined, 2)}\n`);
  const picture = pictureOf(results);
  if (picture !== undefined) writeFileSync(docs('performance.svg'), picture);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { short: { type: 'boolean', default: false }, before: { type: 'string' } },
  });
  const unknown = positionals.filter((name) => !benchmarks.some((one) => one.name === name));
  if (unknown.length > 0) {
    const names = benchmarks.map(({ name }) => name).join(', ');
    process.stderr.write(`unknown benchmark: ${unknown.join(', ')}; there are ${names}\n`);
    process.exitCode = 64;
    return;
  }
  const wanted = benchmarks.filter(
    ({ name, short }) =>
      (positionals.length === 0 || positionals.includes(name)) && (!values.short || short !== undefined),
  );
  const folder = mkdtempSync(join(tmpdir(), 'secure-chat-bench-'));
  // Ctrl-C ends what runs and removes its files.
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const before = values.before === undefined ? undefined : resolve(values.before);
  const facts = machine(before);
  const start = performance.now();
  const reports: Report[] = [];
  const failed: string[] = [];
  for (const benchmark of wanted) {
    const { name, full, short = full } = benchmark;
    const left = values.short ? start + shortMs - performance.now() : longestMs;
    const seconds = Math.round((performance.now() - start) / 1_000);
    process.stdout.write(`\n== ${name} (after ${seconds} s)\n\n`);
    const numbers = values.short ? short : full;
    const beside = benchmark.before === 'beside' && { env: { SECURE_CHAT_BEFORE: before } };
    const report = left > 0 ? await run(benchmark, numbers, { folder, ms: left, ...beside }) : undefined;
    if (report === undefined) failed.push(name);
    else if (before === undefined || benchmark.before !== 'after') reports.push(report);
    else {
      process.stdout.write(`\n-- ${name}, before\n\n`);
      const env = { SECURE_CHAT_BUILD: before };
      const older = await run(benchmark, numbers, { folder, ms: longestMs, env });
      if (older === undefined) failed.push(`${name}, before`);
      reports.push(older === undefined ? report : withBefore(report, older));
    }
  }
  const goals = reports.flatMap((report) => report.goals);
  process.stdout.write(`\n== goals: ${goals.filter(isMet).length} of ${goals.length} met\n\n`);
  for (const goal of goals.filter((one) => !isMet(one))) process.stdout.write(`${goalText(goal)}\n`);
  if (failed.length > 0) {
    process.stderr.write(`failed, missing or out of time: ${failed.join(', ')}\n`);
    process.exitCode = 1;
  }
  if (!values.short && positionals.length === 0) {
    const date = new Date().toISOString().slice(0, 10);
    write({ date, machine: facts, reports, failed });
  }
}

await main();
