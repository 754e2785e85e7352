import t from 'tap';
import { ProtocolError } from '../../../lib/protocol/errors.js';
import { limits } from '../../../lib/protocol/limits.js';
import { createAttemptLimits } from '../../../lib/server/auth/attempt-limits.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { turns } from '../../support/turns.js';

function setUp() {
  const clock = createFakeClock();
  const guard = createAttemptLimits(clock);
  let address = 0;
  /** Fails from a new address each time, so that only the name counts. */
  function fail(name: string, times: number): void {
    for (let i = 0; i < times; i++) guard.failed(name, `10.1.${(address >> 8) & 255}.${address++ & 255}`);
  }
  /** Milliseconds until admitted. */
  async function delay(name: string, from = '10.9.9.9'): Promise<number> {
    const start = clock.now();
    let done = false;
    const admitted = guard.admit(name, from).then(() => {
      done = true;
    });
    await turns(1);
    while (!done) {
      clock.advance(500);
      await turns(1);
    }
    await admitted;
    return clock.now() - start;
  }
  return { clock, guard, fail, delay };
}

t.test('an address may fail ten times a minute, then it is told how long to wait', async (t) => {
  const { clock, guard } = setUp();
  for (let i = 0; i < limits.loginFailuresPerMinute; i++) {
    await guard.admit(`name${i}`, '192.0.2.1');
    guard.failed(`name${i}`, '192.0.2.1');
  }
  const refused = (address: string) =>
    guard.admit('fresh', address).then(
      () => undefined,
      (error) => error,
    );
  const error = await refused('192.0.2.1');
  t.type(error, ProtocolError);
  t.match(error, { code: 'too-many-attempts', retryAfter: 6_000 });
  t.match(await refused('::ffff:192.0.2.1'), { code: 'too-many-attempts' }, 'by another spelling too');
  t.equal(await refused('192.0.2.2'), undefined, 'others are let in');
  clock.advance(6_000);
  t.equal(await refused('192.0.2.1'), undefined, 'so is this one, after as long as it was told');
});

t.test('those that an address tries at the same time count one by one', async (t) => {
  const { clock, guard } = setUp();
  const from = '192.0.2.1';
  const tries = Array.from({ length: limits.loginFailuresPerMinute + 16 }, (_, n) => `name${n}`);
  await Promise.all(tries.map((name) => guard.admit(name, from)));
  for (const name of tries) guard.failed(name, from);
  clock.advance(16 * 6_000);
  await t.rejects(guard.admit('fresh', from), { code: 'too-many-attempts', retryAfter: 6_000 });
  clock.advance(6_000);
  await t.resolves(guard.admit('fresh', from));
});

t.test('addresses of one IPv6 network fail together', async (t) => {
  const { guard } = setUp();
  for (let i = 0; i < limits.loginFailuresPerMinute; i++) guard.failed(`name${i}`, `2001:db8::${i}`);
  await t.rejects(guard.admit('fresh', '2001:db8::ffff'), { code: 'too-many-attempts' });
  await t.resolves(guard.admit('fresh', '2001:db8:1::1'));
});

t.test(
  'an account answers slower the more often it was tried, up to a limit, and is never closed',
  async (t) => {
    const { fail, delay } = setUp();
    t.equal(await delay('ada'), 0);
    fail('ada', 2);
    t.equal(await delay('ada'), 0, 'a typing mistake costs nothing');
    fail('ada', 1);
    t.equal(await delay('ada'), 500);
    fail('ada', 1);
    t.equal(await delay('ada'), 1_000);
    fail('ada', 1_000);
    t.equal(await delay('ada'), limits.loginDelayMaxMs);
    t.equal(await delay('bob'), 0, 'another account answers at once');
  },
);

t.test('a right password ends the delay', async (t) => {
  const { guard, fail, delay } = setUp();
  fail('ada', 10);
  guard.succeeded('ada');
  t.equal(await delay('ada'), 0);
});

t.test('a quarter of an hour without a failure ends it too', async (t) => {
  const { clock, fail, delay } = setUp();
  fail('ada', 10);
  clock.advance(15 * 60_000 + 1);
  t.equal(await delay('ada'), 0);
  fail('ada', 1);
  t.equal(await delay('ada'), 0, 'and counting begins anew');
});

t.test('failures without a name make nobody else wait', async (t) => {
  const { fail, delay } = setUp();
  fail('', 1_000);
  t.equal(await delay(''), 0);
});

t.test('names that were tried are remembered in bounded number, the latest first', async (t) => {
  const { fail, delay } = setUp();
  fail('early', 10);
  for (let i = 0; i < 9_999; i++) fail(`name${i}`, 1);
  t.not(await delay('early'), 0);
  fail('one-more', 1);
  t.equal(await delay('early'), 0);
});
