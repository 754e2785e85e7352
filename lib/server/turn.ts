/** The end of a turn: every connection that got something to send in it writes once. */

/** Has `flush` called once the callback that runs now, and the promises it settled, are done. */
export type Turn = (flush: () => void) => void;

export function createTurn(): Turn {
  let due: (() => void)[] = [];
  function run(): void {
    const flushes = due;
    due = [];
    for (const flush of flushes) flush();
  }
  return (flush) => {
    // One callback for all: thousands of members of one room are written to in one go. By way of a microtask,
    // because after a callback of the event loop the next tick comes before the promises.
    if (due.push(flush) === 1) queueMicrotask(() => process.nextTick(run));
  };
}
