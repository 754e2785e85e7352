/** The inside of a thread that draws one image. */
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { drawImage } from './draw-image.js';
import type { ImageJob } from './image-thread.js';

// Resource limits do not count WebAssembly. 64 KiB each: 512 MiB, of which a decoder needs up to 400.
setFlagsFromString('--wasm-max-mem-pages=8192');

const { bytes, canvas } = workerData as ImageJob;
parentPort?.postMessage(await drawImage(Buffer.from(bytes), canvas));
