/** Clears away what is no longer kept: old messages, rooms that ended, files that nobody refers to. */
import { limits } from '../../protocol/limits.js';
import type { Blobs } from '../../store/blobs.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { Log } from '../log.js';

/** What is kept: for so many milliseconds, or so many messages of each conversation; without either, all. */
export interface Retention {
  readonly ms?: number;
  readonly messages?: number;
}

export interface Cleanup {
  /** Does `work`, during which the file of this hash stays, whether somebody refers to it or not. */
  hold<Value>(hash: string, work: () => Promise<Value>): Promise<Value>;
  /** Clears in a while; several wishes make one clearing. */
  soon(): void;
  /** Clears now, and then every hour; resolves when it is done for now. */
  run(): Promise<void>;
  close(): Promise<void>;
}

export interface CleanupDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Retention;
}

/** Entries of one transaction: at 1 ms each among a million, people who talk meanwhile wait 10 ms. */
const batch = 10;
const soonMs = 1_000;
const hourMs = 60 * 60_000;

export function createCleanup({ store, blobs, clock, log, retention }: CleanupDeps): Cleanup {
  const held = new Map<string, number>();
  let wished = false;
  let closed = false;
  let cancel = (): void => {};
  // One after the other: a file must not go while somebody keeps the same bytes again.
  let queue: Promise<unknown> = Promise.resolve();

  function alone<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  }

  function release(hash: string): void {
    const left = (held.get(hash) ?? 1) - 1;
    if (left === 0) held.delete(hash);
    else held.set(hash, left);
  }

  async function pruneAll(): Promise<void> {
    const { ms, messages } = retention;
    const before = ms === undefined ? {} : { before: clock.now() - ms };
    const keep = messages === undefined ? {} : { keep: messages };
    for (let gone = batch; gone === batch && !closed; ) {
      gone = await store.prune({ ...before, ...keep, limit: batch });
    }
  }

  async function clearFiles(): Promise<void> {
    for await (const hashes of blobs.list()) {
      if (closed) return;
      await alone(async () => {
        for (const hash of await store.unreferenced(hashes)) {
          if (!held.has(hash)) await blobs.remove(hash);
        }
      });
    }
  }

  async function clear(): Promise<void> {
    await pruneAll();
    await blobs.discardBefore(clock.now() - limits.partialMs);
    await clearFiles();
  }

  let running: Promise<void> | undefined;
  function run(): Promise<void> {
    cancel();
    if (running !== undefined) wished = true;
    running ??= clear()
      .catch((error: unknown) => log.error('clearing failed', error))
      .finally(() => {
        running = undefined;
        const wait = wished ? soonMs : hourMs;
        wished = false;
        if (!closed) cancel = clock.after(wait, run);
      });
    return running;
  }

  return {
    async hold(hash, work) {
      held.set(hash, (held.get(hash) ?? 0) + 1);
      try {
        // After what is being removed now.
        await alone(async () => {});
        return await work();
      } finally {
        release(hash);
      }
    },
    soon() {
      if (closed) return;
      if (running !== undefined) {
        wished = true;
        return;
      }
      cancel();
      cancel = clock.after(soonMs, run);
    },
    run,
    async close() {
      closed = true;
      cancel();
      await running;
    },
  };
}
