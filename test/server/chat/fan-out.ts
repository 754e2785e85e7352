import t from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { createFanOut, createSubscriber, enoughFrames, rest } from '../../../lib/server/chat/fan-out.js';
import { createFakeClock } from '../../support/fake-clock.js';

function setUp() {
  const clock = createFakeClock();
  const delivered: string[] = [];
  const buffers: Buffer[] = [];
  const fanOut = createFanOut({ clock, afterWrites: clock.soon }, (frames) => {
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
    clock.advance(rest.shortest);
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
  clock.advance(rest.shortest - 2);
  push('c');
  clock.advance(1);
  push('d');
  t.same(delivered, ['a'], 'they wait');
  clock.advance(1);
  t.same(delivered, ['a', 'bcd']);
  push('e');
  clock.advance(rest.shortest - 1);
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

t.test('a room rests after its writes for three times as long as they took, 50 ms at most', async (t) => {
  for (const [cost, rests] of [
    [1, 10],
    [6, 18],
    [40, 50],
  ] as const) {
    const clock = createFakeClock();
    const delivered: string[] = [];
    const writing: (() => void)[] = [];
    const afterWrites = (done: () => void) => void writing.push(done);
    const fanOut = createFanOut({ clock, afterWrites }, (frames) => delivered.push(frames.toString()));
    fanOut.push(Buffer.from('a'));
    clock.endTurn();
    fanOut.push(Buffer.from('b'));
    clock.pass(cost);
    writing.pop()?.();
    clock.advance(rests - 1);
    t.same(delivered, ['a'], `${cost} ms`);
    clock.advance(1);
    t.same(delivered, ['a', 'b']);
  }
});

t.test('enough frames wait no longer than the shortest rest', async (t) => {
  const clock = createFakeClock();
  const delivered: string[] = [];
  const afterWrites = (done: () => void) => {
    clock.pass(15);
    done();
  };
  const fanOut = createFanOut({ clock, afterWrites }, (frames) => delivered.push(frames.toString()));
  fanOut.push(Buffer.from('a'));
  clock.endTurn();
  clock.advance(rest.shortest);
  const many = 'b'.repeat(enoughFrames);
  for (const frame of many) fanOut.push(Buffer.from(frame));
  clock.endTurn();
  t.same(delivered, ['a', many]);
});

t.test('a flush delivers at once what is waiting, and only once', async (t) => {
  const { clock, delivered, fanOut, push } = setUp();
  push('a');
  fanOut.flush();
  t.same(delivered, ['a']);
  clock.advance(1);
  t.same(delivered, ['a'], 'nothing is left for the end of the turn');
  push('b');
  fanOut.flush();
  clock.advance(2 * rest.shortest);
  t.same(delivered, ['a', 'b'], 'nor for the end of the window');
  fanOut.flush();
  t.same(delivered, ['a', 'b'], 'nothing waits, nothing is delivered');
  t.equal(clock.pending, 0);
});

t.test('a frame pushed by a delivery is delivered by the next one', async (t) => {
  const clock = createFakeClock();
  const delivered: string[] = [];
  const fanOut = createFanOut({ clock, afterWrites: clock.soon }, (frames) => {
    delivered.push(frames.toString());
    if (delivered.length === 1) fanOut.push(Buffer.from('echo'));
  });
  fanOut.push(Buffer.from('call'));
  clock.endTurn();
  t.same(delivered, ['call']);
  clock.advance(rest.shortest);
  t.same(delivered, ['call', 'echo']);
});

t.test('setting the clock back or forward delays nothing', async (t) => {
  const { clock, delivered, push } = setUp();
  push('a');
  clock.endTurn();
  clock.set(clock.now() - 3_600_000);
  push('b');
  clock.advance(rest.shortest);
  t.same(delivered, ['a', 'b'], 'an hour back');
  push('c');
  clock.set(clock.now() + 3_600_000);
  clock.advance(rest.shortest);
  t.same(delivered, ['a', 'b', 'c'], 'an hour forward, while a frame waits');
  clock.set(0);
  push('d');
  clock.advance(rest.shortest);
  t.same(delivered, ['a', 'b', 'c', 'd'], 'to the epoch');
});

function subscribe() {
  const sent: Buffer[] = [];
  return { sent, subscriber: createSubscriber({ send: (bytes) => void sent.push(bytes) }) };
}

t.test('a subscriber sends every buffer as it is', async (t) => {
  const { subscriber, sent } = subscribe();
  const shared = Buffer.from('to everyone');
  subscriber.send(shared);
  t.equal(subscriber.holding, false);
  t.equal(sent[0], shared);
});

t.test('a subscriber that holds sends nothing, then everything in order when released', async (t) => {
  const { subscriber, sent } = subscribe();
  subscriber.hold();
  subscriber.send(Buffer.from('a'));
  subscriber.send(Buffer.from('b'));
  t.equal(subscriber.holding, true);
  t.same(sent, []);
  t.equal(subscriber.release(), true);
  subscriber.send(Buffer.from('c'));
  t.same(sent.map(String), ['a', 'b', 'c']);
  t.equal(subscriber.holding, false);
});

t.test(
  'more than a connection may have unsent is not held: it sends nothing until it holds anew',
  async (t) => {
    const { subscriber, sent } = subscribe();
    subscriber.hold();
    subscriber.send(Buffer.alloc(limits.queueBytes));
    subscriber.send(Buffer.from('x'));
    t.equal(subscriber.release(), false);
    subscriber.send(Buffer.from('y'));
    t.equal(subscriber.release(), false, 'one piece of it would be a gap');
    t.same(sent, []);
    subscriber.hold();
    subscriber.send(Buffer.from('z'));
    t.equal(subscriber.release(), true);
    t.same(sent.map(String), ['z']);
  },
);

t.test('as much as a connection may have unsent is held', async (t) => {
  const { subscriber, sent } = subscribe();
  subscriber.hold();
  subscriber.send(Buffer.alloc(limits.queueBytes));
  t.equal(subscriber.release(), true);
  t.equal(sent[0]?.length, limits.queueBytes);
});
