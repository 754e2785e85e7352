import t from 'tap';
import { createLiveness } from '../../../lib/client/wire/wire.js';
import { createFakeClock } from '../../support/fake-clock.js';

function prepare({ pingMs = 30_000, deadMs = 75_000 } = {}) {
  const clock = createFakeClock();
  const start = clock.ticks();
  const seen: string[] = [];
  const note = (what: string) => () => seen.push(`${what} ${clock.ticks() - start}`);
  const liveness = createLiveness({ clock, pingMs, deadMs, ping: note('ping'), dead: note('dead') });
  return { clock, seen, liveness };
}

t.test('a quiet server is pinged once, then counts as dead', async (t) => {
  const { clock, seen } = prepare();
  clock.advance(200_000);
  t.same(seen, ['ping 30000', 'dead 75000']);
  t.equal(clock.pending, 0);
});

t.test('a reply resets both timers', async (t) => {
  const { clock, seen, liveness } = prepare();
  for (let times = 0; times < 4; times += 1) {
    clock.advance(30_000);
    liveness.heard();
  }
  t.same(seen, ['ping 30000', 'ping 60000', 'ping 90000', 'ping 120000']);
  clock.advance(75_000);
  t.equal(seen.at(-1), 'dead 195000');
});

t.test('a client that only listens pings too', async (t) => {
  const { clock, seen, liveness } = prepare();
  for (let second = 0; second < 100; second += 1) {
    clock.advance(1_000);
    liveness.heard();
  }
  t.same(seen, ['ping 30000', 'ping 60000', 'ping 90000']);
});

t.test('no ping is sent while both sides send', async (t) => {
  const { clock, seen, liveness } = prepare();
  for (let times = 0; times < 20; times += 1) {
    clock.advance(20_000);
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
  t.same(seen, ['ping 30000', 'dead 75000']);
});

t.test('a server that announces 0 ms is not pinged without end', async (t) => {
  const { clock, seen, liveness } = prepare({ pingMs: 0, deadMs: 0 });
  for (let times = 0; times < 100; times += 1) {
    clock.advance(10);
    liveness.heard();
  }
  t.ok(seen.length <= 10);
});

t.test('nothing happens after stop', async (t) => {
  const { clock, seen, liveness } = prepare();
  liveness.stop();
  clock.advance(100_000);
  t.same(seen, []);
  t.equal(clock.pending, 0);
});
