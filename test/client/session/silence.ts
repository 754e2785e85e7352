import t from 'tap';
import { createSilenceWatch } from '../../../lib/client/session/silence.js';
import { createFakeClock } from '../../support/fake-clock.js';
import { turns } from '../../support/turns.js';

function prepare() {
  const clock = createFakeClock();
  const connection = { isStuck: true, lost: '' };
  const tries: { signal: AbortSignal; greet: () => void; fail: () => void }[] = [];
  const watch = createSilenceWatch({
    connection: {
      stuck: () => connection.isStuck,
      destroy: (cause) => {
        connection.lost = cause?.message ?? '';
        watch.stop();
      },
    },
    tryAnother: (signal) =>
      new Promise((resolve, reject) => {
        tries.push({ signal, greet: () => resolve(undefined), fail: () => reject(new Error('unreachable')) });
      }),
    clock,
    random: () => 0.5,
  });
  /** Lets time pass, and what follows from it. */
  const pass = async (ms: number) => {
    clock.advance(ms);
    await turns();
  };
  return { clock, connection, tries, watch, pass };
}

t.test('a stuck connection is given up once the server greets on another', async (t) => {
  const { connection, tries, watch, pass, clock } = prepare();
  watch.change(true);
  await pass(1_250);
  t.equal(tries.length, 1);
  tries[0]?.fail();
  await turns();
  await pass(1_250);
  t.equal(tries.length, 2, 'and tried again until it does');
  tries[1]?.greet();
  await turns();
  await pass(999);
  t.equal(connection.lost, '');
  await pass(1);
  t.equal(connection.lost, 'the server stopped responding');
  t.equal(clock.pending, 0);
});

t.test('a connection that comes back meanwhile is kept', async (t) => {
  const { connection, tries, watch, pass, clock } = prepare();
  watch.change(true);
  await pass(1_250);
  watch.change(false);
  t.ok(tries[0]?.signal.aborted);
  tries[0]?.greet();
  await pass(60_000);
  t.equal(connection.lost, '');
  t.equal(clock.pending, 0);

  watch.change(true);
  await pass(1_250);
  tries[1]?.greet();
  await turns();
  connection.isStuck = false;
  await pass(1_000);
  t.equal(connection.lost, '', 'also when the reply is still under way');
  watch.stop();
});

t.test('nothing is tried while the server answers other requests', async (t) => {
  const { connection, tries, watch, pass } = prepare();
  connection.isStuck = false;
  watch.change(true);
  for (let times = 0; times < 10; times += 1) await pass(1_250);
  t.equal(tries.length, 0);
  watch.stop();
});
