/** The inside of a database thread: opens the file, answers batches, closes. Knows messages, no SQL. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import {
  closeDatabase,
  type Database,
  type DatabaseOptions,
  openDatabase,
  openReader,
  takeLock,
} from './database.js';
import { describeFailure, type Failure } from './failure.js';
import { type CallOutcome, createBatchRunner } from './group-commit.js';
import type { MethodCall } from './methods.js';
import { createOperations } from './operations.js';

export interface WorkerOptions extends DatabaseOptions {
  /** Reads only, beside a thread that writes and holds the lock. */
  readonly reader?: boolean;
}

export type ToWorker =
  | { readonly type: 'batch'; readonly calls: readonly MethodCall[] }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly outcomes: readonly CallOutcome[] }
  /** It cannot be opened, or nothing can be stored any longer; the thread ends. */
  | { readonly type: 'failed'; readonly failure: Failure };

interface OpenedDatabase {
  readonly db: Database;
  close(): void;
}

function open({ reader = false, ...options }: WorkerOptions): OpenedDatabase {
  if (reader) {
    const db = openReader(options);
    return { db, close: () => db.close() };
  }
  const lock = takeLock(options.file);
  try {
    const db = openDatabase(options);
    const close = () => {
      closeDatabase(db);
      lock.release();
    };
    return { db, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function serve(port: MessagePort, { db, close }: OpenedDatabase): void {
  const post = (message: FromWorker): void => port.postMessage(message);
  const run = createBatchRunner(db, createOperations(db));

  function end(): void {
    close();
    port.close();
  }

  port.on('message', (message: ToWorker) => {
    if (message.type === 'close') return end();
    const { outcomes, broken } = run(message.calls);
    post({ type: 'done', outcomes });
    if (broken === undefined) return;
    post({ type: 'failed', failure: broken });
    end();
  });
  post({ type: 'ready' });
}

if (parentPort === null) throw new Error('worker.js is the thread of a store and cannot run alone');
try {
  serve(parentPort, open(workerData as WorkerOptions));
} catch (error) {
  parentPort.postMessage({ type: 'failed', failure: describeFailure(error) } satisfies FromWorker);
}
