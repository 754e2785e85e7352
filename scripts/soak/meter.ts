/** Loaded into a server (`--import`) that a soak watches: tells its parent what only the process itself knows. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

export interface MeterReading {
  readonly heapBytes: number;
  /** Buffers and the like, outside the heap. */
  readonly externalBytes: number;
  /** What keeps the event loop alive: sockets, timers, workers. */
  readonly handles: number;
  /** Event-loop delay since the last reading. */
  readonly loopMs: { readonly p50: number; readonly p99: number };
}

const resolutionMs = 10;

// Threads and the password hasher load it too.
if (isMainThread && process.argv[1]?.endsWith('secure-chat.js') && process.channel) {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const at = (percent: number) => Math.max(0, delay.percentile(percent) / 1e6 - resolutionMs);
  process.on('message', () => {
    const { heapUsed, external } = process.memoryUsage();
    const loopMs = { p50: at(50), p99: at(99) };
    delay.reset();
    const handles = process.getActiveResourcesInfo().length;
    process.send?.({ heapBytes: heapUsed, externalBytes: external, handles, loopMs } satisfies MeterReading);
  });
  process.channel.unref();
}
