/** A thread of the database, seen from outside: its start, its answers, its end. Knows neither calls nor SQL. */
import { Worker } from 'node:worker_threads';
import type { Outcome } from './batch.js';
import type { Call } from './call.js';
import type { Failure } from './failure.js';
import type { FromWorker, ToWorker, WorkerOptions } from './worker.js';

export interface ThreadOptions {
  readonly database: WorkerOptions;
  /** The outcomes of a batch, one for each call, in order. */
  readonly onOutcomes: (outcomes: readonly Outcome[]) => void;
  /** The thread opened the database, and then ended or will end without having been asked. Called once. */
  readonly onFailure: (failure: Failure) => void;
}

export interface Thread {
  send(calls: readonly Call[]): void;
  /** Resolves when the database is closed, its lock given back and the thread gone, whatever it ended of. */
  close(): Promise<void>;
}

export type Started =
  | { readonly ok: true; readonly thread: Thread }
  | { readonly ok: false; readonly failure: Failure };

type Phase =
  | { readonly name: 'opening'; readonly failure: Failure }
  | { readonly name: 'running' }
  | { readonly name: 'closing' }
  | { readonly name: 'failed' };

/** Resolves when the database is open, or when the thread that could not open it is gone. */
export function startThread({ database, onOutcomes, onFailure }: ThreadOptions): Promise<Started> {
  // execArgv: what Node was started with (a debugger, a test's loader) is not for this thread.
  const url = new URL('./worker.js', import.meta.url);
  const worker = new Worker(url, { workerData: database, execArgv: [], name: 'store' });
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let phase: Phase = { name: 'opening', failure: ended('no answer') };

  function fail(failure: Failure): void {
    if (phase.name === 'opening') phase = { name: 'opening', failure };
    if (phase.name !== 'running') return;
    phase = { name: 'failed' };
    onFailure(failure);
  }

  const thread: Thread = {
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
    worker.on('error', (error) => fail(ended(error.message)));
    worker.on('exit', (code) => {
      if (phase.name === 'opening') resolve({ ok: false, failure: phase.failure });
      fail(ended(`exit code ${code}`));
    });
  });
}

function ended(detail: string): Failure {
  return { sentence: 'The thread of the database ended unexpectedly. Start the server again.', detail };
}
