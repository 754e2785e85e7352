import t from 'tap';
import { withOlder } from '../../../../lib/client/screen/state/history-window.js';
import { firstNewId, readUpTo, withReadMark } from '../../../../lib/client/screen/state/unread.js';
import { add, entry, filled, windowOf } from '../../../support/conversation-states.js';
import { lobbyMessage as message } from '../../../support/fake-session.js';

t.test('unread messages are counted, and the first is where "new messages" is', async (t) => {
  let conversation = add(filled(1), message(2, { text: 'hi Ana' }), false);
  conversation = add(conversation, message(3), false);
  conversation = add(conversation, message(4, { from: 'ana' }), false);
  t.match(conversation, { unread: 2, mentions: 1, newAfter: 1 });
});

t.test('messages arriving below the reader are counted and move nothing', async (t) => {
  const reading = { ...filled(5), at: { id: 'm3', row: 0 } };
  const conversation = add(add(reading, message(6)), message(7, { from: 'ana' }));
  t.match(conversation, { newBelow: 1, unread: 1, at: { id: 'm3', row: 0 } });
});

t.test('messages read elsewhere are not new here', async (t) => {
  const unread = { unread: 3, mentions: 1, newAfter: 0 };
  const before = { ...windowOf(entry(1), entry(2, { text: 'ana!' }), entry(3)), ...unread };
  t.match(readUpTo(before, 2), { unread: 1, mentions: 0, newAfter: 2 });
  t.match(readUpTo(before, 3), { unread: 0, mentions: 0, newAfter: undefined });
  t.equal(readUpTo(before, 0), before);
});

t.test('"new messages" is above the first unread one, once what is before it is loaded', async (t) => {
  const last50 = windowOf(...Array.from({ length: 50 }, (_, i) => entry(251 + i)));
  const signedIn = withReadMark(last50, { read: 120, unread: 180, mentions: 0 });
  t.equal(firstNewId(signedIn), undefined, 'it is further up');
  const older = withOlder(
    signedIn,
    Array.from({ length: 100 }, (_, i) => entry(151 + i)),
    true,
  );
  t.equal(firstNewId(older), undefined);
  const reached = withOlder(
    older,
    Array.from({ length: 100 }, (_, i) => entry(51 + i)),
    true,
  );
  t.equal(firstNewId(reached), 'm121');
  const all = withReadMark(last50, { read: 120, unread: 50, mentions: 0 });
  t.equal(firstNewId(all), 'm251', 'seqs are shared with other rooms: nothing else is unread');
  t.equal(firstNewId(withReadMark(last50, { read: 300, unread: 0, mentions: 0 })), undefined);
});
