/** Signals: the first ends a command gracefully, the second at once. */
import type { StopSignal } from '../client/front-end.js';
import { limits } from '../protocol/limits.js';
import { systemClock } from '../system/clock.js';
import { Exit, type ExitName, type Io } from './command.js';

export interface Stop {
  /** Aborted by the first signal, with its name as the reason. */
  readonly signal: AbortSignal;
  /** Rejects at the first signal, with an Exit that has no message. */
  readonly first: Promise<never>;
  /** The same at the second signal. */
  readonly second: Promise<never>;
  /** Restores the default meaning of signals. */
  release(): void;
}

export const signalExit = {
  SIGINT: 'interrupted',
  SIGTERM: 'terminated',
  SIGHUP: 'hangup',
} as const satisfies Record<StopSignal, ExitName>;

/** For the help of commands that run until a signal. */
export const signalExits = ['hangup', 'interrupted', 'terminated'] as const;

/** @param names the signals that end this command */
export function watchSignals(
  signals: Io['signals'],
  names: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'],
): Stop {
  const controller = new AbortController();
  const [first, second] = [refusable(), refusable()];
  const handlers = names.map((name) => {
    const onSignal = (): void => {
      const exit = new Exit(signalExit[name]);
      if (controller.signal.aborted) second.refuse(exit);
      controller.abort(name);
      first.refuse(exit);
    };
    signals.on(name, onSignal);
    return () => signals.off(name, onSignal);
  });
  return {
    signal: controller.signal,
    first: first.promise,
    second: second.promise,
    release() {
      for (const off of handlers) off();
    },
  };
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
}

/**
 * Closes a server gracefully, unless that takes too long or a second signal comes.
 * @returns whether there was time for all of it
 * @throws Exit for the second signal
 */
export async function endServer(
  server: { close(): Promise<void>; abandon(): Promise<void> },
  stop: Stop,
): Promise<boolean> {
  try {
    return await Promise.race([server.close().then(() => true), stop.second, timeUp()]);
  } finally {
    await server.abandon();
  }
}

/** Resolves after the longest time that closing may take, if the database is to be closed in what is left of `drainMs`. */
function timeUp(): Promise<false> {
  return new Promise((done) => void setTimeout(() => done(false), limits.drainMs - limits.abandonMs).unref());
}

function refusable(): { promise: Promise<never>; refuse: (error: Error) => void } {
  let refuse: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  // It may have no listener.
  promise.catch(() => {});
  return { promise, refuse };
}

/** Stops this program's job, as Ctrl-Z does. Resolves when it is continued. */
export async function suspend(): Promise<void> {
  const { stopJob } = await import('../client/screen/terminal/job.js');
  return stopJob(process, systemClock);
}
