/** The outside of a database thread: its start, its outcomes, its end. Knows neither methods nor SQL. */
import { Worker } from 'node:worker_threads';
import type { Failure } from './failure.js';
import type { CallOutcome } from './group-commit.js';
import type { MethodCall } from './methods.js';
import type { FromWorker, ToWorker, WorkerOptions } from './worker.js';

export interface ThreadOptions {
  readonly database: WorkerOptions;
  /** The outcomes of a batch, one for each call, in order. */
  readonly onOutcomes: (outcomes: readonly CallOutcome[]) => void;
  /** The thread opened the database and then ended, or will end, by itself. Called once. */
  readonly onFailure: (failure: Failure) => void;
}

export interface DatabaseThread {
  send(calls: readonly MethodCall[]): void;
  /** Resolves when the database is closed, its lock released and the thread gone, however it ended. */
  close(): Promise<void>;
}

export type ThreadStart =
  | { readonly ok: true; readonly thread: DatabaseThread }
  | { readonly ok: false; readonly failure: Failure };

type Phase =
  | { readonly name: 'opening'; readonly failure: Failure }
  | { readonly name: 'running' }
  | { readonly name: 'closing' }
  | { readonly name: 'failed' };

/** Resolves when the database is open, or when the thread that could not open it is gone. */
export function startThread({ database, onOutcomes, onFailure }: ThreadOptions): Promise<ThreadStart> {
  // execArgv: what Node was started with (a debugger, a test's loader) is not for this thread.
  const url = new URL('./worker.js', import.meta.url);
  const worker = new Worker(url, { workerData: database, execArgv: [], name: 'store' });
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let phase: Phase = { name: 'opening', failure: stopped('no answer') };

  function fail(failure: Failure): void {
    if (phase.name === 'opening') phase = { name: 'opening', failure };
    if (phase.name !== 'running') return;
    phase = { name: 'failed' };
    onFailure(failure);
  }

  const thread: DatabaseThread = {
    send: (calls) => worker.postMessage({ type: 'batch', calls } satisfies ToWorker),
    close() {
      if (phase.name === 'running') worker.postMessage({ type: 'close' } satisfies ToWorker);
      phase = { name: 'closing' };
      return gone;
    },
  };

  return new Promise((resolve) => {
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'done') return onOutcomes(message.outcomes);
      if (message.type === 'failed') return fail(message.failure);
      phase = { name: 'running' };
      resolve({ ok: true, thread });
    });
    worker.on('error', (error) => fail(stopped(error.message)));
    worker.on('exit', (code) => {
      if (phase.name === 'opening') resolve({ ok: false, failure: phase.failure });
      fail(stopped(`exit code ${code}`));
    });
  });
}

function stopped(detail: string): Failure {
  return { sentence: 'The database thread stopped unexpectedly. Start the server again.', detail };
}
