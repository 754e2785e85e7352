/** Opens a Store in one SQLite file: a thread that writes, two that only read, their start and end. Knows no SQL. */
import { closeSync, fchownSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Store, StoreError } from '../store.js';
import type { DatabaseConnectionOptions } from './connection.js';
import type { DatabaseOptions } from './database.js';
import { describeFailure, type Failure, storeError } from './failure.js';
import { type CallQueue, createCallQueue } from './group-commit.js';
import { lockFile, noteFile, refuseRemains } from './last-entry.js';
import { forwardTo } from './methods.js';
import { type DatabaseThread, type LoadingThread, loadThread, type ThreadOptions } from './thread.js';
import { createCountedCalls } from './unread.js';

export interface SqliteOptions extends DatabaseOptions {
  /**
   * Called once if the store ends by itself: its thread died, or the disk failed so that nothing can be trusted
   * any longer. Every pending and later call rejects with the same error.
   */
  readonly onFailure: (error: StoreError) => void;
}

/**
 * Opens the store, creating the file (mode 0600) in a folder that exists. Beside it are FILE-wal and FILE-shm while
 * it is open, FILE-lock, which must never be removed meanwhile, FILE-last and, after a loss, FILE-loss (last-entry.ts).
 *
 * Calls of one turn, and those that arrive during a commit, share one transaction; each resolves when it is on
 * disk. methods.ts says which call runs on which thread.
 *
 * @param writer the thread that is to write, if it was started before; the caller closes it where this fails
 * @throws StoreInUse where the file is open already, in this process or another
 * @throws StoreError where it cannot be opened, with what to do
 */
export function openSqliteStore(options: SqliteOptions, writer?: LoadingThread): Promise<Store> {
  return openStoreOn((thread) => {
    const loading = thread.database.reader ? undefined : writer;
    return (loading ?? loadThread()).open(thread);
  }, options);
}

/** Opens a database somewhere, on a thread of its own in this program. */
export type StartConnection = (options: ThreadOptions) => Promise<DatabaseThread>;

/** As openSqliteStore, on what `start` starts. */
export async function openStoreOn(
  start: StartConnection,
  { file, onFailure, ...settings }: SqliteOptions,
): Promise<Store> {
  const path = resolve(file);
  try {
    refuseRemains(path);
  } catch (error) {
    throw storeError(path, describeFailure(error));
  }
  // Here and not in the thread, without a pause between open and close: see takeLock.
  makePrivate(path);
  makePrivate(lockFile(path));
  makePrivate(noteFile(path));
  const threads = createThreads(start, onFailure);
  const database = { ...settings, file: path };
  const writer = await threads.start(database);
  const startReader = () => threads.start({ ...database, reader: true }, 1);
  const [reader, background] = [createReader(startReader), createReader(startReader)];
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    if (counted.underWay.size > 0) await Promise.all(counted.underWay);
    await Promise.all([writer.queue.finish(), reader.finish(), background.finish()]);
    await Promise.all([reader.close(), background.close()]);
    await writer.thread.close();
  }

  // Once it closes, the writer's queue rejects everything.
  const unlessClosed = ({ ask }: Reader): Pick<Reader, 'ask'> => ({
    ask: (method, args) => (closing === undefined ? ask : writer.queue.ask)(method, args),
  });
  const calls = forwardTo({
    writer: writer.queue,
    ...{ reader: unlessClosed(reader), background: unlessClosed(background) },
  });
  const counted = createCountedCalls({ writer: writer.queue, countUnread: calls.countUnread });
  return {
    ...calls,
    ...counted.calls,
    async copy(copied) {
      makePrivate(copied);
      await calls.copy(copied);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

interface QueuedThread {
  readonly queue: CallQueue;
  readonly thread: DatabaseThread;
}

/** Starts threads on one file; the first failure of one ends all of them. */
function createThreads(startOne: StartConnection, onFailure: (error: StoreError) => void) {
  const started: QueuedThread[] = [];
  let failure: StoreError | undefined;

  function end({ queue, thread }: QueuedThread, error: StoreError): void {
    queue.fail(error);
    void thread.close();
  }

  function failAll(error: StoreError): void {
    for (const each of started) end(each, error);
    if (failure === undefined) onFailure(error);
    failure ??= error;
  }

  return {
    /** @param together calls in one batch, at most */
    async start(database: DatabaseConnectionOptions, together?: number): Promise<QueuedThread> {
      const thread = await startOne({
        database,
        onOutcomes: (outcomes) => queue.settle(outcomes),
        onFailure(error) {
          queue.fail(error);
          failAll(error);
        },
      });
      const explain = (reason: Failure) => storeError(database.file, reason);
      const queue = createCallQueue({
        ...{ send: thread.send, explain },
        ...(together !== undefined && { together }),
      });
      started.push({ queue, thread });
      if (failure !== undefined) end({ queue, thread }, failure);
      return { queue, thread };
    },
  };
}

interface Reader extends Pick<CallQueue, 'ask' | 'finish'> {
  close(): Promise<void>;
}

/** A thread for reads, started by the first of them. One at a time, so that none waits for the slowest of many. */
function createReader(start: () => Promise<QueuedThread>): Reader {
  let started: Promise<QueuedThread> | undefined;
  const pending = new Set<Promise<unknown>>();
  return {
    ask(method, args) {
      started ??= start().catch((error: unknown) => {
        started = undefined;
        throw error;
      });
      const answer = started.then(({ queue }) => queue.ask(method, args));
      const settled = answer.catch(() => {}).finally(() => pending.delete(settled));
      pending.add(settled);
      return answer;
    },
    async finish() {
      await Promise.all(pending);
    },
    async close() {
      const running = await started?.catch(() => undefined);
      await running?.thread.close();
    },
  };
}

/** Creates an empty file for its owner alone; an existing one stays as it is. */
function makePrivate(file: string): void {
  try {
    const made = openSync(file, 'wx', 0o600);
    // What root creates in another user's folder, that user's server has to be able to open.
    const { uid, gid } = statSync(dirname(file));
    if (process.getuid?.() === 0) fchownSync(made, uid, gid);
    closeSync(made);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && !statSync(file, { throwIfNoEntry: false })?.isDirectory()) return;
    throw new StoreError(`${file}: ${advice(code, dirname(file))}`, { cause: error });
  }
}

function advice(code: unknown, folder: string): string {
  if (code === 'EEXIST') return 'This is a folder. Move it away, or choose another data folder.';
  if (code === 'ENOENT') return `The folder ${folder} does not exist. Create it first.`;
  return `Cannot create a file in ${folder}. Check the folder's permissions and its disk.`;
}
