import t from 'tap';
import { type Action, type Actor, can, type Policy } from '../../lib/server/can.js';

const members: Policy = { rooms: 'members' };
const admins: Policy = { rooms: 'admins' };

// Everybody there is: a server's role, and what they are in the room, `out` for those who are not in it.
const actors: Readonly<Record<string, Actor>> = {
  owner: { role: 'member', room: 'owner' },
  moderator: { role: 'member', room: 'moderator' },
  member: { role: 'member', room: 'member' },
  out: { role: 'member' },
  'admin, owner': { role: 'admin', room: 'owner' },
  'admin, member': { role: 'admin', room: 'member' },
  'admin, out': { role: 'admin' },
};
const everybody = Object.keys(actors);

/** Who may, of all of them. */
const table: Readonly<Record<Action, readonly string[]>> = {
  'make-room': everybody,
  'set-topic': ['owner', 'moderator', 'admin, owner'],
  invite: ['owner', 'moderator', 'member', 'admin, owner', 'admin, member'],
  appoint: ['owner', 'admin, owner'],
  'edit-own': everybody,
  'remove-own': everybody,
  'remove-other': ['owner', 'moderator', 'admin, owner'],
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
  t.same(found, ['admin, owner', 'admin, member', 'admin, out']);
  t.end();
});
