/**
 * `npm test`: runs the test files, each end-to-end one in a process of its own, the others of a folder together.
 * Prints a line for each process and at the end what failed. Knows files and processes, not what is tested.
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
const apart = new Set(['support', 'fixtures', 'long']);

/** Folders whose tests run the built program. */
const endToEnd = new Set(['e2e', 'origins']);

/** A process with more files than this could take longer than all the others. */
const mostFiles = 10;

export interface Selection {
  /** Leaves out the end-to-end tests. */
  readonly fast?: boolean;
  /** Only files whose path begins with one of these. */
  readonly paths?: readonly string[];
}

/**
 * Paths in `test` without their extension, grouped by process, those that take longest first. They are read from the
 * source: none can be forgotten, and none runs that was compiled from a file since removed.
 */
export function groupTests(test: string, selection: Selection = {}): string[][] {
  const paths = findTests(test, selection);
  const [long, short]: [string[][], string[][]] = [[], []];
  for (const folder of new Set(paths.map(topOf))) {
    const files = paths.filter((path) => topOf(path) === folder);
    const alone = endToEnd.has(folder);
    const processes = Math.ceil(files.length / (alone ? 1 : mostFiles));
    for (let n = 0; n < processes; n++) {
      (alone ? long : short).push(files.filter((_, index) => index % processes === n));
    }
  }
  return [...long, ...short];
}

function findTests(test: string, { fast = false, paths = [] }: Selection): string[] {
  return readdirSync(test, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.includes('/') && path.endsWith('.ts'))
    .map((path) => path.slice(0, -'.ts'.length))
    .filter((path) =>
      paths.length > 0 ? paths.some((start) => path.startsWith(start)) : !apart.has(topOf(path)),
    )
    .filter((path) => !fast || !endToEnd.has(topOf(path)))
    .sort();
}

const topOf = (path: string) => path.replace(/\/.*/, '');

export interface Outcome {
  readonly ok: boolean;
  /** TAP, what the process wrote to stderr, and how it ended if that is wrong. */
  readonly output: string;
}

/** Runs compiled files in one process. */
export function runFiles(files: readonly string[], timeoutSeconds: number): Promise<Outcome> {
  const [first = ''] = files;
  const oneProcess = join(import.meta.dirname, '../test/support/one-process.js');
  const args = files.length === 1 ? [first] : [oneProcess, ...files];
  const child = spawn(process.execPath, ['--enable-source-maps', ...args], {
    env: { ...process.env, TAP_TIMEOUT: String(timeoutSeconds) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  // By then tap has given up and said what it was waiting for.
  const timer = setTimeout(() => child.kill('SIGKILL'), (timeoutSeconds + 30) * 1000);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      // Without the counts it ended too early, whatever its exit code.
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

/** From the last line of TAP. */
function countIn(tap: string, what: 'pass' | 'fail' | 'skip'): number {
  return Number(new RegExp(`^# \\{ total: .*\\b${what}: (\\d+)`, 'm').exec(tap)?.[1] ?? 0);
}

function nameOf(group: readonly string[]): string {
  const [first = ''] = group;
  if (group.length === 1) return first;
  const folder = topOf(first);
  return `${folder}: ${group.map((path) => path.slice(folder.length + 1)).join(', ')}`;
}

/** Where tests put their temporary files: in memory if there is room, because they commit thousands of times. */
function temporaryFolder(): string {
  const memory = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize >= 1024 ** 3) return memory;
  } catch {
    // Only Linux has it.
  }
  return tmpdir();
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { fast: { type: 'boolean', default: false }, timeout: { type: 'string', default: '600' } },
  });
  const source = join(import.meta.dirname, '../../test');
  const compiled = join(import.meta.dirname, '../test');
  const waiting = groupTests(source, { fast: values.fast, paths: positionals });
  const total = waiting.length;
  if (total === 0) {
    process.stderr.write(usage);
    return 64;
  }

  process.env.TMPDIR = temporaryFolder();
  let done = 0;
  const assertions = { pass: 0, fail: 0, skip: 0 };
  const failed: string[] = [];
  async function work(): Promise<void> {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      const start = performance.now();
      const { ok, output } = await runFiles(
        group.map((path) => join(compiled, `${path}.js`)),
        Number(values.timeout),
      );
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      process.stdout.write(
        `${ok ? 'ok' : 'not ok'} ${++done}/${total} ${seconds.padStart(5)} s  ${nameOf(group)}\n`,
      );
      for (const what of ['pass', 'fail', 'skip'] as const) assertions[what] += countIn(output, what);
      if (!ok) failed.push(`${nameOf(group)}\n${failuresIn(output)}`);
    }
  }
  // One more than there are cores, because tests also wait for the disk and for each other's processes.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
  if (failed.length > 0) process.stdout.write(`\nWhat failed:\n\n${failed.join('\n\n')}\n`);
  const { pass, fail, skip } = assertions;
  process.stdout.write(`${pass} passed, ${fail} failed, ${skip} skipped\n`);
  return failed.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = await main(process.argv.slice(2));
