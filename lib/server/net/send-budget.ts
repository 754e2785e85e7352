/**
 * The unsent bytes of all connections together, against one limit. Knows amounts and who owes them, not
 * sockets.
 */

export interface Debtor {
  /** Bytes this one has not got rid of. */
  readonly unsent: number;
  /** Ends it at once; it then settles with `settle(this, 0)`. */
  sacrifice(): void;
}

export interface SendBudget {
  /** Notes what a connection owes now; over the limit, those that owe most are sacrificed. */
  settle(debtor: Debtor, unsent: number): void;
  readonly total: number;
}

export function createSendBudget(limit: number): SendBudget {
  const debts = new Map<Debtor, number>();
  let total = 0;

  /** What was noted is what was owed at the last write; by now some of it has gone out. */
  function reckon(): void {
    total = 0;
    for (const debtor of debts.keys()) {
      debts.set(debtor, debtor.unsent);
      total += debtor.unsent;
    }
  }

  return {
    get total() {
      return total;
    },
    settle(debtor, unsent) {
      total += unsent - (debts.get(debtor) ?? 0);
      if (unsent === 0) debts.delete(debtor);
      else debts.set(debtor, unsent);
      if (total > limit) reckon();
      while (total > limit) {
        let worst = debtor;
        for (const [other, owed] of debts) if (owed > (debts.get(worst) ?? 0)) worst = other;
        total -= debts.get(worst) ?? 0;
        debts.delete(worst);
        worst.sacrifice();
      }
    },
  };
}
