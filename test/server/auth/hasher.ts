import { readFile } from 'node:fs/promises';
import argon2 from 'argon2';
import t from 'tap';
import { createHasher } from '../../../lib/server/auth/hasher.js';
import { turns } from '../../support/turns.js';

/** Process ids of the children, from /proc (Linux). */
async function children(): Promise<number[]> {
  const list = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
  return list.split(' ').filter(Boolean).map(Number);
}

/** Resolves when the process is gone. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const list = await children();
    if (!list.includes(pid)) return;
    await turns(1);
  }
}

const withoutProc = process.platform === 'linux' ? false : 'needs /proc';
const password = 'correct horse';

t.test('a hash is argon2id (RFC 9106, second profile) and matches only its own password', async (t) => {
  const hasher = createHasher();
  t.teardown(hasher.close);
  const phc = await hasher.hash(password);
  t.match(phc, /^\$argon2id\$v=19\$m=65536,t=3,p=4\$[\w+/]+\$[\w+/]+$/);
  t.notMatch(phc, password);
  const [right, wrong, nobody] = await Promise.all([
    hasher.verify(password, phc),
    hasher.verify('correct horsf', phc),
    hasher.verify(password, undefined),
  ]);
  t.same(right, { right: true });
  t.same(wrong, { right: false });
  t.same(nobody, { right: false }, 'an unknown name answers like a wrong password');
  t.not(await hasher.hash(password), phc, 'each has its own salt');
});

t.test('an unknown name costs about as much as a wrong password', async (t) => {
  const hasher = createHasher();
  t.teardown(hasher.close);
  const phc = await hasher.hash(password);
  await hasher.verify(password, undefined);
  async function cost(check: string | undefined): Promise<number> {
    const start = performance.now();
    await hasher.verify('wrong', check);
    return performance.now() - start;
  }
  // The minimum of several, in turn: other load only makes a run slower.
  let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < 5; i++) {
    known = Math.min(known, await cost(phc));
    unknown = Math.min(unknown, await cost(undefined));
  }
  // Without the work, an answer would take a hundredth of the time.
  t.ok(unknown > known / 5, `${unknown} ms against ${known} ms`);
});

t.test('only a right password gets a new hash when the parameters are old', async (t) => {
  const hasher = createHasher();
  t.teardown(hasher.close);
  const old = await argon2.hash(password, {
    type: argon2.argon2id,
    memoryCost: 8192,
    timeCost: 2,
    parallelism: 1,
  });
  t.same(await hasher.verify('wrong', old), { right: false });
  const { right, rehashed } = await hasher.verify(password, old);
  t.equal(right, true);
  t.match(rehashed, /^\$argon2id\$v=19\$m=65536,t=3,p=4\$/);
  t.same(await hasher.verify(password, rehashed), { right: true });
});

t.test('an invalid hash fails without affecting other jobs', async (t) => {
  const hasher = createHasher();
  t.teardown(hasher.close);
  await t.rejects(hasher.verify(password, 'not a hash'));
  t.match(await hasher.hash(password), /^\$argon2id/);
});

t.test('closing refuses jobs that wait', async (t) => {
  const hasher = createHasher();
  const waiting = [hasher.hash(password), hasher.hash(password)];
  await turns(1);
  hasher.close();
  const outcomes = await Promise.allSettled(waiting);
  t.match(outcomes, [{ reason: { code: 'shutting-down' } }, { reason: { code: 'shutting-down' } }]);
});

t.test('close ends the child and refuses later calls', { skip: withoutProc }, async (t) => {
  const hasher = createHasher();
  const before = await children();
  await hasher.hash(password);
  const [child] = (await children()).filter((pid) => !before.includes(pid));
  if (child === undefined) throw new Error('There is no child.');
  hasher.close();
  await t.rejects(hasher.hash(password), { code: 'shutting-down' });
  await gone(child);
  t.doesNotThrow(() => hasher.close(), 'closing twice is fine');
});
