import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { StoreError, StoreInUse } from '../../../lib/store/store.js';
import { openStore, temporaryFile } from '../../support/sqlite-store.js';

const program = fileURLToPath(new URL('../../support/store-process.js', import.meta.url));

/** Another process that opens the file; what it said of that, and its end. */
async function otherProcess(t: Test, file: string): Promise<{ said: string; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [program, file, 'hold'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  t.teardown(kill);
  const [said] = await once(createInterface(child.stdout), 'line');
  return { said, kill };
}

t.test('one process only has the file open, and its end by kill -9 gives it back', async (t) => {
  const file = await temporaryFile(t);
  const other = await otherProcess(t, file);
  t.equal(other.said, 'open');
  const error = await openStore(t, file).catch((error: unknown) => error);
  t.ok(error instanceof StoreInUse && error instanceof StoreError);
  await other.kill();
  const store = await openStore(t, file);
  t.equal(await store.accounts(), 0);
  t.equal((await otherProcess(t, file)).said, 'StoreInUse');
});

t.test(
  'a second store in the same process is refused and does not loosen the lock of the first',
  async (t) => {
    const file = await temporaryFile(t);
    const store = await openStore(t, file);
    await t.rejects(openStore(t, file), { name: 'StoreInUse' });
    t.equal((await otherProcess(t, file)).said, 'StoreInUse');
    await store.close();
    t.equal((await otherProcess(t, file)).said, 'open');
  },
);

t.test('of several that open at once, one gets it', async (t) => {
  const file = await temporaryFile(t);
  const others = await Promise.all([1, 2, 3].map(() => otherProcess(t, file)));
  const here = await openStore(t, file).then(
    () => 'open',
    (error: StoreError) => error.name,
  );
  const said = [here, ...others.map((other) => other.said)].sort();
  t.same(said, ['StoreInUse', 'StoreInUse', 'StoreInUse', 'open']);
});

t.test('a store that could not be opened gives its lock back', async (t) => {
  const file = await temporaryFile(t);
  await writeFile(file, 'not a database'.repeat(100));
  await t.rejects(openStore(t, file), { name: 'StoreError' });
  await rm(file);
  t.equal(await (await openStore(t, file)).accounts(), 0);
});
