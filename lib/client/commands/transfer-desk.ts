/** /send, /get, /cancel and /transfers. Knows transfers and words; not how a transfer under way is shown. */

import { transferWords } from '../text/transfer-words.js';
import type { Transfers } from '../transfer/transfers.js';
import type { Place, TransferAct } from './act.js';

export interface TransferDeskDeps {
  readonly transfers: Transfers;
  readonly here: () => Place;
  readonly answer: (lines: readonly string[]) => void;
  readonly refuse: (message: string) => void;
}

export function createTransferDesk(deps: TransferDeskDeps): (act: TransferAct) => void {
  const { transfers, here, answer, refuse } = deps;
  return (act) => {
    switch (act.do) {
      case 'send':
        transfers.send(act.path, act.to ?? here());
        break;
      case 'get':
        transfers.get(act.seq, act.path);
        break;
      case 'cancel':
        if (transfers.cancel(act.transfer) === undefined)
          refuse('No such file is on its way. /transfers shows which are.');
        break;
      case 'transfers': {
        const lines = transfers.current.map((one) => `${one.id}  ${transferWords(one)}`);
        answer(lines.length === 0 ? ['Nothing is on its way.'] : lines);
        break;
      }
      default:
        act satisfies never;
    }
  };
}
