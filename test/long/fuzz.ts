/**
 * The long version of faults/fuzz. A run has about 4,000 frames: ten million are
 * `FUZZ_RUNS=2500 TAP_TIMEOUT=0 node dist/test/long/fuzz.js`.
 */
import t from 'tap';
import { fuzz } from '../support/fuzzing.js';
import { heapInUse } from '../support/heap.js';
import { runServer, serverRuns } from '../support/server-fuzz.js';

t.test('a server answers whatever people send, in flat memory', async (t) => {
  let [runs, frames, settledHeap] = [0, 0, 0];
  await fuzz(t, 100, serverRuns(1_000), async (run) => {
    frames += await runServer(run);
    // By then everything is compiled and every cache is full.
    if (++runs === 20) settledHeap = heapInUse();
    if (runs % 20 === 0) t.comment(`${frames} frames, ${Math.round(heapInUse() / 2 ** 20)} MiB`);
  });
  const growth = heapInUse() - settledHeap;
  if (runs >= 40) t.ok(growth < 16 * 2 ** 20, `the heap grew by ${growth} bytes`);
});
