import t from 'tap';
import { ProtocolError } from '../../../lib/protocol/errors.js';
import { limits } from '../../../lib/protocol/limits.js';
import { createAttemptLimits } from '../../../lib/server/auth/attempt-limits.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { turns } from '../../support/turns.js';

function setUp() {
  const clock = createFakeClock();
  const attempts = createAttemptLimits(clock);
  let address = 0;
  /** Fails from a new address each time, so that only the name counts. */
  function fail(name: string, times: number): void {
    for (let i = 0; i < times; i++) attempts.failed(name, `10.1.${(address >> 8) & 255}.${address++ & 255}`);
  }
  /** Milliseconds until admitted. */
  async function delay(name: string, from = '10.9.9.9'): Promise<number> {
    const start = clock.now();
    let done = false;
    const admitted = attempts.admit(name, from).then(() => {
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
  return { clock, attempts, fail, delay };
}

t.test('an address can fail ten times a minute, then must wait', async (t) => {
  const { clock, attempts } = setUp();
  for (let i = 0; i < limits.loginFailuresPerMinute; i++) {
    await attempts.admit(`name${i}`, '192.0.2.1');
    attempts.failed(`name${i}`, '192.0.2.1');
  }
  const refused = (address: string) =>
    attempts.admit('fresh', address).then(
      () => undefined,
      (error) => error,
    );
  const error = await refused('192.0.2.1');
  t.type(error, ProtocolError);
  t.match(error, { code: 'too-many-attempts', retryAfter: 6_000 });
  t.match(await refused('::ffff:192.0.2.1'), { code: 'too-many-attempts' }, 'in another spelling too');
  t.equal(await refused('192.0.2.2'), undefined, 'others are admitted');
  clock.advance(6_000);
  t.equal(await refused('192.0.2.1'), undefined, 'so is this one after the wait');
});

t.test('concurrent attempts of one address all count', async (t) => {
  const { clock, attempts } = setUp();
  const from = '192.0.2.1';
  const tries = Array.from({ length: limits.loginFailuresPerMinute + 16 }, (_, n) => `name${n}`);
  await Promise.all(tries.map((name) => attempts.admit(name, from)));
  for (const name of tries) attempts.failed(name, from);
  clock.advance(16 * 6_000);
  await t.rejects(attempts.admit('fresh', from), { code: 'too-many-attempts', retryAfter: 6_000 });
  clock.advance(6_000);
  await t.resolves(attempts.admit('fresh', from));
});

t.test('addresses of one IPv6 network share a limit', async (t) => {
  const { attempts } = setUp();
  for (let i = 0; i < limits.loginFailuresPerMinute; i++) attempts.failed(`name${i}`, `2001:db8::${i}`);
  await t.rejects(attempts.admit('fresh', '2001:db8::ffff'), { code: 'too-many-attempts' });
  await t.resolves(attempts.admit('fresh', '2001:db8:1::1'));
});

t.test('failures delay sign-ins to the account up to a limit and never lock it', async (t) => {
  const { fail, delay } = setUp();
  t.equal(await delay('ada'), 0);
  fail('ada', 2);
  t.equal(await delay('ada'), 0, 'a typo has no effect');
  fail('ada', 1);
  t.equal(await delay('ada'), 500);
  fail('ada', 1);
  t.equal(await delay('ada'), 1_000);
  fail('ada', 1_000);
  t.equal(await delay('ada'), limits.loginDelayMaxMs);
  t.equal(await delay('bob'), 0, 'another account has no delay');
});

t.test('a success ends the delay', async (t) => {
  const { attempts, fail, delay } = setUp();
  fail('ada', 10);
  attempts.succeeded('ada');
  t.equal(await delay('ada'), 0);
});

t.test('a quarter of an hour without a failure ends the delay', async (t) => {
  const { clock, fail, delay } = setUp();
  fail('ada', 10);
  clock.advance(15 * 60_000 + 1);
  t.equal(await delay('ada'), 0);
  fail('ada', 1);
  t.equal(await delay('ada'), 0, 'and the count starts again');
});

t.test('failures without a name delay no account', async (t) => {
  const { fail, delay } = setUp();
  fail('', 1_000);
  t.equal(await delay(''), 0);
});

t.test('a bounded number of names is remembered, the latest ones', async (t) => {
  const { fail, delay } = setUp();
  fail('early', 10);
  for (let i = 0; i < 9_999; i++) fail(`name${i}`, 1);
  t.not(await delay('early'), 0);
  fail('one-more', 1);
  t.equal(await delay('early'), 0);
});
