/** The inside of a database thread: messages in, messages out. Knows no SQL. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Change } from '../peer-store.js';
import type { Failure } from './failure.js';
import type { BatchResult, CallOutcome } from './group-commit.js';
import type { MethodCall } from './methods.js';

/** An open database on which batches of calls run. Blocks meanwhile. */
export interface DatabaseConnection {
  /** @returns in order, together of all calls */
  run(calls: readonly MethodCall[]): readonly BatchResult[];
  close(): void;
}

/** A kind of database. */
export interface Driver<Options> {
  /** @throws what `describe` puts in words */
  open(options: Options): DatabaseConnection;
  describe(error: unknown): Failure;
}

/** Where a thread finds its driver. */
export interface DriverAddress {
  /** URL of a module. */
  readonly module: string;
  /** Of its export. */
  readonly name: string;
}

export type ToWorker =
  /** The first message, unless the thread is closed before it has a database. */
  | { readonly type: 'open'; readonly database: unknown }
  | { readonly type: 'batch'; readonly calls: readonly MethodCall[] }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly changes?: readonly Change[]; readonly outcomes: readonly CallOutcome[] }
  /** It cannot be opened, or nothing can be stored any longer; the thread ends. */
  | { readonly type: 'failed'; readonly failure: Failure };

function serve(port: MessagePort, { run, close }: DatabaseConnection): void {
  const post = (message: FromWorker): void => port.postMessage(message);

  function end(): void {
    close();
    port.close();
  }

  port.on('message', (message: ToWorker) => {
    if (message.type !== 'batch') return end();
    // A message for each, so that what follows from one has happened when the next one comes.
    for (const { broken, ...done } of run(message.calls)) {
      post({ type: 'done', ...done });
      if (broken === undefined) continue;
      post({ type: 'failed', failure: broken });
      return end();
    }
  });
  post({ type: 'ready' });
}

if (parentPort === null) throw new Error('worker.js is the thread of a store and cannot run alone');
const port = parentPort;
const { module, name }: DriverAddress = workerData;
const driver: Driver<unknown> = (await import(module))[name];
// Without a further listener the thread ends.
port.once('message', (first: ToWorker) => {
  if (first.type !== 'open') return;
  try {
    serve(port, driver.open(first.database));
  } catch (error) {
    port.postMessage({ type: 'failed', failure: driver.describe(error) } satisfies FromWorker);
  }
});
