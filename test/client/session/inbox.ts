import t from 'tap';
import { createPositions } from '../../../lib/client/session/inbox.js';
import { encodeFrame } from '../../../lib/protocol/frame.js';
import { limits } from '../../../lib/protocol/limits.js';
import { message } from '../../support/fake-server.js';

t.test('each message counts once, per conversation', async (t) => {
  const positions = createPositions();
  t.same(positions.since(), {});
  t.equal(positions.advance(message(5), 'ada'), true);
  t.equal(positions.advance(message(5), 'ada'), false);
  t.equal(positions.advance(message(4), 'ada'), false);
  t.equal(positions.advance(message(4, { to: 'ada' }), 'ada'), true);
  t.equal(positions.advance(message(3, { from: 'ada', to: 'bob' }), 'ada'), false);
  t.equal(positions.advance(message(2, { from: 'ada', to: 'ada' }), 'ada'), true);
  t.equal(positions.advance(message(6), 'ada'), true);
  t.same(positions.since(), { rooms: { lobby: 6 }, direct: { bob: 4, ada: 2 } });
});

t.test('every kind of entry counts', async (t) => {
  const positions = createPositions();
  const at = '2030-01-01T00:00:00.000Z';
  const by = { from: 'bob', at };
  t.ok(positions.advance({ type: 'edited', seq: 3, of: 1, to: 'ada', text: 'x', ...by }, 'ada'));
  t.notOk(positions.advance(message(3, { to: 'ada' }), 'ada'));
  t.ok(positions.advance({ type: 'removed', seq: 4, of: 1, room: 'lobby', ...by }, 'ada'));
  t.ok(positions.advance({ type: 'topic', seq: 5, room: 'lobby', topic: '', ...by }, 'ada'));
  t.notOk(positions.advance({ type: 'topic', seq: 5, room: 'lobby', topic: '', ...by }, 'ada'));
  t.same(positions.since(), { rooms: { lobby: 5 }, direct: { bob: 3 } });
});

t.test('a room that was left is forgotten, a direct conversation is not', async (t) => {
  const positions = createPositions();
  for (const room of ['lobby', 'attic', 'cellar']) positions.advance(message(5, { room }), 'ada');
  positions.advance(message(6, { to: 'ada' }), 'ada');
  positions.forget('attic');
  t.same(positions.since(), { rooms: { lobby: 5, cellar: 5 }, direct: { bob: 6 } });
  positions.correct([{ room: 'lobby', last: 9, read: 0, unread: 0, mentions: 0 }]);
  t.same(positions.since(), { rooms: { lobby: 5 }, direct: { bob: 6 } });
  positions.correct([{ room: 'lobby', last: 5, read: 0, unread: 0, mentions: 0 }]);
  t.same(positions.since(), { rooms: { lobby: 5 } }, 'a restored server never was as far');
});

t.test('a room that was rejoined or created again begins at its newest entry', async (t) => {
  const positions = createPositions();
  positions.advance(message(50, { room: 'attic' }), 'ada');
  positions.forget('attic');
  positions.adopt([{ room: 'attic', last: 70, read: 0, unread: 0, mentions: 0 }]);
  t.notOk(positions.advance(message(70, { room: 'attic' }), 'ada'));
  t.ok(positions.advance(message(71, { room: 'attic' }), 'ada'));
  positions.correct([{ room: 'attic', last: 0, read: 0, unread: 0, mentions: 0 }]);
  t.same(positions.since(), {});
});

t.test('a conversation without a position starts at its newest entry', async (t) => {
  const positions = createPositions();
  positions.advance(message(5), 'ada');
  positions.adopt([
    { room: 'lobby', last: 9, read: 0, unread: 0, mentions: 0 },
    { room: 'attic', last: 0, read: 0, unread: 0, mentions: 0 },
    { with: 'eve', last: 7, read: 0, unread: 0, mentions: 0 },
  ]);
  t.same(positions.since(), { rooms: { lobby: 5, attic: 0 }, direct: { eve: 7 } });
});

t.test('positions beyond the newest entry of a restored server are forgotten', async (t) => {
  const positions = createPositions();
  positions.advance(message(50), 'ada');
  positions.advance(message(40, { to: 'ada' }), 'ada');
  positions.correct([
    { room: 'lobby', last: 30, read: 0, unread: 0, mentions: 0 },
    { with: 'bob', last: 40, read: 0, unread: 0, mentions: 0 },
  ]);
  t.same(positions.since(), { direct: { bob: 40 } });
  t.equal(positions.advance(message(31), 'ada'), true);
});

t.test('names may be anything', async (t) => {
  const positions = createPositions();
  positions.advance(message(5, { room: '__proto__' }), 'ada');
  t.equal(JSON.stringify(positions.since()), '{"rooms":{"__proto__":5}}');
});

t.test('of thousands of conversations the latest fit into one frame', async (t) => {
  const positions = createPositions();
  const last = 2 ** 40;
  const many = Array.from({ length: 3_000 }, (_, number) => `${number}`.padStart(limits.nameLength, 'x'));
  positions.adopt(
    many.flatMap((name) => [
      { room: name, last, read: 0, unread: 0, mentions: 0 },
      { with: name, last, read: 0, unread: 0, mentions: 0 },
    ]),
  );
  const [quiet = ''] = many;
  positions.advance(message(last + 1, { from: quiet, to: 'ada' }), 'ada');
  const since = positions.since();
  t.equal(since.direct?.[quiet], last + 1);
  t.ok(encodeFrame({ type: 'sync', id: 1, ...since }).length < limits.frameBytes);
});
