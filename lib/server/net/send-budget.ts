/** The unsent bytes of all connections together, against one limit. Knows how much each has unsent, not what. */

/** A connection in the send budget. */
export interface Debtor {
  /** Bytes that the peer has not taken. */
  readonly unsent: number;
  /** Ends the connection at once; it then calls `settle(this, 0)`. */
  drop(): void;
}

export interface SendBudget {
  /** Notes what a connection has unsent now; over the limit, those with the most are dropped. */
  settle(debtor: Debtor, unsent: number): void;
  readonly total: number;
}

export function createSendBudget(limit: number): SendBudget {
  const debts = new Map<Debtor, number>();
  let total = 0;

  /** What was noted is from the last write; some of it has gone out since. */
  function refresh(): void {
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
      if (total > limit) refresh();
      while (total > limit) {
        let worst = debtor;
        for (const [other, owed] of debts) if (owed > (debts.get(worst) ?? 0)) worst = other;
        total -= debts.get(worst) ?? 0;
        debts.delete(worst);
        worst.drop();
      }
    },
  };
}
