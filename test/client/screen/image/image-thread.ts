import { getHeapStatistics } from 'node:v8';
import { deflateSync } from 'node:zlib';
import t from 'tap';
import type { Canvas } from '../../../../lib/client/screen/image/draw-image.js';
import { drawInThread } from '../../../../lib/client/screen/image/image-thread.js';
import { systemClock } from '../../../../lib/system/clock.js';
import { createFakeClock } from '../../../support/fake-clock.js';
import { jpeg, png, pngOf, redAndBlue } from '../../../support/images.js';

const canvas: Canvas = {
  method: 'half-blocks',
  columns: 10,
  rows: 10,
  cell: { width: 8, height: 16 },
  theme: 'dark',
  colors: 256,
};
const signal = new AbortController().signal;
const deps = { clock: systemClock, signal };
/** A thread that does this instead. */
const script = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(source)}`);
const job = { bytes: png(2, 2, redAndBlue(2)), canvas };

t.test('an image is drawn in a thread', async (t) => {
  t.match(await drawInThread(job, deps), { width: 2, height: 2, drawing: { rows: [/▀/] } });
  const photo = { bytes: await jpeg(16, 16, redAndBlue(16)), canvas };
  t.match(await drawInThread(photo, deps), { width: 16, height: 16 });
  const none = { bytes: Buffer.from('none'), canvas };
  t.match(await drawInThread(none, deps), { refused: /neither/ });
});

t.test('WebAssembly gets no more than 512 MiB', async (t) => {
  const source = `
    import { parentPort } from 'node:worker_threads';
    const memory = new WebAssembly.Memory({ initial: 1 });
    try { memory.grow(8192); parentPort.postMessage({ refused: 'grown' }); }
    catch (error) { parentPort.postMessage({ refused: error.message }); }`;
  await drawInThread(job, deps);
  t.match(await drawInThread(job, { ...deps, script: script(source) }), { refused: /Unable to grow/ });
});

t.test('a thread that runs out of memory ends alone', async (t) => {
  const source = 'const all = []; for (;;) all.push(new Array(10_000).fill({}));';
  t.match(await drawInThread(job, { ...deps, script: script(source) }), { refused: /too much memory/ });
  t.ok(getHeapStatistics().malloced_memory > 0, 'this one goes on');
});

t.test('a thread that throws, exits or cannot start ends alone', async (t) => {
  for (const source of [
    'throw new Error("no")',
    'process.exit(0)',
    'process.exit(3)',
    'import "./none.js"',
    '}',
  ])
    t.match(
      await drawInThread(job, { ...deps, script: script(source) }),
      { refused: /decoder failed/ },
      source,
    );
});

t.test('a thread that does not end is ended', async (t) => {
  const clock = createFakeClock();
  const drawn = drawInThread(job, { clock, signal, script: script('for (;;);') });
  clock.advance(20_000);
  t.match(await drawn, { refused: /too long/ });
  t.equal(clock.pending, 0);
});

t.test('a drawing can be stopped', async (t) => {
  const clock = createFakeClock();
  const stopping = new AbortController();
  const drawn = drawInThread(job, { clock, signal: stopping.signal, script: script('for (;;);') });
  stopping.abort(new Error('stopped'));
  await t.rejects(drawn, { message: 'stopped' });
  t.equal(clock.pending, 0);
  await t.rejects(drawInThread(job, { clock, signal: stopping.signal }), { message: 'stopped' });
});

t.test('it gets neither the environment nor the arguments', async (t) => {
  const source = `
    import { parentPort } from 'node:worker_threads';
    parentPort.postMessage({ refused: JSON.stringify([Object.keys(process.env), process.argv.length]) });`;
  t.match(await drawInThread(job, { ...deps, script: script(source) }), { refused: '[[],1]' });
});

t.test('the largest image fits into the limits', async (t) => {
  const [width, height] = [5000, 5000];
  const packed = deflateSync(Buffer.alloc(height * (1 + width * 4)));
  const bytes = pngOf({ width, height, type: 6, packed });
  t.match(await drawInThread({ bytes, canvas }, deps), { width, height });
});
