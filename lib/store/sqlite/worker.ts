/** A thread with the database. Knows messages from the other side and the order of opening and closing. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createRunner, type Outcome } from './batch.js';
import type { Call } from './call.js';
import { closeDatabase, type Database, type DatabaseOptions, openDatabase, openReader } from './database.js';
import { describeFailure, type Failure } from './failure.js';
import { takeLock } from './lock.js';
import { createOperations } from './operations.js';

export interface WorkerOptions extends DatabaseOptions {
  /** For reading alone, beside a thread that writes and has the lock. */
  readonly reader?: boolean;
}

export type ToWorker =
  | { readonly type: 'batch'; readonly calls: readonly Call[] }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly outcomes: readonly Outcome[] }
  /** It cannot be opened, or nothing can be kept any more; the thread ends. */
  | { readonly type: 'failed'; readonly failure: Failure };

interface Opened {
  readonly db: Database;
  close(): void;
}

function open({ reader = false, ...options }: WorkerOptions): Opened {
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

function serve(port: MessagePort, { db, close }: Opened): void {
  const say = (message: FromWorker): void => port.postMessage(message);
  const run = createRunner(db, createOperations(db));

  function end(): void {
    close();
    port.close();
  }

  port.on('message', (message: ToWorker) => {
    if (message.type === 'close') return end();
    const { outcomes, broken } = run(message.calls);
    say({ type: 'done', outcomes });
    if (broken === undefined) return;
    say({ type: 'failed', failure: broken });
    end();
  });
  say({ type: 'ready' });
}

if (parentPort === null) throw new Error('worker.js is a database thread of a store: it does not run alone');
try {
  serve(parentPort, open(workerData as WorkerOptions));
} catch (error) {
  parentPort.postMessage({ type: 'failed', failure: describeFailure(error) } satisfies FromWorker);
}
