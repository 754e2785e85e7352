import t from 'tap';
import { createBackoff, type Hurry, openInTurn, reconnect } from '../../../lib/client/session/reconnect.js';
import type { SessionStatus } from '../../../lib/client/session/session.js';
import { ConnectionLost } from '../../../lib/client/wire/connection.js';
import { NotSecureChat, Unreachable } from '../../../lib/client/wire/handshake.js';
import { ProtocolError } from '../../../lib/protocol/errors.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { turns } from '../../support/turns.js';

function prepare(random: number, retryMs = Number.POSITIVE_INFINITY) {
  const clock = createFakeClock();
  const backoff = createBackoff({ clock, random: () => random, retryMs });
  /** The waits of so many tries, each waited for. */
  const waits = (count: number) =>
    Array.from({ length: count }, () => {
      const wait = backoff.next();
      clock.advance(wait ?? 0);
      return wait;
    });
  return { clock, backoff, waits };
}

t.test('waits grow from 250 ms to 15 s', async (t) => {
  t.same(prepare(0).waits(8), [250, 250, 250, 250, 250, 250, 250, 250]);
  t.same(prepare(1).waits(8), [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  const long = prepare(1);
  t.equal(long.waits(5_000).at(-1), 15_000);
});

t.test('a server can ask for longer waits, not shorter ones', async (t) => {
  const { backoff } = prepare(1);
  t.equal(backoff.next(40_000), 40_000);
  t.equal(backoff.next(10), 1_000);
});

t.test('a server can’t ask for hours, nor for more than a timer can wait', async (t) => {
  for (const asked of [3_600_000, 2 ** 31, Number.MAX_SAFE_INTEGER])
    t.equal(prepare(1).backoff.next(asked), 5 * 60_000);
});

t.test('the time to retry counts from the loss, with the last try at its end', async (t) => {
  const { backoff, clock, waits } = prepare(1, 2_000);
  t.same(waits(4), [500, 1000, 500, undefined]);
  backoff.recovered();
  clock.advance(60_000);
  t.same(waits(4), [500, 1000, 500, undefined]);
  t.equal(prepare(1, 0).backoff.next(), undefined);
});

t.test('a short recovery does not reset the waits', async (t) => {
  const { backoff, clock, waits } = prepare(1);
  t.same(waits(2), [500, 1000]);
  backoff.recovered();
  clock.advance(4_999);
  t.same(waits(1), [2000]);
  backoff.recovered();
  clock.advance(5_000);
  t.same(waits(1), [500]);
});

/** Tries that fail with this error, each after as long a wait as there is. */
function failing(error: Error) {
  const clock = createFakeClock();
  const leaving = new AbortController();
  const statuses: SessionStatus[] = [];
  const tries: number[] = [];
  const current: { hurry: Hurry | undefined } = { hurry: undefined };
  const done = reconnect(error, {
    open() {
      tries.push(clock.ticks());
      return Promise.reject(error);
    },
    backoff: createBackoff({ clock, random: () => 0.999_999, retryMs: Number.POSITIVE_INFINITY }),
    clock,
    signal: leaving.signal,
    report: (status) => statuses.push(status),
    onWait(hurry) {
      current.hurry = hurry;
    },
  });
  /** Lets time pass, and what follows from it. */
  const pass = async (ms: number) => {
    clock.advance(ms);
    await turns();
  };
  return { clock, leaving, statuses, tries, current, done, pass, start: clock.ticks() };
}

t.test('a wait can be cut short, but a second passes between tries', async (t) => {
  const { statuses, tries, current, pass, start } = failing(new ConnectionLost('gone'));
  await turns();
  t.equal(current.hurry?.(), false, 'the first wait is short');
  for (const ms of [500, 1_000]) await pass(ms);
  await pass(1_500);
  t.match(statuses.at(-1), { state: 'waiting', inMs: 2_000, canHurry: true });
  t.equal(tries.length, 2);
  t.equal(current.hurry?.(), true);
  await pass(0);
  t.same(tries.at(-1), start + 3_000, 'at once');

  t.match(statuses.at(-1), { state: 'waiting', inMs: 4_000, canHurry: true }, 'and waits go on growing');
  for (let presses = 0; presses < 50; presses++) t.equal(current.hurry?.(), true);
  t.strictSame(statuses.at(-1), { state: 'waiting', inMs: 1_000, why: 'gone' });
  await pass(999);
  t.equal(tries.length, 3, 'not sooner, however often it is asked for');
  await pass(1);
  t.equal(tries.length, 4);
  t.match(statuses.at(-1), { state: 'waiting', inMs: 8_000 });
  await pass(8_000);
  t.equal(tries.length, 5, 'without hurry nothing has changed');
});

t.test('a wait that the server asked for is kept, and the end of a session ends any wait', async (t) => {
  const busy = failing(new ProtocolError('busy', 'later', 20_000));
  await turns();
  t.strictSame(busy.statuses, [{ state: 'waiting', inMs: 20_000, why: 'later' }]);
  t.equal(busy.current.hurry?.(), false);
  await busy.pass(19_999);
  t.equal(busy.tries.length, 0);
  busy.leaving.abort();
  t.same(await busy.done, { end: { why: 'quit' } });
  t.equal(busy.current.hurry, undefined);
  t.equal(busy.clock.pending, 0);
});

t.test('a first try can come at once, with the reason; the wait comes after it', async (t) => {
  const clock = createFakeClock();
  const reasons: (string | undefined)[] = [];
  const done = reconnect(new ConnectionLost('it shuts down'), {
    async open(lostBy) {
      reasons.push(lostBy);
      if (reasons.length === 1) throw new ConnectionLost('so does this one');
      return 'opened';
    },
    atOnce: true,
    backoff: createBackoff({ clock, random: () => 0, retryMs: Number.POSITIVE_INFINITY }),
    clock,
    signal: new AbortController().signal,
    report() {},
  });
  await turns();
  t.same(reasons, ['it shuts down']);
  t.equal(clock.ticks(), 0);
  clock.advance(250);
  t.same(await done, { opened: 'opened' });
  t.same(reasons, ['it shuts down', undefined]);
});

const addresses = ['a', 'b', 'c'].map((host) => ({ host, port: 1 }));

/** A round in which these addresses fail so. */
function round(failures: Record<string, Error>, final?: (error: unknown) => boolean) {
  const tried: string[] = [];
  const opened = openInTurn(
    addresses,
    async ({ host }, why) => {
      tried.push(why === undefined ? host : `${host}, because ${why}`);
      const failure = failures[host];
      if (failure !== undefined) throw failure;
      return host;
    },
    final,
  );
  return { tried, opened };
}

t.test('a round tries each address once, until one answers', async (t) => {
  t.same(await round({}).opened, 'a');
  const { tried, opened } = round({ a: new Unreachable('gone'), b: new NotSecureChat('a web server') });
  t.equal(await opened, 'c');
  t.same(tried, ['a', 'b, because gone', 'c, because a web server']);
  const last = new ConnectionLost('lost');
  const none = round({ a: new Unreachable('1'), b: new Unreachable('2'), c: last });
  t.equal(await none.opened.catch((error) => error), last);
  t.equal(none.tried.length, 3);
});

t.test(
  'a round goes on after a server that cannot serve now, and ends with the longest wait asked for',
  async (t) => {
    const full = new ProtocolError('server-full', 'full', 9_000);
    const closing = { type: 'closing', code: 'shutting-down', message: 'bye' } as const;
    const { tried, opened } = round({
      a: full,
      b: new ConnectionLost('lost', { closing }),
      c: new Unreachable('gone'),
    });
    t.equal(await opened.catch((error) => error), full);
    t.equal(tried.length, 3);
  },
);

t.test('a round ends where another server can only say the same, or must not be asked', async (t) => {
  const refusals = [
    new ProtocolError('wrong-credentials', 'no'),
    new ProtocolError('too-many-attempts', 'slowly', 1_000),
    new ConnectionLost('lost', { closing: { type: 'closing', code: 'banned', message: 'bye' } }),
    new Error('not trusted'),
  ];
  for (const refusal of refusals) {
    const { tried, opened } = round({ a: refusal });
    t.equal(await opened.catch((error) => error), refusal);
    t.same(tried, ['a'], refusal.message);
  }
  const lost = new ConnectionLost('lost');
  const { tried, opened } = round({ a: lost }, (error) => error === lost);
  t.equal(await opened.catch((error) => error), lost);
  t.same(tried, ['a']);
});
