import t from 'tap';
import type { ServerFrame } from '../../../lib/protocol/events.js';
import { createFrameReader } from '../../../lib/protocol/frame.js';
import { limits } from '../../../lib/protocol/limits.js';
import { createSubscriber } from '../../../lib/server/chat/fan-out.js';
import { createLiveRooms, type LiveRoom } from '../../../lib/server/chat/live-rooms.js';
import type { ConversationSummary, Room } from '../../../lib/store/room-store.js';
import { createFakeClock } from '../../support/fake-clock.js';

function setUp() {
  const clock = createFakeClock();
  const rooms = createLiveRooms(clock, () => new Set());
  const dev = rooms.open(roomOf({ id: 1, name: 'dev' }));
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const received: ServerFrame[] = [];
  const subscriber = createSubscriber({
    send: (bytes) => void received.push(...(reader.push(bytes) as unknown as ServerFrame[])),
  });
  return { clock, rooms, dev, received, subscriber };
}

function roomOf(fields: { id: number; name: string; private?: boolean }): Room {
  return { private: false, lobby: false, topic: '', rules: {}, ...fields };
}

function standingIn({
  fanOut: _,
  subscribers: __,
  online: ___,
  joinNotices: ____,
  ...room
}: LiveRoom): ConversationSummary {
  const counts = { last: 0, read: 0, unread: 0, mentions: 0 };
  return { kind: 'room', name: room.name, target: { room: room.id }, room, role: 'member', ...counts };
}

t.test('join notices have names in a small room, and count people, not terminals, in a large one', (t) => {
  const { clock, rooms, dev, received, subscriber } = setUp();
  dev.subscribers.set(subscriber, 0);
  const other = createSubscriber({ send: () => {} });
  for (let terminal = 0; terminal < 2 * limits.presenceNamed; terminal++) {
    dev.subscribers.set(createSubscriber(other), 0);
  }
  for (let id = 1; id <= limits.presenceNamed; id++)
    rooms.load(id, { standings: [standingIn(dev)], mutes: [] });
  dev.joinNotices.joined('ada');
  clock.advance(20);
  t.same(received, [{ type: 'joined', room: 'dev', name: 'ada' }]);

  rooms.load(1_000, { standings: [standingIn(dev)], mutes: [] });
  dev.joinNotices.joined('bob');
  dev.joinNotices.joined('eve');
  dev.joinNotices.left('ada');
  clock.advance(1_020);
  t.same(received.slice(1), [
    { type: 'crowd', room: 'dev', joined: 2, left: 1, online: limits.presenceNamed + 1 },
  ]);

  rooms.unload(1_000);
  rooms.leave(1, dev);
  dev.joinNotices.left('bob');
  clock.advance(20);
  t.same(received.at(-1), { type: 'left', room: 'dev', name: 'bob' }, 'names again once it is small');
  t.end();
});

t.test('memberships are known while an account is loaded, and private rooms only to their members', (t) => {
  const { rooms, dev } = setUp();
  const hidden = rooms.open(roomOf({ id: 2, name: 'den', private: true }));
  t.equal(rooms.publicRoom('dev'), dev);
  t.equal(rooms.publicRoom('den'), undefined);
  t.equal(rooms.publicRoom('constructor'), undefined);
  rooms.load(7, { standings: [standingIn(dev)], mutes: [] });
  rooms.enter(7, { room: hidden, role: 'owner' });
  t.same([...rooms.membershipsOf(7).keys()], ['dev', 'den']);
  rooms.load(7, { standings: [], mutes: [] });
  t.equal(rooms.membershipsOf(7).size, 2, 'loading again changes nothing');
  rooms.enter(8, { room: hidden, role: 'owner' });
  t.equal(rooms.membershipsOf(8).size, 0, 'an account that is not loaded is not added');
  const twin = rooms.open(roomOf({ id: 3, name: 'den' }));
  rooms.leave(7, twin);
  t.equal(rooms.membershipsOf(7).get('den')?.room, hidden, 'another room of that name is another room');
  rooms.close(hidden);
  t.equal(rooms.publicRoom('den'), twin);
  rooms.unload(7);
  t.same([rooms.membershipsOf(7).size, dev.online.size], [0, 0]);
  t.end();
});
