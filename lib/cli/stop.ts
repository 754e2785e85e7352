/** What signals mean to a command: the first ends it in good order, the second at once. */
import type { StopSignal } from '../client/front-end.js';
import { limits } from '../protocol/limits.js';
import { Exit, exitCode } from './exit.js';
import type { Io } from './io.js';

export interface Stop {
  /** Aborted by the first signal, with its name as the reason. */
  readonly signal: AbortSignal;
  /** Rejects with an Exit without a message at the first signal. */
  readonly first: Promise<never>;
  /** The same at the second signal. */
  readonly second: Promise<never>;
  /** Signals have their usual meaning again. */
  release(): void;
}

export const signalExit = {
  SIGINT: exitCode.interrupted,
  SIGTERM: exitCode.terminated,
  SIGHUP: exitCode.hangup,
} as const satisfies Record<StopSignal, number>;

/** @param names those that end this command */
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
 * Ends a server: gracefully, unless that takes longer than was promised or a second signal comes.
 * @throws Exit for the second signal
 */
export async function endServer(
  server: { close(): Promise<void>; abandon(): Promise<void> },
  stop: Stop,
): Promise<void> {
  try {
    await Promise.race([server.close(), stop.second, drained()]);
  } finally {
    await server.abandon();
  }
}

/** Resolves when waiting any longer for those who do not go would break a promise. */
function drained(): Promise<void> {
  return new Promise((done) => void setTimeout(done, limits.drainMs).unref());
}

function refusable(): { promise: Promise<never>; refuse: (error: Error) => void } {
  let refuse: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  // Nobody may be waiting for it.
  promise.catch(() => {});
  return { promise, refuse };
}
