/** When a turn of the event loop is over, and its writes are done. Knows callbacks, not what is written. */
export interface Flushing {
  flush(): void;
}

/** Calls `flush` when the current callback and the promises it settled are done. */
export type EndOfTurn = (flushing: Flushing) => void;

export function createEndOfTurn(): EndOfTurn {
  let due: Flushing[] = [];
  function run(): void {
    const flushing = due;
    due = [];
    for (const each of flushing) each.flush();
  }
  return (flushing) => {
    // One callback for all: thousands of members of one room are written to in one go. A microtask first, because
    // after a callback of the event loop the next tick comes before the promises.
    if (due.push(flushing) === 1) queueMicrotask(() => process.nextTick(run));
  };
}

/** Calls back when everything that connections have sent in this turn is written. */
export function afterWrites(done: () => void): void {
  // As above, later in the same two queues.
  queueMicrotask(() => process.nextTick(done));
}
