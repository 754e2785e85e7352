/**
 * `npm test`: runs the test files, each end-to-end one in a process of its own, the others of a folder together. Prints a
 * line for each process, then the failures and the counts. Knows files and processes, not what is tested.
 */
import { spawn } from 'node:child_process';
import { readdirSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const usage = `Usage: npm test -- [--fast] [--timeout SECONDS] [PATH…]

  --fast     leave out the end-to-end tests
  --timeout  how long a process may take (default 600)
  PATH       only the files whose path in test/ begins with it, such as e2e/host or store
`;

/** Folders of test/ that run only if they are named. */
const notByDefault = new Set(['support', 'fixtures', 'ci', 'long']);

/** Folders whose tests run the built program, or take a process for themselves because they disturb it. */
const endToEnd = new Set(['e2e', 'origins', 'faults', 'ci']);

/** The most files of a folder in one process, so that none takes much longer than the others. */
const filesPerProcess = 10;

/** Beginnings of paths, the slowest first, so that at the end no core waits for a long process. The others follow. */
export const slowestFirst = `
  server/auth/hasher server/ store/ client/screen/terminal/terminal client/screen/picture origins/multi-party
  e2e/first-five-minutes e2e/screen-hostile e2e/survives-kills e2e/operator faults/silent-network faults/hasher e2e/screen-terminal
  e2e/refusals e2e/screen-scrolling e2e/host e2e/server-life cli/ scripts/ client/`
  .trim()
  .split(/\s+/);

/**
 * Paths in `folder` without their extension, grouped by process, in the order in which they start. They are read from the
 * source, so that no file is forgotten, and none runs that was compiled from a source since removed.
 * @param fast leaves out the end-to-end tests. @param paths only files whose path begins with one of these.
 */
export function groupTests(
  folder: string,
  { fast = false, paths = [] }: { fast?: boolean; paths?: readonly string[] } = {},
): string[][] {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\/.*\.ts$/.test(path))
    .map((path) => path.slice(0, -'.ts'.length))
    .filter((path) =>
      paths.length > 0 ? paths.some((start) => path.startsWith(start)) : !notByDefault.has(topOf(path)),
    )
    .filter((path) => !fast || !endToEnd.has(topOf(path)))
    .sort();
  const groups = [...new Set(all.map(topOf))].flatMap((top) => {
    const files = all.filter((path) => topOf(path) === top);
    const count = Math.ceil(files.length / (endToEnd.has(top) ? 1 : filesPerProcess));
    return Array.from({ length: count }, (_, n) => files.filter((_, index) => index % count === n));
  });
  const rank = (group: string[]) =>
    slowestFirst.findIndex((start) => group.some((path) => path.startsWith(start)));
  const [slow, others] = [
    groups.filter((group) => rank(group) >= 0),
    groups.filter((group) => rank(group) < 0),
  ];
  return [...slow.sort((a, b) => rank(a) - rank(b)), ...others];
}

const topOf = (path: string) => path.replace(/\/.*/, '');

/** Runs compiled files in one process. The output is TAP, stderr, and, unless it is ok, how the process ended. */
export function runFiles(
  files: readonly string[],
  timeoutSeconds: number,
): Promise<{ ok: boolean; output: string }> {
  const together = join(import.meta.dirname, '../test/support/one-process.js');
  const args = ['--enable-source-maps', ...(files.length > 1 ? [together] : []), ...files];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, TAP_TIMEOUT: String(timeoutSeconds) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  // After tap's own timeout, which reports what it was waiting for.
  const timer = setTimeout(() => child.kill('SIGKILL'), (timeoutSeconds + 30) * 1000);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      // Without the counts it ended too early, even with exit code 0.
      const ok = code === 0 && /^# \{ total: [1-9]/m.test(output);
      resolve({ ok, output: ok ? output : `${output}\nThe process ended with ${signal ?? code}.\n` });
    });
  });
}

/** The failures in TAP with their titles and diagnoses; all of the TAP if it has none. */
export function failuresIn(tap: string): string {
  const titles: string[] = [];
  const found: string[] = [];
  let part: 'other' | 'failure' | 'diagnosis' = 'other';
  for (const line of tap.split('\n')) {
    const depth = line.search(/\S|$/) / 4;
    const title = /^ *# Subtest: (.*)/.exec(line)?.[1];
    if (title !== undefined) titles.splice(depth, titles.length, title);
    if (/^ *not ok (?!.* # (SKIP|TODO))/.test(line)) {
      found.push('', titles.slice(0, depth).join(' > '), line);
      part = 'failure';
      continue;
    }
    if (part === 'failure') part = line.trim() === '---' ? 'diagnosis' : 'other';
    if (part === 'diagnosis') found.push(line);
    if (line.trim() === '...') part = 'other';
  }
  return found.length === 0 ? tap : found.join('\n');
}

/** Where tests put temporary files: in memory if there is a GiB, because they commit thousands of times. */
function temporaryFolder(): string {
  const memory = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= 1024 ** 3 ? memory : tmpdir();
  } catch {
    // Only Linux has it.
    return tmpdir();
  }
}

async function main(args: string[]): Promise<number> {
  const { values, positionals: paths } = parseArgs({
    args,
    allowPositionals: true,
    options: { fast: { type: 'boolean', default: false }, timeout: { type: 'string', default: '600' } },
  });
  const groups = groupTests(join(import.meta.dirname, '../../test'), { fast: values.fast, paths });
  if (groups.length === 0) {
    process.stderr.write(usage);
    return 64;
  }
  process.env.TMPDIR = temporaryFolder();
  const counts = { pass: 0, fail: 0, skip: 0 };
  const failures: string[] = [];
  const skipped: string[] = [];
  const waiting = groups.entries();
  let done = 0;
  async function work(): Promise<void> {
    for (const [, group] of waiting) {
      const start = performance.now();
      const files = group.map((path) => join(import.meta.dirname, '../test', `${path}.js`));
      const { ok, output } = await runFiles(files, Number(values.timeout));
      const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
      const name = group.join(', ');
      process.stdout.write(`${ok ? 'ok' : 'not ok'} ${++done}/${groups.length} ${seconds} s  ${name}\n`);
      for (const what of ['pass', 'fail', 'skip'] as const) {
        const [, count = 0] = new RegExp(`^# \\{ total: .*\\b${what}: (\\d+)`, 'm').exec(output) ?? [];
        counts[what] += Number(count);
      }
      skipped.push(...(output.match(/(?<=^ *ok \d+ - ).* # SKIP .*/gm) ?? []));
      if (!ok) failures.push(`${name}\n${failuresIn(output)}`);
    }
  }
  // Two more than there are cores, because tests also wait for the disk and for their own processes.
  await Promise.all(Array.from({ length: availableParallelism() + 2 }, work));
  process.stdout.write(skipped.map((line) => `skipped: ${line}\n`).join(''));
  if (failures.length > 0) process.stdout.write(`\nWhat failed:\n\n${failures.join('\n\n')}\n`);
  process.stdout.write(`${counts.pass} passed, ${counts.fail} failed, ${counts.skip} skipped\n`);
  return failures.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = await main(process.argv.slice(2));
