import t from 'tap';
import { createLiveness } from '../../../lib/client/wire/liveness.js';
import { createFakeClock } from '../../support/fake-clock.js';

function prepare({ pingMs = 30_000, deadMs = 75_000 } = {}) {
  const clock = createFakeClock();
  const start = clock.ticks();
  const seen: string[] = [];
  const note = (what: string) => () => seen.push(`${what} ${clock.ticks() - start}`);
  const asked: { since: number; until: number }[] = [];
  const ask = (mostMs = 1_000_000) => asked.push({ since: clock.ticks(), until: clock.ticks() + mostMs });
  const liveness = createLiveness({
    clock,
    pingMs,
    deadMs,
    unanswered: () => asked[0],
    ping() {
      note('ping')();
      ask();
    },
    answering: (how) => note(how)(),
    dead: (why) => note(why)(),
  });
  /** A reply to the oldest request. */
  const answer = () => {
    liveness.heard();
    asked.shift();
    liveness.answered();
  };
  return { clock, seen, liveness, ask, answer };
}

t.test('a quiet server is pinged once, is silent after less than 20 s, then counts as dead', async (t) => {
  const { clock, seen } = prepare();
  clock.advance(200_000);
  t.same(seen, ['ping 7000', 'late 10000', 'not 18000', 'quiet 75000']);
  t.equal(clock.pending, 0);
});

t.test('a reply resets all timers', async (t) => {
  const { clock, seen, answer } = prepare();
  for (let times = 0; times < 4; times += 1) {
    clock.advance(7_000);
    answer();
  }
  t.same(seen, ['ping 7000', 'ping 14000', 'ping 21000', 'ping 28000']);
  clock.advance(75_000);
  t.equal(seen.at(-1), 'quiet 103000');
});

t.test('a request without a reply is reported after 11 s, and taken back with the reply', async (t) => {
  const { clock, seen, ask, answer, liveness } = prepare();
  clock.advance(5_000);
  ask();
  liveness.sent();
  clock.advance(10_999);
  t.notOk(seen.some((what) => what.startsWith('not')));
  clock.advance(1);
  t.equal(seen.at(-1), 'not 16000');
  t.ok(liveness.quiet());
  answer();
  t.equal(seen.at(-1), 'late 16000', 'as the ping is');
  t.notOk(liveness.quiet());
  answer();
  t.equal(seen.at(-1), 'in-time 16000');
});

t.test('a request that was sent at any moment is late after 3 s', async (t) => {
  for (const moment of [0, 1, 2_999, 3_000, 5_500, 6_999, 7_000, 20_000]) {
    const { clock, seen, ask, answer, liveness } = prepare();
    for (let passed = 0; passed < moment; passed++) {
      clock.advance(1);
      if (seen.at(-1)?.startsWith('ping')) answer();
    }
    ask();
    liveness.sent();
    clock.advance(3_000);
    t.equal(seen.at(-1), `late ${moment + 3_000}`);
  }
});

t.test('a reply to a late request does not hide that the next one is late, too', async (t) => {
  const { clock, seen, ask, answer } = prepare();
  ask();
  clock.advance(3_000);
  ask();
  answer();
  clock.advance(2_999);
  t.same(seen, ['late 3000', 'in-time 3000']);
  clock.advance(1);
  t.same(seen, ['late 3000', 'in-time 3000', 'late 6000']);
});

t.test('a request is not waited for without end, whatever else comes', async (t) => {
  const { clock, seen, ask, liveness } = prepare();
  ask(60_000);
  for (let second = 0; second < 59; second += 1) {
    clock.advance(1_000);
    liveness.heard();
    liveness.sent();
  }
  t.same(seen, ['late 3000', 'not 11000']);
  clock.advance(1_000);
  t.same(seen, ['late 3000', 'not 11000', 'unanswered 60000']);
  t.equal(clock.pending, 0);
});

t.test('a client that only listens pings too', async (t) => {
  const { clock, seen, answer } = prepare();
  for (let second = 0; second < 25; second += 1) {
    clock.advance(1_000);
    answer();
  }
  t.same(seen, ['ping 7000', 'ping 14000', 'ping 21000']);
});

t.test('no ping is sent while both sides send', async (t) => {
  const { clock, seen, liveness } = prepare();
  for (let times = 0; times < 20; times += 1) {
    clock.advance(6_000);
    liveness.sent();
    liveness.heard();
  }
  t.same(seen, []);
});

t.test('sending does not hide a dead server', async (t) => {
  const { clock, seen, liveness } = prepare();
  for (let second = 0; second < 75; second += 1) {
    clock.advance(1_000);
    liveness.sent();
  }
  t.same(seen, ['ping 7000', 'late 10000', 'not 18000', 'quiet 75000']);
});

t.test('a server that announces absurd times is neither pinged nor waited for without end', async (t) => {
  const { clock, seen, answer } = prepare({ pingMs: 0, deadMs: 0 });
  for (let times = 0; times < 100; times += 1) {
    clock.advance(10);
    answer();
  }
  t.ok(seen.length <= 10);
  const late = prepare({ pingMs: 1e15, deadMs: 1e15 });
  late.clock.advance(300_000);
  t.same(late.seen, ['ping 7000', 'late 10000', 'not 18000', 'quiet 300000']);
});

t.test('nothing happens after stop', async (t) => {
  const { clock, seen, liveness } = prepare();
  liveness.stop();
  clock.advance(100_000);
  t.same(seen, []);
  t.equal(clock.pending, 0);
});
