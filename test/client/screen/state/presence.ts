import t from 'tap';
import { withMove } from '../../../../lib/client/screen/state/presence.js';
import { add, filled, ids } from '../../../support/conversation-states.js';
import { lobbyMessage as message } from '../../../support/fake-session.js';

t.test('joins and leaves are folded; both of one person cancel out', async (t) => {
  const move = (change: 'joined' | 'left', name: string, serial: number) => ({
    change,
    name,
    at: serial,
    serial,
  });
  let conversation = withMove(filled(1), move('joined', 'cyd', 1));
  conversation = withMove(conversation, move('joined', 'dan', 2));
  conversation = withMove(conversation, { ...move('left', 'eve', 3), reason: 'tea' });
  t.match(conversation.entries.slice(1), [
    { kind: 'presence', id: 'p1', joined: ['cyd', 'dan'], left: [{ name: 'eve', reason: 'tea' }] },
  ]);
  conversation = withMove(conversation, move('left', 'cyd', 4));
  conversation = withMove(conversation, move('joined', 'eve', 5));
  t.match(conversation.entries.slice(1), [{ joined: ['dan'], left: [] }]);
  conversation = withMove(conversation, move('left', 'dan', 6));
  t.same(ids(conversation), ['m1']);
});

t.test('joins after a message, or after a long time, get their own entry', async (t) => {
  let conversation = withMove(filled(1), { change: 'joined', name: 'cyd', at: 0, serial: 1 });
  conversation = withMove(conversation, { change: 'joined', name: 'dan', at: 3_600_000, serial: 2 });
  conversation = withMove(add(conversation, message(2)), {
    change: 'joined',
    name: 'eve',
    at: 3_600_000,
    serial: 3,
  });
  t.same(ids(conversation), ['m1', 'p1', 'p2', 'm2', 'p3']);
});
