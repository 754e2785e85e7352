/** Runs one command of this computer with one line on its stdin, and never a shell. Knows processes, not what the line says. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../system/clock.js';
import { diskReason, errorCode } from '../system/disk-errors.js';
import { childEnvironment } from '../system/process-secrets.js';

interface CommandOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** What it gets on stdin. It need not read it. */
  readonly line: string;
  /** What it prints is dropped, or goes where this program's output goes. */
  readonly output: 'ignore' | 'inherit';
  /** How long it may take, in milliseconds; then it is ended with all that it has started. */
  readonly ms: number;
}

interface StartedCommand {
  /** Resolves when it has ended, with what went wrong as the end of a sentence; undefined for exit code 0. */
  readonly ended: Promise<string | undefined>;
  /** Ends it and all that it has started. */
  readonly end: () => void;
}

/** @param command the program and its arguments */
export function startCommand(
  [program = '', ...args]: readonly string[],
  { env, clock, line, output, ms }: CommandOptions,
): StartedCommand {
  // In a session of its own: it does not read this terminal, and ends as a whole.
  const child = spawn(program, args, {
    stdio: ['pipe', output, output],
    env: childEnvironment(env),
    detached: true,
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(line);
  const end = (): void => endGroup(child);
  let late = false;
  const cancel = clock.after(ms, () => {
    late = true;
    end();
  });
  const ended = troubleOf(child).then((trouble) => {
    cancel();
    return late ? `was killed: it took longer than ${ms / 1000} s` : trouble;
  });
  return { ended, end };
}

function troubleOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(`can't be run (${diskReason(errorCode(error))})`));
    child.on('exit', (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal === null ? `exited with code ${code}` : `was killed by ${signal}`);
    });
  });
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
