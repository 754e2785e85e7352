/** Deletes what is no longer needed: old messages, interrupted uploads and unreferenced files. Decides no access. */
import { limits } from '../../protocol/limits.js';
import type { Blobs } from '../../store/blobs.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { Log } from '../log.js';
import type { Notices } from '../notices.js';
import { createTrustedTime, type Timekeeping, type TrustedTime } from './trusted-time.js';

/** How long messages are kept, or how many per conversation; by default all. */
export interface Retention {
  readonly ms?: number;
  readonly messages?: number;
}

export interface Cleanup {
  /** Runs `work` while the file with this hash is kept, even if it is unreferenced. */
  hold<Value>(hash: string, work: () => Promise<Value>): Promise<Value>;
  /** Schedules a run; several calls make one run. */
  soon(): void;
  /** Runs now, and then every hour; resolves when this run is done. */
  run(): Promise<void>;
  close(): Promise<void>;
}

interface CleanupDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Log;
  readonly live: {
    /** May change; from the next run on. */
    readonly retention: Retention;
  };
  readonly timekeeping?: Timekeeping | undefined;
  readonly notices: Notices;
  /** Called when messages are gone. */
  readonly onPruned: () => void;
}

/** Entries per transaction: 1 ms each with a million of them, so posts in the meantime wait 10 ms. */
const batch = 10;
const soonMs = 1_000;
const hourMs = 60 * 60_000;

export function createCleanup(deps: CleanupDeps): Cleanup {
  const { clock, log, live, timekeeping, notices } = deps;
  const keepMs = live.retention.ms ?? limits.partialMs;
  const time = createTrustedTime({ clock, log, timekeeping, keepMs, shared: deps.store.peering?.now });
  const held = createHeldFiles();
  let running: Promise<void> | undefined;
  let requested = false;
  let closed = false;
  let cancel = (): void => {};

  async function cleanUp(): Promise<void> {
    await prune(deps, time, () => closed);
    await deps.blobs.discardBefore((await time.now()) - limits.partialMs);
    await removeUnreferenced(deps, time, held, () => closed);
  }

  function run(): Promise<void> {
    cancel();
    if (running !== undefined) requested = true;
    running ??= cleanUp()
      .catch((error: unknown) => {
        notices.examine(error);
        log.error('cleanup failed', error);
      })
      .finally(() => {
        running = undefined;
        const wait = requested ? soonMs : hourMs;
        requested = false;
        if (!closed) cancel = clock.after(wait, run);
      });
    return running;
  }

  return {
    hold: held.hold,
    soon() {
      if (closed) return;
      if (running !== undefined) {
        requested = true;
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

async function prune(
  { store, clock, log, live, onPruned }: CleanupDeps,
  time: TrustedTime,
  isClosed: () => boolean,
): Promise<void> {
  const { ms, messages } = live.retention;
  const before = ms === undefined ? {} : { before: (await time.now()) - ms, now: clock.now() };
  const keep = messages === undefined ? {} : { keep: messages };
  let count = 0;
  try {
    for (let pruned = batch; pruned >= batch && !isClosed(); count += pruned) {
      pruned = await store.prune({ ...before, ...keep, limit: batch });
      if (pruned > 0) onPruned();
    }
  } finally {
    if (count > 0) log.info('old messages deleted', { count });
  }
}

async function removeUnreferenced(
  { store, blobs, log, notices }: CleanupDeps,
  time: TrustedTime,
  held: HeldFiles,
  isClosed: () => boolean,
): Promise<void> {
  // What a database that is damaged, cut short or empty does not name may be all that is left of a message.
  const trusted = notices.texts.length === 0 && (await store.countAccounts()) > 0;
  let count = 0;
  // Another server may be about to post one that is new.
  const before = store.peering === undefined ? undefined : (await time.now()) - hourMs;
  for await (const hashes of blobs.list(before)) {
    if (isClosed() || !trusted) return;
    await held.exclusive(async () => {
      for (const hash of await store.unreferenced(hashes)) {
        if (held.has(hash)) continue;
        await blobs.remove(hash);
        count += 1;
      }
    });
  }
  if (count > 0) log.info('unused files deleted', { count });
}

type HeldFiles = ReturnType<typeof createHeldFiles>;

/** Files that must not be removed now: a file must not go while the same bytes are uploaded again. */
function createHeldFiles() {
  const counts = new Map<string, number>();
  let queue: Promise<unknown> = Promise.resolve();

  /** Runs one `work` after the other. */
  function exclusive<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  }

  function release(hash: string): void {
    const left = (counts.get(hash) ?? 1) - 1;
    if (left === 0) counts.delete(hash);
    else counts.set(hash, left);
  }

  return {
    has: (hash: string) => counts.has(hash),
    exclusive,
    async hold<Value>(hash: string, work: () => Promise<Value>): Promise<Value> {
      counts.set(hash, (counts.get(hash) ?? 0) + 1);
      try {
        // Waits for removals in progress.
        await exclusive(async () => {});
        return await work();
      } finally {
        release(hash);
      }
    },
  };
}
