/** Transfers told line by line: at each change, and at each quarter. Knows words, no stream. */

import { isOver, percentOf, transferWords } from '../text/transfer-words.js';
import type { Transfer } from '../transfer/transfer.js';
import type { Transfers } from '../transfer/transfers.js';

export interface Reports {
  readonly report: (transfer: Transfer) => void;
  /** Resolves when nothing is on its way any more. */
  over(transfers: Pick<Transfers, 'current'>): Promise<void>;
}

export interface ReportsDeps {
  readonly tell: (words: string) => void;
  /** One of them failed. */
  readonly failed: () => void;
}

export function createReports({ tell, failed }: ReportsDeps): Reports {
  // What was told of each last.
  const told = new Map<number, string>();
  let waiting: (() => void)[] = [];

  function wake(): void {
    const all = waiting;
    waiting = [];
    for (const each of all) each();
  }

  return {
    report(transfer) {
      const { id, progress } = transfer;
      const quarter = Math.floor((percentOf(transfer) ?? 0) / 25);
      const stage = progress.state === 'moving' ? `moving ${quarter}` : progress.state;
      if (told.get(id) !== stage) tell(transferWords(transfer));
      told.set(id, stage);
      if (!isOver(transfer)) return;
      told.delete(id);
      if (progress.state === 'failed') failed();
      wake();
    },
    async over(transfers) {
      while (transfers.current.length > 0) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
    },
  };
}
