/** The file that `npm pack` makes of this build, and npm on a machine that has nothing but Node. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { type Running, runCommand } from './program.js';
import { password } from './server-process.js';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const makeManPages = fileURLToPath(new URL('../../scripts/man.js', import.meta.url));

/** Options of a test: skipped where npm's registry can't be reached, but not on CI, where the test then fails. */
export function needsRegistry(): { readonly skip?: string } {
  if (process.env.CI === 'true') return {};
  const args = ['ping', '--fetch-retries=0', '--fetch-timeout=10000'];
  return spawnSync('npm', args, { stdio: 'ignore' }).status === 0
    ? {}
    : { skip: "npm's registry can't be reached" };
}

export interface PackageFile {
  /** A folder with the file in it. */
  readonly folder: string;
  readonly name: string;
  /** Paths in it. */
  readonly contents: readonly string[];
  /** Bytes. */
  readonly size: number;
  /** A person with an empty home in that folder, and no program but npm's and a shell. */
  person(name: string): Promise<Person>;
}

export interface Person {
  /** Without a password, for terminals. */
  readonly env: NodeJS.ProcessEnv;
  /** Starts a command beside the file. */
  start(command: readonly string[]): Running;
  /** Runs it to its end with this input. */
  run(command: readonly string[], input?: string): Promise<Ended>;
}

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Of the build as it is: what `npm pack` does before would remove it under other tests. */
export async function makePackageFile(t: Test): Promise<PackageFile> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await exec(process.execPath, [makeManPages]);
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await exec('npm', args, { cwd: root, env: npmEnvironment(), maxBuffer: 64 * 1024 ** 2 });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[]; size: number }];
  const programs = join(folder, 'bin');
  await mkdir(programs);
  for (const name of ['npm', 'npx', 'sh', 'env']) await symlink(await pathOf(name), join(programs, name));
  await symlink(process.execPath, join(programs, 'node'));
  return {
    folder,
    name: packed.filename,
    contents: packed.files.map(({ path }) => path),
    size: packed.size,
    async person(name) {
      const home = join(folder, name);
      await mkdir(home);
      // One cache, so that the registry is asked once.
      const cache = join(folder, 'cache');
      const place = { HOME: home, PATH: programs, npm_config_cache: cache };
      const env = { ...npmEnvironment(), ...place, TZ: 'UTC' };
      const start = (command: readonly string[]) =>
        runCommand(command, { env: { ...env, SECURE_CHAT_PASSWORD: password }, cwd: folder });
      return {
        env,
        start,
        async run(command, input = '') {
          const running = start(command);
          running.end(input);
          return { code: await running.ended, out: running.stdout(), err: running.stderr() };
        },
      };
    },
  };
}

/** How npm gets to its registry here, and nothing else of what it told the process that runs the tests. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const network =
    /^(PATH|HOME|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|(HTTPS?|NO)_PROXY|npm_config_(registry|cafile|\w*proxy))$/i;
  const kept = Object.entries(process.env).filter(([name]) => network.test(name));
  return { ...Object.fromEntries(kept), LANG: 'C.UTF-8', npm_config_update_notifier: 'false' };
}

async function pathOf(program: string): Promise<string> {
  const { stdout } = await exec('sh', ['-c', 'command -v "$1"', 'sh', program]);
  return stdout.trim();
}
