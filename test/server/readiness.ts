import t from 'tap';
import { createReadiness } from '../../lib/server/readiness.js';
import { createDelayedCall } from '../support/delayed-call.js';
import { createFakeClock } from '../support/fake-clock.js';

function scene(hasAdmin: () => Promise<boolean> = async () => true) {
  const clock = createFakeClock();
  const peers = { reached: true };
  let asked = 0;
  const { call, delay } = createDelayedCall(() => {
    asked++;
    return hasAdmin();
  });
  const readiness = createReadiness({ store: { hasAdmin: call }, peers, clock });
  return { clock, peers, delay, readiness, asked: () => asked };
}

t.test('people can come in where the store answers', async (t) => {
  const { readiness, clock } = scene();
  t.equal(await readiness.unready(), undefined);
  t.equal(clock.pending, 0);
});

t.test('not where it fails; the reason is not shown', async (t) => {
  const { readiness } = scene(() => Promise.reject(new Error('host=db.example user=chat')));
  t.equal(await readiness.unready(), 'the database does not answer');
  t.equal(await readiness.unready(), 'the database does not answer');
});

t.test('a store that is silent is asked once, however often someone asks here', async (t) => {
  const { readiness, clock, delay, asked } = scene();
  const { release } = delay();
  const first = readiness.unready();
  clock.advance(2_000);
  t.equal(await first, 'the database does not answer');
  const second = readiness.unready();
  t.equal(asked(), 1);
  release();
  t.equal(await second, undefined, 'it answers in the end');
  t.equal(await readiness.unready(), undefined);
  t.equal(asked(), 2);
});

t.test('not where the database is known not to answer, nor while the server shuts down', async (t) => {
  const { readiness, peers, asked } = scene();
  peers.reached = false;
  t.equal(await readiness.unready(), 'the database does not answer');
  peers.reached = true;
  readiness.close();
  t.equal(await readiness.unready(), 'shutting down');
  t.equal(asked(), 0);
});
