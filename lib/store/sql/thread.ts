/**
 * A database thread, as seen from the program that it works for. Loads little, so that the thread can load while its program
 * does. Knows no SQL.
 */
import { Worker } from 'node:worker_threads';
import type { Change } from '../peer-store.js';
import type { StoreError } from '../store.js';
import { type Failure, storeError } from './failure.js';
import type { CallOutcome } from './group-commit.js';
import type { MethodCall } from './methods.js';
import type { DriverAddress, FromWorker, ToWorker } from './worker.js';

/** Loads, or has loaded and waits for a database. */
export interface LoadingThread {
  /**
   * Resolves when the database is open. Called once.
   * @throws StoreError once the thread that could not open it is gone
   */
  open(options: ThreadOptions): Promise<DatabaseThread>;
  /** Ends a thread that has no database. Resolves when it is gone. */
  close(): Promise<void>;
}

export interface ThreadOptions {
  /** For people. */
  readonly name: string;
  /** What the driver opens. */
  readonly database: unknown;
  /** The outcomes of a batch, one for each call, in order. @param changes by other servers, before it */
  readonly onOutcomes: (outcomes: readonly CallOutcome[], changes?: readonly Change[]) => void;
  /** The thread opened the database and then ended, or will end, by itself. Called once. */
  readonly onFailure: (error: StoreError) => void;
}

export interface DatabaseThread {
  send(calls: readonly MethodCall[]): void;
  /** Resolves when the database is closed, its lock released and the thread gone, however it ended. */
  close(): Promise<void>;
}

export function loadThread(driver: DriverAddress): LoadingThread {
  // execArgv: what Node was started with (a debugger, a test's loader) is not for this thread.
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    ...{ execArgv: [], name: 'store' },
    workerData: driver,
  });
  const post = (message: ToWorker): void => worker.postMessage(message);
  let phase: 'opening' | 'running' | 'closing' | 'failed' = 'opening';
  /** Why it did not open: the first reason, which the others follow from. */
  let refusal: Failure | undefined;
  let onFailure = (_: Failure): void => {};

  function fail(failure: Failure): void {
    if (phase === 'opening') refusal ??= failure;
    if (phase !== 'running') return;
    phase = 'failed';
    onFailure(failure);
  }

  worker.on('error', ({ message }) => fail(phase === 'opening' ? notStarted(message) : stopped(message)));
  const gone = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      fail(stopped(`exit code ${code}`));
      resolve();
    });
  });

  function close(): Promise<void> {
    if (phase === 'opening' || phase === 'running') post({ type: 'close' });
    phase = 'closing';
    return gone;
  }

  return {
    close,
    open(options) {
      const { name, database, onOutcomes } = options;
      const explain = (failure: Failure): StoreError => storeError(name, failure);
      onFailure = (failure) => options.onFailure(explain(failure));
      return new Promise((resolve, reject) => {
        worker.on('message', (message: FromWorker) => {
          if (message.type === 'done') return onOutcomes(message.outcomes, message.changes);
          if (message.type === 'failed') return fail(message.failure);
          phase = 'running';
          resolve({ send: (calls) => post({ type: 'batch', calls }), close });
        });
        void gone.then(() => reject(explain(refusal ?? stopped('no answer'))));
        post({ type: 'open', database });
      });
    },
  };
}

function notStarted(detail: string): Failure {
  const [reason = ''] = detail.split('\n');
  const sentence = `The database thread could not start (${reason}). If the limit on open files is too low, raise it (ulimit -n 1024, or LimitNOFILE=).`;
  return { sentence, detail };
}

function stopped(detail: string): Failure {
  return { sentence: 'The database thread stopped unexpectedly. Start the server again.', detail };
}
