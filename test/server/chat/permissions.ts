import t from 'tap';
import {
  type Action,
  type Actor,
  adviceFor,
  createPermissions,
  operator,
} from '../../../lib/server/chat/permissions.js';

const { allows, check } = createPermissions({ rooms: 'members' });

// A role on the server and one in the room (`out` if not a member), which is public or private.
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
const everyone = Object.keys(actors);
const but = (...some: string[]) => everyone.filter((who) => !some.includes(who));
const moderators = everyone.filter((who) => /^(moderator|admin|operator)/.test(who));
const administrators = everyone.filter((who) => /^(admin|operator)/.test(who));
const roomModerators = ['owner', 'room moderator', 'moderator, public', 'admin, public', 'operator'];

/** Who may, of all of them, where it is done to a member. */
const table: Readonly<Record<Action, readonly string[]>> = {
  'say-restricted': roomModerators,
  'edit-own': everyone,
  'remove-own': everyone,
  'remove-other': roomModerators,
  'make-room': but('bot'),
  'set-topic': roomModerators,
  pin: roomModerators,
  'set-rules': roomModerators,
  invite: but('bot', 'out', 'moderator, out', 'admin, out', 'operator'),
  'make-webhook': roomModerators,
  appoint: ['owner', 'admin, public', 'operator'],
  'kick-from-room': roomModerators,
  'mute-in-room': roomModerators,
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
    const found = everyone.filter((who) => allows(actors[who] as Actor, action as Action));
    t.same(found, may, action);
  }
  t.end();
});

t.test('members create no rooms if the operator allows only admins', (t) => {
  const adminsOnly = createPermissions({ rooms: 'admins' });
  const found = everyone.filter((who) => adminsOnly.allows(actors[who] as Actor, 'make-room'));
  t.same(found, administrators);
  t.end();
});

t.test('no one acts on the same role or a higher one', (t) => {
  const order = [['member', 'bot'], ['moderator'], ['admin'], ['operator']] as const;
  const level = (role: Actor['role']) =>
    order.findIndex((roles) => (roles as readonly string[]).includes(role));
  const roles = order.flat();
  for (const action of ['kick', 'ban', 'mute', 'make-reset', 'set-role'] as const) {
    const least = action === 'make-reset' || action === 'set-role' ? 2 : 1;
    for (const by of roles) {
      for (const on of roles) {
        const may = level(by) >= least && level(by) > level(on);
        t.equal(allows({ role: by }, action, { role: on }), may, `${by}: ${action} of ${on}`);
      }
    }
  }
  const rooms = ['member', 'moderator', 'owner'] as const;
  for (const action of ['kick-from-room', 'mute-in-room'] as const) {
    for (const [rank, by] of rooms.entries()) {
      for (const [theirs, on] of rooms.entries()) {
        const may = rank > 0 && rank > theirs;
        const allowed = allows({ role: 'member', room: by }, action, { role: 'member', room: on });
        t.equal(allowed, may, `${by}: ${action} of ${on}`);
      }
    }
  }
  t.end();
});

t.test('no one invites others to a higher role than their own', (t) => {
  const invited = (by: Actor['role']) =>
    (['member', 'bot', 'moderator', 'admin'] as const).filter((role) =>
      allows({ role: by }, 'make-invite', { role }),
    );
  t.same(invited('member'), []);
  t.same(invited('moderator'), ['member']);
  t.same(invited('admin'), ['member', 'moderator', 'admin']);
  t.end();
});

t.test('a refusal names who has the permission', async (t) => {
  const cases: [Action, RegExp][] = [
    ['kick', /moderators and admins/],
    ['make-invite', /moderators and admins/],
    ['set-role', /^Only admins/],
    ['make-reset', /^Only admins/],
    ['set-rules', /owners of the room/],
    ['kick-from-room', /owners of the room/],
  ];
  for (const [action, who] of cases) {
    const member: Actor = { role: 'member', room: 'member' };
    t.throws(() => check(member, action), { code: 'not-allowed', message: who }, action);
  }
});

t.test('a refusal because of the target names the target', async (t) => {
  const kick = (name?: string) => check({ role: 'moderator' }, 'kick', { role: 'admin' }, name);
  t.throws(() => kick('ana'), { code: 'not-allowed', message: /do that to ana\.$/ });
  t.throws(() => kick(), { code: 'not-allowed', message: /do that\.$/ });
});

t.test('the operator gets advice for the shell, everyone else for the chat', async (t) => {
  const advice = { chat: '/who', shell: 'secure-chat user list' };
  t.equal(adviceFor(operator, advice), advice.shell);
  t.equal(adviceFor({ id: 1, name: 'ana', role: 'admin', password: '' }, advice), advice.chat);
});
