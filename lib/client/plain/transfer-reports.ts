/** Transfers as lines: one at each change of state, and at each quarter. Knows words, no stream. */
import { isOver, percentOf, transferWords } from '../text/transfer-words.js';
import type { Transfer } from '../transfer/transfer.js';
import type { Transfers } from '../transfer/transfers.js';

export interface TransferReports {
  readonly report: (transfer: Transfer) => void;
  /** Resolves when no transfer is in progress. */
  idle(transfers: Pick<Transfers, 'current'>): Promise<void>;
}

export interface TransferReportsDeps {
  readonly show: (words: string) => void;
  /** One of them failed. */
  readonly failed: () => void;
}

export function createTransferReports({ show, failed }: TransferReportsDeps): TransferReports {
  // The stage of each that was shown last.
  const shown = new Map<number, string>();
  let waiting: (() => void)[] = [];

  function wake(): void {
    const woken = waiting;
    waiting = [];
    for (const each of woken) each();
  }

  return {
    report(transfer) {
      const { id, direction, progress } = transfer;
      const quarter = Math.floor((percentOf(transfer) ?? 0) / 25);
      const stage = progress.state === 'moving' ? `moving ${quarter}` : progress.state;
      // The message with the file says that it was sent.
      const announced = direction === 'send' && progress.state === 'done';
      if (!announced && shown.get(id) !== stage) show(transferWords(transfer));
      shown.set(id, stage);
      if (!isOver(transfer)) return;
      shown.delete(id);
      if (progress.state === 'failed') failed();
      wake();
    },
    async idle(transfers) {
      while (transfers.current.length > 0) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
    },
  };
}
