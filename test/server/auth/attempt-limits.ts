import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { createAttemptLimits } from '../../../lib/server/auth/attempt-limits.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { turns } from '../../support/turns.js';

function setUp() {
  const clock = createFakeClock();
  const attempts = createAttemptLimits(clock);
  let others = 0;
  const attempt = (name: string, address = '192.0.2.1', signedIn = false) => ({
    asker: { address, alive: true },
    name,
    signedIn,
  });
  /** Milliseconds until it may go on. */
  async function delay(name: string, address = `10.${others >> 8}.${others++ & 255}.1`): Promise<number> {
    const start = clock.now();
    let done = false;
    const begun = attempts.begin(attempt(name, address)).finally(() => {
      done = true;
    });
    await turns(1);
    while (!done) {
      clock.advance(500);
      await turns(1);
    }
    await begun;
    return clock.now() - start;
  }
  /** Fails from a new address each time, so that only the name counts. */
  async function fail(name: string, times: number): Promise<void> {
    for (let n = 0; n < times; n++) await delay(name);
  }
  return { clock, attempts, attempt, fail, delay };
}

t.test('an account can be tried ten times a minute from one address', async (t) => {
  const { clock, attempts, attempt } = setUp();
  const begin = (name: string, address: string) => {
    const begun = attempts.begin(attempt(name, address));
    clock.advance(limits.loginDelayMaxMs);
    return begun;
  };
  const stepMs = 60_000 / limits.loginFailuresPerMinute;
  const all = Array.from({ length: limits.loginFailuresPerMinute }, () =>
    attempts.begin(attempt('ada', '2001:db8::1')),
  );
  const refused = { code: 'too-many-attempts', retryAfter: stepMs };
  await t.rejects(attempts.begin(attempt('ada', '2001:db8::1')), refused, 'also if all begin at once');
  await t.rejects(attempts.begin(attempt('ada', '2001:db8::ffff')), refused, 'from one IPv6 network');
  clock.advance(limits.loginDelayMaxMs);
  await Promise.all(all);
  await t.resolves(begin('bob', '2001:db8::1'), 'other accounts are not affected');
  await t.resolves(begin('ada', '2001:db8:1::1'), 'nor other addresses');
  await t.resolves(attempts.begin(attempt('ada', '2001:db8::1', true)), 'nor its owner who is signed in');
  clock.advance(stepMs);
  await t.resolves(begin('ada', '2001:db8::1'), 'nor this one after the wait');
});

t.test('addresses in another spelling are the same', async (t) => {
  const { attempts, attempt } = setUp();
  for (let n = 0; n < limits.loginFailuresPerMinute; n++) void attempts.begin(attempt('ada', '192.0.2.1'));
  await t.rejects(attempts.begin(attempt('ada', '::ffff:192.0.2.1')), { code: 'too-many-attempts' });
});

t.test('a success forgives the attempts of the account from there', async (t) => {
  const { attempts, attempt } = setUp();
  for (let n = 0; n < 3 * limits.loginFailuresPerMinute; n++) {
    await attempts.begin(attempt('ada'));
    attempts.succeeded(attempt('ada'));
  }
  t.ok(attempts.isFamiliar(attempt('ada')));
  t.notOk(attempts.isFamiliar(attempt('ada', '192.0.2.2')));
  t.notOk(attempts.isFamiliar(attempt('bob')));
});

t.test('a success gives an address its turn back, if it was charged', async (t) => {
  const { attempts, attempt } = setUp();
  for (let n = 0; n < 3 * limits.hashesPerAddress; n++) {
    attempts.pace.charge('192.0.2.1');
    attempts.succeeded(attempt(`name${n}`));
  }
  t.equal(attempts.pace.wait('192.0.2.1'), 0);
  for (let n = 0; n < limits.hashesPerAddress; n++) attempts.pace.charge('192.0.2.1');
  attempts.succeeded(attempt('name0'));
  t.equal(attempts.pace.wait('192.0.2.1'), 1_000, 'a familiar account was not');
});

t.test('wrong codes are limited per address', async (t) => {
  const { attempts } = setUp();
  for (let n = 0; n < limits.codeFailuresPerMinute; n++) attempts.countWrongCode(`2001:db8::${n}`);
  t.throws(() => attempts.countWrongCode('2001:db8::ffff'), { code: 'too-many-attempts', retryAfter: 6_000 });
  t.doesNotThrow(() => attempts.countWrongCode('2001:db8:1::1'));
});

t.test('failures delay sign-ins to the account up to a limit and never lock it', async (t) => {
  const { fail, delay } = setUp();
  await fail('ada', 2);
  t.equal(await delay('ada'), 0, 'a typo has no effect');
  t.equal(await delay('ada'), 500);
  t.equal(await delay('ada'), 1_000);
  await fail('ada', 100);
  t.equal(await delay('ada'), limits.loginDelayMaxMs);
  t.equal(await delay('bob'), 0, 'another account has no delay');
});

t.test('a success ends the delay', async (t) => {
  const { attempts, attempt, fail, delay } = setUp();
  await fail('ada', 10);
  attempts.succeeded(attempt('ada'));
  t.equal(await delay('ada'), 0);
});

t.test('a quarter of an hour without a failure ends the delay', async (t) => {
  const { clock, fail, delay } = setUp();
  await fail('ada', 10);
  clock.advance(15 * 60_000 + 1);
  t.equal(await delay('ada'), 0);
  t.equal(await delay('ada'), 0, 'and the count starts again');
});

t.test('attempts without a name delay no account', async (t) => {
  const { fail, delay } = setUp();
  await fail('', 100);
  t.equal(await delay(''), 0);
});

t.test('a bounded number of names is remembered, the latest ones', async (t) => {
  const { attempts, attempt, fail, delay } = setUp();
  await fail('early', 10);
  const others = Array.from({ length: 10_000 }, (_, n) => attempts.begin(attempt(`name${n}`)));
  await Promise.all(others);
  t.equal(await delay('early'), 0);
});
