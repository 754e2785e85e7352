import { once } from 'node:events';
import { getHeapSpaceStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { keepYoungGenerationSmall } from '../../lib/system/young-generation.js';

function youngBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0;
}

/** Objects that live for a while: for these it would grow. */
function allocate(): void {
  const kept: unknown[] = [];
  for (let i = 0; i < 2_000_000; i++) kept[i % 200_000] = { number: i, list: [i] };
}

t.test('new objects do not make it grow, also after the start of a thread', async (t) => {
  t.teardown(() => process.removeAllListeners('worker'));
  keepYoungGenerationSmall(process);
  const before = youngBytes();
  allocate();
  t.ok(youngBytes() <= before, 'before');
  const thread = new Worker('setTimeout(() => {}, 60_000)', { eval: true });
  await once(thread, 'online');
  allocate();
  t.ok(youngBytes() <= before, `${youngBytes()} bytes, ${before} before`);
  await thread.terminate();
});
