/** This process as a shell's job: being stopped, and making way for another program. Knows signals, no terminal. */
import type { Clock } from '../../../system/clock.js';

/** What this file needs of `process`. */
export interface Process {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  rawListeners(event: string): unknown[];
  listenerCount(event: string): number;
  kill(pid: number, signal: string): unknown;
  readonly pid: number;
}

// A stop takes effect at once. If not, as without a shell, nothing would ever continue this process.
const unstoppedMs = 100;

/**
 * Stops the whole job, as Ctrl-Z does: the shell waits for every process in it, such as npx. SIGTSTP must have no
 * listener. Resolves once it is continued.
 */
export function stopJob(proc: Process, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const resume = (): void => {
      cancel();
      proc.off('SIGCONT', resume);
      resolve();
    };
    const cancel = clock.after(unstoppedMs, resume);
    proc.on('SIGCONT', resume);
    try {
      proc.kill(0, 'SIGTSTP');
    } catch {
      resume();
    }
  });
}

// What the keys of a terminal that is not raw send to the foreground job.
const keySignals = ['SIGINT', 'SIGQUIT'] as const;

/** Keys that interrupt another program do not interrupt this one. @returns ends that */
export function ignoreInterrupts(proc: Process): () => void {
  const ignore = (): void => {};
  const held = keySignals.map((signal) => {
    const listeners = proc.rawListeners(signal) as ((...args: unknown[]) => void)[];
    proc.on(signal, ignore);
    for (const listener of listeners) proc.off(signal, listener);
    return { signal, listeners };
  });
  return () => {
    for (const { signal, listeners } of held) {
      for (const listener of listeners) proc.on(signal, listener);
      proc.off(signal, ignore);
    }
  };
}

const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `onEnd` before a signal ends this process. Without another listener the signal then has its usual effect.
 * @returns stops watching
 */
export function beforeEnd(proc: Process, onEnd: () => void): () => void {
  const watched = endSignals.map((signal) => {
    const onSignal = (): void => {
      onEnd();
      proc.off(signal, onSignal);
      if (proc.listenerCount(signal) === 0) proc.kill(proc.pid, signal);
    };
    proc.on(signal, onSignal);
    return () => proc.off(signal, onSignal);
  });
  return () => {
    for (const off of watched) off();
  };
}
