import t from 'tap';
import { createTrustedTime, type TimeSeen } from '../../../lib/server/files/trusted-time.js';
import { createFakeClock } from '../../support/fake-clock.js';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.UTC(2026, 0, 1);

/** A machine with a clock, and servers on it that begin with what the last one noted. */
function machine(keepMs = 30 * day) {
  const clock = createFakeClock(start);
  let seen: TimeSeen | undefined;
  let [boot, booted] = [0, 0];
  const warnings: unknown[] = [];
  const log = {
    info() {},
    error() {},
    warn: (_event: string, fields?: object) => void warnings.push(fields),
  };
  const timekeeping = () => ({
    uptimeMs: () => clock.ticks() - booted,
    boot: `boot ${boot}`,
    read: async () => seen,
    write: async (next: TimeSeen) => {
      seen = next;
    },
  });
  return {
    clock,
    warnings,
    server: (shared?: () => Promise<number>) =>
      createTrustedTime({ clock, log, timekeeping: timekeeping(), shared, keepMs }),
    reboot() {
      [boot, booted] = [boot + 1, clock.ticks()];
    },
  };
}

t.test('a clock that runs is trusted, across restarts and reboots', async (t) => {
  const { clock, server, reboot, warnings } = machine();
  for (const [pass, restart] of [
    [hour, false],
    [hour, false],
    [40 * day, true],
    [7 * day, 'reboot'],
  ] as const) {
    const one = server();
    t.equal(await one.now(), clock.now());
    clock.advance(pass);
    if (restart === 'reboot') reboot();
    t.equal(await (restart ? server() : one).now(), clock.now());
  }
  t.same(warnings, []);
});

t.test('a jump ahead is believed only as fast as time passes, and reported once', async (t) => {
  const { clock, server, warnings } = machine();
  const one = server();
  await one.now();
  clock.set(start + 400 * day);
  t.equal(await one.now(), start);
  clock.advance(hour);
  t.equal(await one.now(), start + 2 * hour, 'twice as fast');
  t.equal(await server().now(), start + 2 * hour, 'a restart changes nothing');
  t.same(warnings[0], { hours: 9_600 });
  for (let days = 0; days < 400; days++) {
    clock.advance(day);
    await one.now();
  }
  t.equal(await one.now(), clock.now(), 'it has caught up');
});

t.test(
  'a jump while the server was down is noticed by the uptime, and after a reboot by its size',
  async (t) => {
    const { clock, server, reboot } = machine();
    await server().now();
    clock.advance(hour);
    clock.set(start + hour + day);
    t.equal(await server().now(), start + 2 * hour, 'one hour has passed, and counts twice');
    clock.set(start + hour);
    t.equal(await server().now(), start + hour, 'set right again, it is trusted at once');
    reboot();
    clock.set(start + 8 * day);
    t.equal(await server().now(), start + 2 * hour, 'more than a fourth of 30 days');
    clock.set(start + 7 * day);
    reboot();
    t.equal(await server().now(), start + 7 * day);
  },
);

t.test('a clock that was set back deletes less, and proves nothing when it is right again', async (t) => {
  const { clock, server, warnings } = machine();
  const one = server();
  await one.now();
  clock.set(0);
  t.equal(await one.now(), clock.now());
  clock.advance(hour);
  clock.set(start + hour);
  t.equal(await one.now(), start + hour);
  t.same(warnings, []);
  clock.set(start + 100 * day);
  t.equal(await one.now(), start + hour);
});

t.test('where the database has a clock, the earlier of the two counts', async (t) => {
  const { clock, server } = machine();
  const early = () => server(async () => clock.now() - 40 * day);
  t.equal(await early().now(), clock.now() - 40 * day);
  const late = machine();
  t.equal(await late.server(async () => late.clock.now() + hour).now(), late.clock.now());
});
