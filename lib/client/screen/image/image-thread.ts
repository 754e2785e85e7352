/**
 * Draws an image in a thread of its own, with limits of memory and time: whatever the image does, only the thread ends. Knows
 * threads, not images.
 */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../../system/clock.js';
import { errorCode } from '../../../system/disk-errors.js';
import type { Canvas, ImageOutcome } from './draw-image.js';

export interface ImageJob {
  readonly bytes: Uint8Array;
  readonly canvas: Canvas;
}

interface ImageThreadDeps {
  readonly clock: Clock;
  /** Ends the thread. */
  readonly signal: AbortSignal;
  readonly script?: URL;
}

// The largest image takes about 1 s here.
const longestMs = 20_000;
// What is decoded is not in these heaps.
const heapMb = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 32 };

const failed = { refused: 'the decoder failed' };

/** @throws the signal's reason */
export async function drawInThread(
  job: ImageJob,
  { clock, signal, script = new URL('./image-worker.js', import.meta.url) }: ImageThreadDeps,
): Promise<ImageOutcome> {
  signal.throwIfAborted();
  const worker = new Worker(script, {
    ...{ workerData: job, name: 'image', resourceLimits: heapMb },
    // It gets nothing of this process; what decoders print would end up on the screen.
    ...{ env: {}, argv: [], execArgv: [], stdin: false, stdout: true, stderr: true },
  });
  return new Promise((resolve, reject) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', abort);
      void worker.terminate();
    };
    const settle = (outcome: ImageOutcome): void => {
      end();
      resolve(outcome);
    };
    const abort = (): void => {
      end();
      reject(signal.reason);
    };
    const cancel = clock.after(longestMs, () => settle({ refused: 'it takes too long to decode' }));
    signal.addEventListener('abort', abort);
    worker.on('message', settle);
    worker.on('error', (error) => {
      const outOfMemory = errorCode(error) === 'ERR_WORKER_OUT_OF_MEMORY';
      settle(outOfMemory ? { refused: 'it needs too much memory' } : failed);
    });
    worker.on('exit', () => settle(failed));
  });
}
