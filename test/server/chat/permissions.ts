import t from 'tap';
import { type Action, type Actor, can, type Policy } from '../../../lib/server/chat/permissions.js';

const members: Policy = { rooms: 'members' };
const admins: Policy = { rooms: 'admins' };

// Everybody there is: a server's role, and what they are in the room (`out` for those who are not in it), which is
// public or private.
const actors: Readonly<Record<string, Actor>> = {
  owner: { role: 'member', room: 'owner', open: false },
  'room moderator': { role: 'member', room: 'moderator', open: false },
  member: { role: 'member', room: 'member', open: true },
  bot: { role: 'bot', room: 'member', open: true },
  out: { role: 'member' },
  'moderator, private': { role: 'moderator', room: 'member', open: false },
  'moderator, public': { role: 'moderator', room: 'member', open: true },
  'moderator, out': { role: 'moderator' },
  'admin, private': { role: 'admin', room: 'member', open: false },
  'admin, public': { role: 'admin', room: 'member', open: true },
  'admin, out': { role: 'admin' },
  operator: { role: 'operator' },
};
const everybody = Object.keys(actors);
const but = (...some: string[]) => everybody.filter((who) => !some.includes(who));
const moderators = everybody.filter((who) => /^(moderator|admin|operator)/.test(who));
const administrators = everybody.filter((who) => /^(admin|operator)/.test(who));
const leading = ['owner', 'room moderator', 'moderator, public', 'admin, public', 'operator'];

/** Who may, of all of them, where it is done to a member. */
const table: Readonly<Record<Action, readonly string[]>> = {
  'say-restricted': leading,
  'edit-own': everybody,
  'remove-own': everybody,
  'remove-other': leading,
  'make-room': but('bot'),
  'set-topic': leading,
  'set-rules': leading,
  invite: but('bot', 'out', 'moderator, out', 'admin, out', 'operator'),
  appoint: ['owner', 'admin, public', 'operator'],
  'kick-from-room': leading,
  'mute-in-room': leading,
  kick: moderators,
  ban: moderators,
  'ban-address': moderators,
  mute: moderators,
  'set-role': administrators,
  'see-bans': moderators,
  'see-audit': moderators,
  'see-addresses': moderators,
  'make-invite': moderators,
  'see-invites': moderators,
  'make-reset': administrators,
};

t.test('who may do what', (t) => {
  for (const [action, may] of Object.entries(table)) {
    const found = everybody.filter((who) => can(actors[who] as Actor, action as Action, members));
    t.same(found, may, action);
  }
  t.end();
});

t.test('where the operator keeps rooms to the admins, members make none', (t) => {
  const found = everybody.filter((who) => can(actors[who] as Actor, 'make-room', admins));
  t.same(found, administrators);
  t.end();
});

t.test('nobody acts on their like or upwards', (t) => {
  const order = [['member', 'bot'], ['moderator'], ['admin'], ['operator']] as const;
  const level = (role: Actor['role']) =>
    order.findIndex((roles) => (roles as readonly string[]).includes(role));
  const roles = order.flat();
  for (const action of ['kick', 'ban', 'mute', 'make-reset', 'set-role'] as const) {
    const least = action === 'make-reset' || action === 'set-role' ? 2 : 1;
    for (const by of roles) {
      for (const on of roles) {
        const may = level(by) >= least && level(by) > level(on);
        t.equal(can({ role: by }, action, members, { role: on }), may, `${by}: ${action} of ${on}`);
      }
    }
  }
  const rooms = ['member', 'moderator', 'owner'] as const;
  for (const action of ['kick-from-room', 'mute-in-room'] as const) {
    for (const [rank, by] of rooms.entries()) {
      for (const [theirs, on] of rooms.entries()) {
        const may = rank > 0 && rank > theirs;
        const allowed = can({ role: 'member', room: by }, action, members, { role: 'member', room: on });
        t.equal(allowed, may, `${by}: ${action} of ${on}`);
      }
    }
  }
  t.end();
});

t.test('nobody makes others more than they are', (t) => {
  const invited = (by: Actor['role']) =>
    (['member', 'bot', 'moderator', 'admin'] as const).filter((role) =>
      can({ role: by }, 'make-invite', members, { role }),
    );
  t.same(invited('member'), []);
  t.same(invited('moderator'), ['member']);
  t.same(invited('admin'), ['member', 'moderator', 'admin']);
  t.end();
});
