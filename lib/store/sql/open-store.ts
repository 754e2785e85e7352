/** A Store on database threads: one that writes, two that only read, their start and end. Knows no database. */
import type { Change, PeerStore } from '../peer-store.js';
import type { Store, StoreError } from '../store.js';
import { type Failure, storeError } from './failure.js';
import { type CallQueue, createCallQueue } from './group-commit.js';
import { forwardTo } from './methods.js';
import type { DatabaseThread, ThreadOptions } from './thread.js';
import { createCountedCalls } from './unread.js';

/** Opens a database somewhere, on a thread of its own in this program. */
export type StartConnection = (options: ThreadOptions) => Promise<DatabaseThread>;

export interface StoreOptions {
  /** Of the database, for people. */
  readonly name: string;
  /** What the driver opens to write; and to read, on which it may add nothing. */
  readonly database: Readonly<Record<'writer' | 'reader', unknown>>;
  readonly start: StartConnection;
  /**
   * Called once if the store ends by itself: its thread died, or the disk failed so that nothing can be trusted
   * any longer. Every pending and later call rejects with the same error.
   */
  readonly onFailure: (error: StoreError) => void;
  /** Gets what other servers committed, before the answer to any call that was asked after it. */
  readonly onChanges?: (changes: readonly Change[]) => void;
}

/**
 * Calls of one turn, and those that arrive during a commit, share one transaction; each resolves when it is on
 * disk. methods.ts says which call runs on which thread.
 */
export async function openStore(options: StoreOptions): Promise<Store & PeerStore> {
  const { database } = options;
  const threads = createThreads(options);
  const writer = await threads.start(database.writer);
  const startReader = () => threads.start(database.reader, 1);
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

/** Starts threads on one database; the first failure of one ends all of them. */
function createThreads({ name, start: startOne, onFailure, onChanges }: StoreOptions) {
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
    async start(database: unknown, together?: number): Promise<QueuedThread> {
      const thread = await startOne({
        ...{ name, database },
        onOutcomes(outcomes, changes) {
          if (changes !== undefined) onChanges?.(changes);
          queue.settle(outcomes);
        },
        onFailure(error) {
          queue.fail(error);
          failAll(error);
        },
      });
      const explain = (reason: Failure) => storeError(name, reason);
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
