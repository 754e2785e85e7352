import t from 'tap';
import { createFanOut, windowMs } from '../../../lib/server/chat/fan-out.js';
import { createFakeClock } from '../../support/fake-clock.js';

function setUp() {
  const clock = createFakeClock();
  const delivered: string[] = [];
  const buffers: Buffer[] = [];
  const fanOut = createFanOut(clock, (frames) => {
    buffers.push(frames);
    delivered.push(frames.toString());
  });
  const push = (...texts: string[]) => {
    for (const text of texts) fanOut.push(Buffer.from(text));
  };
  return { clock, delivered, buffers, fanOut, push };
}

t.test(
  'the first frame after a pause leaves at the end of its turn, with what came in that turn',
  async (t) => {
    const { clock, delivered, push } = setUp();
    push('a', 'b');
    t.same(delivered, [], 'not within the turn');
    clock.endTurn();
    t.same(delivered, ['ab']);
    clock.advance(windowMs);
    push('c');
    clock.endTurn();
    t.same(delivered, ['ab', 'c'], 'a window later there was a pause again');
  },
);

t.test('frames within the window of a flush become one buffer at its end, in their order', async (t) => {
  const { clock, delivered, push } = setUp();
  push('a');
  clock.endTurn();
  push('b');
  clock.advance(windowMs - 2);
  push('c');
  clock.advance(1);
  push('d');
  t.same(delivered, ['a'], 'they wait');
  clock.advance(1);
  t.same(delivered, ['a', 'bcd']);
  push('e');
  clock.advance(windowMs - 1);
  t.same(delivered, ['a', 'bcd'], 'a flush at the end of a window opens the next one');
  clock.advance(1);
  t.same(delivered, ['a', 'bcd', 'e']);
  t.equal(clock.pending, 0);
});

t.test('a lone frame is delivered as the very buffer that was pushed', async (t) => {
  const { clock, buffers, fanOut } = setUp();
  const frame = Buffer.from('frame');
  fanOut.push(frame);
  clock.endTurn();
  t.equal(buffers[0], frame);
});

t.test('a flush delivers at once what waits, and only once', async (t) => {
  const { clock, delivered, fanOut, push } = setUp();
  push('a');
  fanOut.flush();
  t.same(delivered, ['a']);
  clock.advance(1);
  t.same(delivered, ['a'], 'nothing is left for the end of the turn');
  push('b');
  fanOut.flush();
  clock.advance(2 * windowMs);
  t.same(delivered, ['a', 'b'], 'nor for the end of the window');
  fanOut.flush();
  t.same(delivered, ['a', 'b'], 'nothing waits, nothing is delivered');
  t.equal(clock.pending, 0);
});

t.test('a frame pushed by a delivery is delivered by the next one', async (t) => {
  const clock = createFakeClock();
  const delivered: string[] = [];
  const fanOut = createFanOut(clock, (frames) => {
    delivered.push(frames.toString());
    if (delivered.length === 1) fanOut.push(Buffer.from('echo'));
  });
  fanOut.push(Buffer.from('call'));
  clock.endTurn();
  t.same(delivered, ['call']);
  clock.advance(windowMs);
  t.same(delivered, ['call', 'echo']);
});

t.test('a clock that is set back or forward holds nothing up', async (t) => {
  const { clock, delivered, push } = setUp();
  push('a');
  clock.endTurn();
  clock.set(clock.now() - 3_600_000);
  push('b');
  clock.advance(windowMs);
  t.same(delivered, ['a', 'b'], 'an hour back');
  push('c');
  clock.set(clock.now() + 3_600_000);
  clock.advance(windowMs);
  t.same(delivered, ['a', 'b', 'c'], 'an hour forward, while a frame waits');
  clock.set(0);
  push('d');
  clock.advance(windowMs);
  t.same(delivered, ['a', 'b', 'c', 'd'], 'to the epoch');
});
