import t from 'tap';
import { firstSeq, lastSeq, newConversation } from '../../../../lib/client/screen/state/conversation.js';
import {
  mostEntries,
  withEntry,
  withGap,
  withNewer,
  withNewest,
  withOlder,
  withOldest,
  withWindowAround,
} from '../../../../lib/client/screen/state/history-window.js';
import { messageEntry } from '../../../../lib/client/screen/state/message-entry.js';
import type { ConversationState, PaneEntry } from '../../../../lib/client/screen/state/state.js';
import { add, draft, entry, filled, ids, seqs, windowOf } from '../../../support/conversation-states.js';
import { lobbyMessage as message } from '../../../support/fake-session.js';

t.test('an own message is last until acknowledged, then in its place', async (t) => {
  let conversation = withEntry(withEntry(filled(2), draft('a')), draft('b'));
  conversation = add(conversation, message(3));
  t.same(ids(conversation), ['m1', 'm2', 'm3', 'ka', 'kb']);
  conversation = add(conversation, message(4, { from: 'ana', text: 'a', key: 'a' }));
  t.same(ids(conversation), ['m1', 'm2', 'm3', 'ka', 'kb'], 'under the id that it had');
  t.match(conversation.entries[3], { seq: 4, delivery: { state: 'sent' } });
  t.match(conversation.entries[4], { seq: undefined, delivery: { state: 'sending' } });
});

t.test('older pages are added above, each message once', async (t) => {
  const conversation = add(add(newConversation('#lobby', 'mention'), message(5)), message(6));
  const page = [3, 4, 5].map((seq) => messageEntry(message(seq), 'ana'));
  const more = withOlder({ ...conversation, loading: true }, page, true);
  t.same(ids(more), ['m3', 'm4', 'm5', 'm6']);
  t.match(more, { fromStart: false, loading: false });
  t.equal(withOlder(more, [], false).fromStart, true);
  t.equal(firstSeq(more), 3);
  t.equal(lastSeq(more), 6);
});

t.test('the window is bounded at the bottom', async (t) => {
  const conversation = filled(mostEntries * 3);
  t.ok(conversation.entries.length <= mostEntries);
  t.equal(lastSeq(conversation), mostEntries * 3);
  t.equal(conversation.fromStart, false);
});

t.test('the window is bounded below a reader who is scrolled up, and loads again', async (t) => {
  let conversation: ConversationState = {
    ...filled(mostEntries),
    at: { id: `m${mostEntries - 10}`, row: 0 },
  };
  for (let seq = mostEntries + 1; seq <= mostEntries * 5; seq++)
    conversation = add(conversation, message(seq));
  t.ok(conversation.entries.length <= mostEntries * 2);
  t.equal(conversation.detached, true);
  t.equal(conversation.newBelow, mostEntries * 4);
  t.ok(ids(conversation).includes(`m${mostEntries - 10}`), 'what they read is still there');
  const page = [1, 2].map((n) => messageEntry(message(mostEntries * 5 - 2 + n), 'ana'));
  const back = withNewest(conversation, page, true);
  t.same(back.entries, page);
  t.match(back, { at: undefined, newBelow: 0, fromStart: false });
  t.notOk('detached' in back);
});

t.test('messages before a gap load again', async (t) => {
  const notice: PaneEntry = { kind: 'notice', id: 'n1', at: 0, text: 'hi', tone: 'plain' };
  const before = { ...windowOf(entry(1), notice, entry(9)), fromStart: true };
  const after = withGap(before, 5);
  t.same(seqs(after), ['notice', 9]);
  t.notOk(after.fromStart);
  t.equal(withGap(after, 5), after);
});

t.test('newer pages attach a window to the newest message', async (t) => {
  const detached = { ...windowOf(entry(1), entry(2)), detached: true as const };
  const some = withNewer(detached, [entry(2), entry(3)], true);
  t.same([seqs(some), some.detached], [[1, 2, 3], true], 'nothing twice');
  const all = withNewer(some, [entry(4)], false);
  t.same([seqs(all), all.detached], [[1, 2, 3, 4], undefined]);
});

t.test('a window around a message marks it', async (t) => {
  const page = [entry(4), entry(5), entry(6)];
  const shown = withWindowAround(windowOf(entry(90)), page, { seq: 5, older: true, newer: true });
  t.match(shown, { marked: 'm5', detached: true, fromStart: false });
  t.same(seqs(shown), [4, 5, 6]);
  t.notOk(withWindowAround(shown, page, { seq: 5, older: false, newer: false }).detached);
});

t.test('own messages that were not sent stay in whichever window is shown', async (t) => {
  const failed = {
    ...draft('k1'),
    delivery: { state: 'failed' as const, code: 'muted' as const, why: 'muted' },
  };
  const before = windowOf(entry(90), failed);
  const last = (conversation: ConversationState) => conversation.entries.at(-1)?.id;
  const oldest = withOldest(before, [entry(1), entry(2)], true);
  t.equal(last(oldest), 'kk1');
  const next = withNewer(oldest, [entry(3)], true);
  t.same(seqs(next), [1, 2, 3, undefined]);
  t.equal(last(withNewest(next, [entry(90)], true)), 'kk1');
  t.equal(last(withWindowAround(before, [entry(5)], { seq: 5, older: true, newer: true })), 'kk1');
});
