/** The built program as real processes, on pipes or on a pseudo-terminal, each test in its own home folder. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  openPseudoTerminal,
  type PseudoTerminal,
  type PseudoTerminalOptions,
} from '../../scripts/screen/pseudo-terminal.js';

export const script = fileURLToPath(new URL('../../bin/secure-chat.js', import.meta.url));

const quickPasswords = new URL('./quick-passwords.js', import.meta.url).href;

/** Ends a wait, so that a hang names the output it waited for. */
const patienceMs = 60_000;

export interface Running {
  readonly process: ChildProcessWithoutNullStreams;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the match once the stream has printed it. */
  prints(pattern: RegExp, stream?: 'stdout' | 'stderr'): Promise<RegExpExecArray>;
  write(text: string): void;
  /** Writes, then ends its input. */
  end(text?: string): void;
  kill(signal: NodeJS.Signals): void;
  /** The exit code; -1 where a signal ended it. */
  readonly ended: Promise<number>;
}

export interface Home {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs `secure-chat` with these arguments. @param under a command that becomes the program, such as `env` */
  run(args: readonly string[], env?: NodeJS.ProcessEnv, under?: readonly string[]): Running;
  remove(): Promise<void>;
}

/** An empty home folder and an environment without this machine's settings; servers hash passwords cheaply. */
export async function makeHome(): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-chat-'));
  const env = {
    HOME: folder,
    PATH: process.env.PATH,
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    NODE_OPTIONS: `--import=${quickPasswords}`,
  };
  return {
    folder,
    env,
    run: (args, more = {}, under = []) =>
      runCommand([...under, process.execPath, script, ...args], { env: { ...env, ...more } }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Any command on pipes. */
export function runCommand(
  [command = '', ...args]: readonly string[],
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string },
): Running {
  const child = spawn(command, args, { env, cwd, stdio: 'pipe' });
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      texts[stream] += text;
      child.emit('printed');
    });
  }
  child.stdin.on('error', () => {
    // It ended before it read all.
  });
  const ended = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : -1));

  async function prints(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(patienceMs);
    let over = false;
    void ended.then(() => {
      over = true;
      child.emit('printed');
    });
    for (;;) {
      const match = pattern.exec(texts[stream]);
      if (match !== null) return match;
      const seen = `stdout:\n${texts.stdout}\nstderr:\n${texts.stderr}`;
      if (over) throw new Error(`It ended without printing ${pattern}.\n${seen}`);
      await once(child, 'printed', { signal: deadline }).catch(() => {
        throw new Error(`It did not print ${pattern}.\n${seen}`);
      });
    }
  }

  return {
    process: child,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    prints,
    write: (text) => void child.stdin.write(text),
    end: (text = '') => void child.stdin.end(text),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

export function openTerminal(args: readonly string[], options: PseudoTerminalOptions): PseudoTerminal {
  return openPseudoTerminal([process.execPath, script, ...args], options);
}

/** Whether there is a process with that id; also true until its exit code is collected. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
