/** Loaded into a server (`--import`) whose memory is measured: collects garbage and writes heap snapshots when its parent asks. */
import { setFlagsFromString, writeHeapSnapshot } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

export type HeapOrder = { readonly type: 'collect' } | { readonly type: 'snapshot'; readonly file: string };

// Threads and the password hasher load it too.
if (isMainThread && process.channel) {
  process.on('message', (order: HeapOrder) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let times = 0; times < 3; times++) collect();
    if (order.type === 'snapshot') writeHeapSnapshot(order.file);
    process.send?.(process.memoryUsage());
  });
  process.channel.unref();
}
