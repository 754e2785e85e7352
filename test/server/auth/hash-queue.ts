import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { createHashQueue } from '../../../lib/server/auth/hash-queue.js';
import { createRateLimiter } from '../../../lib/server/rate-limiter.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { turns } from '../../support/turns.js';

interface Pace {
  readonly burst: number;
  readonly perSecond: number;
}

/** A queue whose turns are recorded, and end when the test says so. */
function setUp(rate: Pace = { burst: 1_000, perSecond: 1_000 }, familiar: readonly string[] = []) {
  const clock = createFakeClock();
  const queue = createHashQueue({
    clock,
    atOnce: 1,
    pace: createRateLimiter(rate, clock),
    isFamiliar: ({ name, signedIn }) => signedIn || familiar.includes(name),
  });
  const served: string[] = [];
  let release = (): void => {};

  function ask(name: string, address = '192.0.2.1', asker = { address, alive: true }, signedIn = false) {
    const done = queue.run({ asker, name, signedIn }, () => {
      served.push(signedIn ? `${name}, signed in` : name);
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    return {
      asker,
      outcome: done.then(
        () => 'done',
        ({ code }) => code,
      ),
    };
  }

  /** Ends as many turns, one after the other. @returns who had them since the last call */
  async function finish(count: number): Promise<string[]> {
    for (let n = 0; n < count; n++) {
      release();
      await turns(1);
    }
    return served.splice(0, count);
  }
  return { clock, ask, finish, served };
}

t.test('those of one address and one account have their turns in order', async (t) => {
  const { ask, finish } = setUp();
  for (const name of ['a', 'b', 'c']) ask(name);
  t.same(await finish(3), ['a', 'b', 'c']);
});

t.test('many jobs of one address delay another address by one', async (t) => {
  const { ask, finish } = setUp();
  for (let n = 0; n < 20; n++) ask(`guess${n}`);
  await finish(2);
  ask('ana', '192.0.2.2');
  await finish(1);
  t.same(await finish(1), ['ana']);
});

t.test('jobs of one IPv6 network share their turns', async (t) => {
  const { ask, finish } = setUp();
  for (let n = 0; n < 20; n++) ask(`guess${n}`, `2001:db8::${n}`);
  await finish(2);
  ask('ana', '2001:db8:1::1');
  await finish(1);
  t.same(await finish(1), ['ana']);
});

t.test('many jobs of one account delay another account of the same address by one', async (t) => {
  const { ask, finish } = setUp();
  for (let n = 0; n < 20; n++) ask('victim');
  await finish(2);
  ask('ana');
  await finish(1);
  t.same(await finish(1), ['ana']);
});

t.test('a connection that had a turn goes after one that had none', async (t) => {
  const { ask, finish } = setUp();
  const guessing = { address: '192.0.2.1', alive: true };
  ask('guess1', '192.0.2.1', guessing);
  for (let n = 2; n < 9; n++) ask(`guess${n}`, '192.0.2.1', guessing);
  ask('ana');
  await finish(1);
  t.same(await finish(1), ['ana']);
});

t.test('a job whose connection has gone is dropped', async (t) => {
  const { ask, finish } = setUp();
  ask('first');
  const left = Array.from({ length: limits.hashQueue }, (_, n) => ask(`left${n}`));
  for (const { asker } of left) asker.alive = false;
  const late = ask('ana');
  t.same(await finish(2), ['first', 'ana'], 'and takes no place in the queue');
  t.equal(await late.outcome, 'done');
  t.same(new Set(await Promise.all(left.map(({ outcome }) => outcome))), new Set(['signed-out']));
});

t.test('a full queue refuses the one with the most turns', async (t) => {
  const { ask, finish } = setUp();
  ask('guess');
  const guesses = Array.from({ length: limits.hashQueue }, (_, n) => ask(`guess${n}`));
  const refused = ask('guess');
  t.equal(await refused.outcome, 'busy');
  const ana = ask('ana', '192.0.2.2');
  t.equal(await guesses.at(-1)?.outcome, 'busy', 'not the newcomer');
  await finish(2);
  t.equal(await ana.outcome, 'done');
});

t.test('an address beyond its pace waits for its turn', async (t) => {
  const { clock, ask, finish, served } = setUp({ burst: 2, perSecond: 1 });
  for (const name of ['a', 'b', 'c', 'd']) ask(name);
  t.same(await finish(2), ['a', 'b']);
  t.same(served, [], 'although no one else is there');
  ask('ana', '192.0.2.2');
  t.same(await finish(1), ['ana'], 'others do not wait for it');
  clock.advance(1_000);
  t.same(await finish(1), ['c']);
  clock.advance(1_000);
  t.same(await finish(1), ['d']);
});

t.test('signed-in people and those who came in from there do not wait for their address', async (t) => {
  const { ask, finish } = setUp({ burst: 1, perSecond: 0.001 }, ['ana']);
  for (let n = 0; n < 9; n++) ask(`guess${n}`);
  ask('ana');
  ask('ben', '192.0.2.1', { address: '192.0.2.1', alive: true }, true);
  t.same(await finish(3), ['guess0', 'ana', 'ben, signed in']);
});

t.test('guesses at an account take no turn from its owner who is signed in', async (t) => {
  const { ask, finish } = setUp(undefined, ['ana']);
  for (let n = 0; n < 9; n++) ask('ana');
  await finish(3);
  ask('ana', '192.0.2.1', undefined, true);
  ask('ana');
  await finish(1);
  t.same(await finish(1), ['ana, signed in']);
});
