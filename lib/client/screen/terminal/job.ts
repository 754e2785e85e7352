/** This process as a shell's job: stopping, and giving way to another program. Knows signals, no terminal. */
import type { Clock } from '../../../system/clock.js';

/** `process`, or what stands for it. */
export interface Process {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  rawListeners(event: string): unknown[];
  removeAllListeners(event: string): unknown;
  listenerCount(event: string): number;
  kill(pid: number, signal: string): unknown;
  readonly pid: number;
}

// A stop takes effect at once; where it does not, as for a process without a shell, nothing will continue it.
const unstoppedMs = 100;

/**
 * Stops the whole job, as Ctrl-Z does (nobody may listen to SIGTSTP), for a program may have been started by
 * others, such as npx, that the shell waits for. Resolves once it is continued.
 */
export function stopJob(proc: Process, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const goOn = (): void => {
      cancel();
      proc.off('SIGCONT', goOn);
      resolve();
    };
    const cancel = clock.after(unstoppedMs, goOn);
    proc.on('SIGCONT', goOn);
    try {
      proc.kill(0, 'SIGTSTP');
    } catch {
      goOn();
    }
  });
}

// What the keys of a terminal that is not raw send to everybody in front.
const keySignals = ['SIGINT', 'SIGQUIT'] as const;

/** Keys that interrupt the other program do not interrupt this one, until the function returned is called. */
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
 * Calls `onEnd` before a signal ends this process. Where nobody else listens to the signal, it has its usual
 * effect then.
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
