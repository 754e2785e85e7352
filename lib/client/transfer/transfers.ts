/** Files on their way, in both directions. Knows sessions and folders, not how transfers are shown. */
import type { Recipient } from '../../protocol/names.js';
import { fileName } from '../../protocol/names.js';
import type { Clock } from '../../system/clock.js';
import { typedPath } from '../../system/shell-words.js';
import type { Session } from '../session/session.js';
import { download, type LoadedFile, loadFile } from './download.js';
import type { Transfer, TransferContext, TransferProgress } from './transfer.js';
import { createReconnections } from './transfer.js';
import { upload } from './upload.js';

export interface TransfersDeps {
  readonly session: Pick<Session, 'ask' | 'openFileConnection' | 'hello'>;
  readonly clock: Clock;
  readonly makeKey: () => string;
  /** Where downloads go without a path; created when needed. */
  readonly downloads: string;
  readonly home: string;
  /** What relative paths are relative to. */
  readonly folder: string;
  /**
   * At each change of state, and at most 4 times a second while bytes move; never before `send` or `get` has
   * returned the transfer.
   */
  readonly report: (transfer: Transfer) => void;
}

export interface Transfers {
  /** @param path as typed, with quotes and `~` */
  send(path: string, to: Recipient): Transfer;
  /** @param path a file or folder, as typed; without it, the downloads folder and the name that the server gives */
  get(seq: number, path?: string): Transfer;
  /** Fetches a file into memory; it is none of those that are listed. @throws TransferFailed, the signal's reason */
  load(seq: number, options: LoadOptions): Promise<LoadedFile>;
  /** Without an id, the latest one. @returns undefined where there is none */
  cancel(id?: number): Transfer | undefined;
  /** To be called when the session is connected again. */
  resume(): void;
  /** Not done, failed or cancelled. */
  readonly current: readonly Transfer[];
  /** Cancels all of them, and any that is begun later. Resolves when nothing of them is left. */
  close(): Promise<void>;
}

export interface LoadOptions {
  /** The largest size in bytes. */
  readonly most: number;
  readonly signal: AbortSignal;
  readonly watch: TransferContext['update'];
}

// One at a time in each direction: a second one would only share the bandwidth.
type Queues = Record<Transfer['direction'], { last: Promise<void>; jobs: number }>;

export function createTransfers(deps: TransfersDeps): Transfers {
  const { session, clock, report } = deps;
  const reconnections = createReconnections();
  const queues: Queues = {
    send: { last: Promise.resolve(), jobs: 0 },
    get: { last: Promise.resolve(), jobs: 0 },
  };
  let jobs: Job[] = [];
  let lastId = 0;
  const closing = new AbortController();

  function begin(
    first: Pick<Transfer, 'direction' | 'name' | 'path' | 'to'>,
    work: (context: TransferContext) => Promise<void>,
  ) {
    const queue = queues[first.direction];
    lastId += 1;
    const state = queue.jobs > 0 ? 'waiting' : first.direction === 'send' ? 'hashing' : 'moving';
    const job = createJob(
      { id: lastId, ...first, size: undefined, done: 0, progress: { state } },
      { clock, report },
    );
    jobs.push(job);
    queue.jobs += 1;
    queue.last = queue.last
      .then(() =>
        job.run(() => work({ session, clock, reconnections, signal: job.signal, update: job.update })),
      )
      .then(() => {
        queue.jobs -= 1;
        jobs = jobs.filter((other) => other !== job);
      });
    if (closing.signal.aborted) queueMicrotask(job.cancel);
    return job.transfer;
  }
  const underWay = () => jobs.filter((job) => !job.over);

  return {
    send(typed, to) {
      const path = typedPath(typed, deps);
      const name = fileName(path);
      const key = deps.makeKey();
      return begin({ direction: 'send', name, path, to }, (context) =>
        upload(context, { path, name, key, to }),
      );
    },
    get(seq, path) {
      const first = { direction: 'get', name: `file ${seq}`, path: undefined } as const;
      return begin(first, (context) => download(context, { seq, path, folders: deps }));
    },
    load(seq, { most, signal: given, watch }) {
      const signal = AbortSignal.any([given, closing.signal]);
      return loadFile({ session, clock, reconnections, signal, update: watch }, { seq, most });
    },
    cancel(id) {
      const job =
        id === undefined ? underWay().at(-1) : underWay().find(({ transfer }) => transfer.id === id);
      job?.cancel();
      return job?.transfer;
    },
    resume: reconnections.reconnected,
    get current() {
      return underWay().map(({ transfer }) => transfer);
    },
    async close() {
      closing.abort();
      for (const job of underWay()) job.cancel();
      await Promise.all([queues.send.last, queues.get.last]);
    },
  };
}

interface Job {
  readonly transfer: Transfer;
  /** Done, failed or cancelled. */
  readonly over: boolean;
  readonly signal: AbortSignal;
  /** Does nothing once it is over. */
  readonly update: TransferContext['update'];
  cancel(): void;
  /** Resolves when `work` has settled: done or failed. Does nothing once cancelled. */
  run(work: () => Promise<void>): Promise<void>;
}

interface JobDeps {
  readonly clock: Clock;
  readonly report: (transfer: Transfer) => void;
}

const reportMs = 250;
const ends: ReadonlySet<TransferProgress['state']> = new Set(['done', 'failed', 'cancelled']);

function createJob(first: Transfer, { clock, report }: JobDeps): Job {
  const controller = new AbortController();
  let transfer = first;
  let reportedAt = Number.NEGATIVE_INFINITY;

  const isOver = () => ends.has(transfer.progress.state);
  const update: TransferContext['update'] = (change) => {
    if (isOver()) return;
    const before = transfer.progress.state;
    transfer = { ...transfer, ...change };
    const now = clock.ticks();
    if (transfer.progress.state === before && now - reportedAt < reportMs) return;
    reportedAt = now;
    report(transfer);
  };

  return {
    get transfer() {
      return transfer;
    },
    get over() {
      return isOver();
    },
    signal: controller.signal,
    update,
    cancel() {
      update({ progress: { state: 'cancelled' } });
      controller.abort();
    },
    async run(work) {
      if (controller.signal.aborted) return;
      try {
        await work();
        update({ progress: { state: 'done' } });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        update({ progress: { state: 'failed', why } });
      }
    },
  };
}
