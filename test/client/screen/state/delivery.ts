import t from 'tap';
import { ownEntry, withDelivery, withoutFailed } from '../../../../lib/client/screen/state/delivery.js';
import { withEntry } from '../../../../lib/client/screen/state/history-window.js';
import { withRemoval } from '../../../../lib/client/screen/state/message-entry.js';
import type { PaneEntry } from '../../../../lib/client/screen/state/state.js';
import { draft, entry, filled, ids, removed, windowOf } from '../../../support/conversation-states.js';

t.test('an acknowledgement, a wait and a failure are shown', async (t) => {
  const conversation = withEntry(withEntry(filled(1), draft('a')), draft('b'));
  const sent = withDelivery(conversation, 'a', { state: 'sent', seq: 9 });
  t.match(sent.entries[1], { seq: 9, delivery: { state: 'sent' } });
  t.equal(withDelivery(sent, 'a', { state: 'sending' }), sent, 'what was sent stays sent');
  const waiting = withDelivery(conversation, 'b', { state: 'sending', waitMs: 200 });
  t.match(waiting.entries[2], { delivery: { state: 'sending', waitMs: 200 } });
  const failed = withDelivery(conversation, 'b', {
    state: 'failed',
    code: 'message-too-long',
    message: 'too\x1b[2J long',
  });
  t.match(failed.entries[2], { delivery: { state: 'failed', code: 'message-too-long', why: /^too.*long$/ } });
  t.equal(withDelivery(conversation, 'unknown', { state: 'sent', seq: 1 }), conversation);
});

t.test('failed messages can be taken out, to be sent again', async (t) => {
  const conversation = withDelivery(withEntry(filled(1), draft('a')), 'a', {
    state: 'failed',
    code: 'no-such-name',
    message: 'Nobody.',
  });
  const { conversation: rest, failed } = withoutFailed(conversation);
  t.same(ids(rest), ['m1']);
  t.match(failed, [{ text: 'a' }]);
});

t.test('an own reply has its quote before it is acknowledged', async (t) => {
  const draftOf = (of: number, entries: readonly PaneEntry[]) =>
    ownEntry('k', { room: 'lobby', text: 'yes', of }, { me: 'ana', now: 0, entries });
  t.same(draftOf(1, [entry(1), entry(2)]).of, { seq: 1, from: 'ben', text: 'hi' });
  t.same(draftOf(7, [entry(1)]).of, { seq: 7 }, 'one that is not loaded');
  t.same(draftOf(1, withRemoval(windowOf(entry(1)), removed(1)).entries).of, { seq: 1 });
});
