import t from 'tap';
import { conversationOf } from '../../../../lib/client/screen/state/conversation.js';
import { lobbyMessage as message } from '../../../support/fake-session.js';

t.test('a message belongs to its room, or to the other person', async (t) => {
  t.equal(conversationOf(message(1), 'ana'), '#lobby');
  const { room: _, ...direct } = message(1);
  t.equal(conversationOf({ ...direct, to: 'ana' }, 'ana'), '@bob');
  t.equal(conversationOf({ ...direct, from: 'ana', to: 'bob' }, 'ana'), '@bob');
  t.equal(conversationOf({ ...direct, from: 'ana', to: 'ana' }, 'ana'), '@ana');
});
