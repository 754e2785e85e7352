import t from 'tap';
import { createRights, operator, typable } from '../../../lib/server/chat/actor.js';
import type { Action, Actor } from '../../../lib/server/chat/permissions.js';

const rights = createRights({
  store: { record: async () => {} },
  clock: { now: () => 0 },
  policy: { rooms: 'members' },
});
const member: Actor = { role: 'member', room: 'member' };

t.test('whoever may not is told who may', async (t) => {
  const cases: [Action, RegExp][] = [
    ['kick', /moderators and admins/],
    ['make-invite', /moderators and admins/],
    ['set-role', /^Only admins/],
    ['make-reset', /^Only admins/],
    ['set-rules', /owners of the room/],
    ['kick-from-room', /owners of the room/],
  ];
  for (const [action, who] of cases) {
    t.throws(() => rights.check(member, action), { code: 'not-allowed', message: who }, action);
  }
});

t.test('whoever may, but not do it to this one, is told whom it is about', async (t) => {
  const check = (whom?: string) => rights.check({ role: 'moderator' }, 'kick', { role: 'admin' }, whom);
  t.throws(() => check('ana'), { code: 'not-allowed', message: /^ana is not below you/ });
  t.throws(() => check(), { code: 'not-allowed', message: /^That person/ });
});

t.test('the operator is told what a shell knows, whoever is in the chat what the chat does', async (t) => {
  const words = { chat: '/list', shell: 'secure-chat user list' };
  t.equal(typable(operator, words), words.shell);
  t.equal(typable({ id: 1, name: 'ana', role: 'admin', password: '' }, words), words.chat);
});
