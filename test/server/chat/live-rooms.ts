import t from 'tap';
import type { ServerFrame } from '../../../lib/protocol/events.js';
import { createFrameReader } from '../../../lib/protocol/frame.js';
import { limits } from '../../../lib/protocol/limits.js';
import { createSubscriber } from '../../../lib/server/chat/fan-out.js';
import { createLiveRooms, type LiveRoom } from '../../../lib/server/chat/live-rooms.js';
import type { Room, Standing } from '../../../lib/store/room-store.js';
import { createFakeClock } from '../../support/fake-clock.js';

function setUp() {
  const clock = createFakeClock();
  const seats = createLiveRooms(clock);
  const dev = seats.open(roomOf({ id: 1, name: 'dev' }));
  const reader = createFrameReader(() => limits.frameFromServerBytes);
  const heard: ServerFrame[] = [];
  const gate = createSubscriber((bytes) => heard.push(...(reader.push(bytes) as unknown as ServerFrame[])));
  return { clock, seats, dev, heard, gate };
}

function roomOf(fields: { id: number; name: string; private?: boolean }): Room {
  return { private: false, everybody: false, topic: '', rules: {}, ...fields };
}

function standingIn({ fanOut: _, gates: __, people: ___, tally: ____, ...room }: LiveRoom): Standing {
  const counts = { last: 0, read: 0, unread: 0, mentions: 0 };
  return { kind: 'room', name: room.name, target: { room: room.id }, room, role: 'member', ...counts };
}

t.test('of a small room everybody is named; of a large one people are counted, not their terminals', (t) => {
  const { clock, seats, dev, heard, gate } = setUp();
  dev.gates.add(gate);
  const other = createSubscriber(() => {});
  for (let terminal = 0; terminal < 2 * limits.presenceNamed; terminal++) {
    dev.gates.add(createSubscriber(other.send));
  }
  for (let id = 1; id <= limits.presenceNamed; id++) seats.fill(id, [standingIn(dev)]);
  dev.tally.joined('ada');
  clock.advance(20);
  t.same(heard, [{ type: 'joined', room: 'dev', name: 'ada' }]);

  seats.fill(1_000, [standingIn(dev)]);
  dev.tally.joined('bob');
  dev.tally.joined('eve');
  dev.tally.left('ada');
  clock.advance(1_020);
  t.same(heard.slice(1), [
    { type: 'crowd', room: 'dev', joined: 2, left: 1, online: limits.presenceNamed + 1 },
  ]);

  seats.forget(1_000);
  seats.remove(1, dev);
  dev.tally.left('bob');
  clock.advance(20);
  t.same(heard.at(-1), { type: 'left', room: 'dev', name: 'bob' }, 'and named again once it is small');
  t.end();
});

t.test('what an account is in is known while it is here, and private rooms by their members alone', (t) => {
  const { seats, dev } = setUp();
  const hidden = seats.open(roomOf({ id: 2, name: 'den', private: true }));
  t.equal(seats.publicRoom('dev'), dev);
  t.equal(seats.publicRoom('den'), undefined);
  t.equal(seats.publicRoom('constructor'), undefined);
  seats.fill(7, [standingIn(dev)]);
  seats.set(7, { room: hidden, role: 'owner' });
  t.same([...seats.of(7).keys()], ['dev', 'den']);
  seats.fill(7, []);
  t.equal(seats.of(7).size, 2, 'what is known is not looked up again');
  seats.set(8, { room: hidden, role: 'owner' });
  t.equal(seats.of(8).size, 0, 'nobody is seated who is not here');
  const twin = seats.open(roomOf({ id: 3, name: 'den' }));
  seats.remove(7, twin);
  t.equal(seats.of(7).get('den')?.room, hidden, 'another room of that name is another room');
  seats.close(hidden);
  t.equal(seats.publicRoom('den'), twin);
  seats.forget(7);
  t.same([seats.of(7).size, dev.people.size], [0, 0]);
  t.end();
});
