import t from 'tap';
import type { ServerFrame } from '../../../lib/protocol/events.js';
import { limits } from '../../../lib/protocol/limits.js';
import { createPresence, type Member } from '../../../lib/server/chat/presence.js';
import { createFakeClock } from '../../support/fake-clock.js';

interface TestMember extends Member {
  readonly dismissed: string[];
}

function setUp(most?: number) {
  const clock = createFakeClock();
  const notices: ServerFrame[] = [];
  const presence = createPresence(clock, (notice) => notices.push(notice('lobby')), {
    live: { maxClients: most },
  });
  /** A session that, like a real one, leaves as soon as it is dismissed. */
  function session(id: number): TestMember {
    const dismissed: string[] = [];
    const member: TestMember = {
      account: { id, name: `name${id}`, role: 'member', password: '' },
      address: '192.0.2.1',
      session: undefined,
      alive: true,
      send() {},
      drained: async () => {},
      dismissed,
      dismiss(code) {
        dismissed.push(code);
        presence.remove(member, { reason: 'dismissed' });
      },
      replace() {},
    };
    return member;
  }
  return { clock, notices, presence, session };
}

const joined = (id: number) => ({ type: 'joined', room: 'lobby', name: `name${id}` });

t.test('joins and leaves are announced once per person, with the reason', async (t) => {
  const { notices, presence, session } = setUp();
  const [one, two] = [session(1), session(2)];
  presence.add(one, undefined);
  presence.add(two, undefined);
  presence.remove(two, { reason: 'lunch' });
  presence.remove(two, { reason: 'twice' });
  presence.remove(one);
  t.same(notices, [
    joined(1),
    joined(2),
    { type: 'left', room: 'lobby', name: 'name2', reason: 'lunch' },
    { type: 'left', room: 'lobby', name: 'name1' },
  ]);
  t.equal(presence.online, 0);
});

t.test('a session that was never online leaves silently', async (t) => {
  const { notices, presence, session } = setUp();
  presence.add(session(1), undefined);
  presence.remove(session(1), { reason: 'another session of the same name' });
  presence.remove(session(2), { reason: 'offline' });
  t.same(notices, [joined(1)]);
  t.equal(presence.online, 1);
});

t.test('a second session without a mode is refused', async (t) => {
  const { presence, session } = setUp();
  const [first, second] = [session(1), session(1)];
  presence.add(first, undefined);
  t.throws(() => presence.add(second, undefined), { code: 'name-in-use' });
  t.ok(presence.has(first));
  t.notOk(presence.has(second));
  t.same(first.dismissed, []);
});

t.test('a take-over ends every other session of the name, and others see nothing', async (t) => {
  const { notices, presence, session } = setUp();
  const [first, second, third] = [session(1), session(1), session(1)];
  presence.add(first, undefined);
  presence.add(second, 'attach');
  presence.add(third, 'take-over');
  t.same([first.dismissed, second.dismissed, third.dismissed], [['taken-over'], ['taken-over'], []]);
  t.same(notices, [joined(1)], 'neither left nor joined');
  t.same([...presence.terminals(1)], [third]);
  presence.remove(third);
  t.equal(notices.length, 2);
});

t.test('take-over and attach of an account that is offline simply join', async (t) => {
  const { notices, presence, session } = setUp();
  presence.add(session(1), 'take-over');
  presence.add(session(2), 'attach');
  presence.add(session(3), 'continue');
  t.same(notices, [joined(1), joined(2), joined(3)]);
});

t.test('attached terminals count as one person, who leaves with the last one', async (t) => {
  const { notices, presence, session } = setUp();
  const terminals = [session(1), session(1), session(1)];
  for (const terminal of terminals) presence.add(terminal, 'attach');
  t.same(presence.people(), [{ name: 'name1', role: 'member', terminals: 3 }]);
  t.equal(presence.online, 1);
  for (const terminal of terminals) {
    t.same(notices, [joined(1)]);
    presence.remove(terminal, { reason: 'done' });
  }
  t.match(notices, [joined(1), { type: 'left', name: 'name1', reason: 'done' }]);
  t.equal(notices.length, 2);
  t.same(presence.people(), []);
});

t.test('a name has at most eight terminals; a lost one that continues is admitted', async (t) => {
  const { presence, session } = setUp();
  for (let i = 0; i < limits.terminalsPerName; i++) presence.add(session(1), 'attach');
  t.throws(() => presence.add(session(1), 'attach'), { code: 'too-many-terminals' });
  t.equal(presence.terminals(1).size, limits.terminalsPerName);
  t.doesNotThrow(() => presence.add(session(1), 'continue'));
});

t.test(
  'a full server admits admins and more terminals of people online, and others once there is room',
  async (t) => {
    const { presence, session } = setUp(1);
    const [first, second] = [session(1), session(2)];
    const admin = session(3);
    admin.account = { ...admin.account, role: 'admin' };
    presence.add(first, undefined);
    t.throws(() => presence.add(second, undefined), { code: 'server-full' });
    presence.add(session(1), 'take-over');
    presence.add(admin, undefined);
    t.equal(presence.online, 2);
    presence.remove(admin);
    for (const terminal of presence.terminals(1)) presence.remove(terminal);
    presence.add(second, undefined);
    t.ok(presence.has(second));
  },
);

t.test('a session that continues joins beside its lost connection, and others see nothing', async (t) => {
  const { notices, presence, session } = setUp();
  const [lost, back] = [session(1), session(1)];
  presence.add(lost, undefined);
  presence.add(back, 'continue');
  presence.remove(lost, { reason: 'connection lost' });
  t.same(notices, [joined(1)]);
  t.same([...presence.terminals(1)], [back]);
});

t.test(
  'above a hundred people, joins and leaves are counted every second, and less often the more there are',
  async (t) => {
    const { clock, notices, presence, session } = setUp();
    const crowd = Array.from({ length: 2_000 }, (_, id) => session(id));
    for (const member of crowd) presence.add(member, undefined);
    t.equal(notices.length, limits.presenceNamed, 'the first hundred by name');
    clock.advance(1_000);
    t.equal(notices.length, limits.presenceNamed + 1, 'all others in one notice');
    t.same(notices.at(-1), { type: 'crowd', room: 'lobby', joined: 1_900, left: 0, online: 2_000 });

    for (const member of crowd.slice(0, 500)) presence.remove(member);
    presence.add(session(9_999), undefined);
    clock.advance(9_994);
    t.equal(notices.length, limits.presenceNamed + 1, 'five milliseconds for each of 1,999');
    clock.advance(1);
    t.same(notices.at(-1), { type: 'crowd', room: 'lobby', joined: 1, left: 500, online: 1_501 });
    t.equal(notices.length, limits.presenceNamed + 2);
    t.equal(clock.pending, 0, 'no timer runs while no one joins or leaves');
  },
);

t.test('a count that has begun is sent even if the room becomes small meanwhile', async (t) => {
  const { clock, notices, presence, session } = setUp();
  const crowd = Array.from({ length: limits.presenceNamed + 1 }, (_, id) => session(id));
  for (const member of crowd) presence.add(member, undefined);
  for (const member of crowd.slice(1)) presence.remove(member);
  clock.advance(1_000);
  t.same(notices.at(-1), {
    type: 'crowd',
    room: 'lobby',
    joined: 1,
    left: limits.presenceNamed,
    online: 1,
  });
  t.equal(notices.length, limits.presenceNamed + 1);
  presence.add(session(5_000), undefined);
  t.same(notices.at(-1), joined(5_000), 'a small room gets names again');
});
