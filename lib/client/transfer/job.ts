/** One transfer from its beginning to its end, as it is told. Knows states, not files. */
import type { Clock } from '../../system/clock.js';
import type { Errand } from './errand.js';
import type { Progress, Transfer } from './transfer.js';

export interface Job {
  readonly transfer: Transfer;
  /** Done, failed or cancelled. */
  readonly over: boolean;
  readonly signal: AbortSignal;
  /** Changes nothing once it is over. */
  readonly update: Errand['update'];
  cancel(): void;
  /** Resolves when `work` has settled; it is done or failed by then. Does nothing where it was cancelled. */
  run(work: () => Promise<void>): Promise<void>;
}

export interface JobDeps {
  readonly clock: Clock;
  readonly report: (transfer: Transfer) => void;
}

const reportMs = 250;
const ends: ReadonlySet<Progress['state']> = new Set(['done', 'failed', 'cancelled']);

export function createJob(first: Transfer, { clock, report }: JobDeps): Job {
  const controller = new AbortController();
  let transfer = first;
  let reportedAt = Number.NEGATIVE_INFINITY;

  const isOver = () => ends.has(transfer.progress.state);
  const update: Errand['update'] = (change) => {
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
