import t from 'tap';
import {
  around,
  seenUpTo,
  withEdit,
  withGap,
  withNewer,
  withRemoval,
} from '../../../../lib/client/screen/state/amending.js';
import { messageEntry, newConversation } from '../../../../lib/client/screen/state/conversation.js';
import type { ConversationState, Entry } from '../../../../lib/client/screen/state/state.js';
import type { Message } from '../../../../lib/protocol/records.js';
import { messageOf } from '../../../support/fake-session.js';

const at = '2026-11-21T12:00:00.000Z';
const entry = (seq: number, fields: Partial<Message> = {}) =>
  messageEntry(messageOf({ seq, ...fields }), 'ana');

function window(...entries: readonly Entry[]): ConversationState {
  return { ...newConversation('#lobby', 'mention'), entries };
}

const edited = (of: number, text: string) =>
  ({ type: 'edited', seq: 90, of, room: 'lobby', from: 'ben', at, text }) as const;
const removed = (of: number) => ({ type: 'removed', seq: 91, of, room: 'lobby', from: 'mo', at }) as const;
const seqs = ({ entries }: ConversationState) =>
  entries.map((each) => (each.kind === 'message' ? each.seq : each.kind));

t.test('an edit changes the message where it stands, and nothing else', async (t) => {
  const before = window(entry(1), entry(2), entry(3));
  const after = withEdit(before, edited(2, 'better, ana'), 'ana');
  t.match(after.entries[1], { id: 'm2', seq: 2, text: 'better, ana', edited: true, mention: true });
  t.equal(after.entries[0], before.entries[0], 'the others are the same ones');
  t.equal(after.entries[2], before.entries[2]);
  t.equal(withEdit(before, edited(7, 'x'), 'ana'), before, 'one that is not loaded changes nothing');
});

t.test('a message of this screen keeps its place when it is edited', async (t) => {
  const mine = { ...entry(2, { from: 'ana' }), id: 'kkey' };
  t.match(withEdit(window(entry(1), mine), edited(2, 'x'), 'ana').entries[1], { id: 'kkey', text: 'x' });
});

t.test('a removal leaves a name, and no text, file or mention', async (t) => {
  const file = { name: 'a.txt', size: 1, hash: '' };
  const before = window(entry(1, { text: 'ana: secret' }), entry(2, { file }));
  const after = withRemoval(withRemoval(before, removed(1)), removed(2));
  t.match(after.entries, [{ text: '', removed: 'mo', mention: false }, { removed: 'mo' }]);
  t.notOk('file' in (after.entries[1] ?? {}));
  t.equal(
    withEdit(after, edited(1, 'secret'), 'ana').entries[0],
    after.entries[0],
    'an edit brings nothing back',
  );
});

t.test('what is before a gap loads again', async (t) => {
  const notice: Entry = { kind: 'notice', id: 'n1', at: 0, text: 'hi', tone: 'plain' };
  const before = { ...window(entry(1), notice, entry(9)), fromStart: true };
  const after = withGap(before, 5);
  t.same(seqs(after), ['notice', 9]);
  t.notOk(after.fromStart);
  t.equal(withGap(after, 5), after);
});

t.test('pages below a window join it to the newest', async (t) => {
  const detached = { ...window(entry(1), entry(2)), detached: true as const };
  const some = withNewer(detached, [entry(2), entry(3)], true);
  t.same([seqs(some), some.detached], [[1, 2, 3], true], 'nothing twice');
  const all = withNewer(some, [entry(4)], false);
  t.same([seqs(all), all.detached], [[1, 2, 3, 4], undefined]);
});

t.test('a window around a message marks it', async (t) => {
  const page = [entry(4), entry(5), entry(6)];
  const shown = around(window(entry(90)), page, { seq: 5, older: true, newer: true });
  t.match(shown, { marked: 'm5', detached: true, fromStart: false });
  t.same(seqs(shown), [4, 5, 6]);
  t.notOk(around(shown, page, { seq: 5, older: false, newer: false }).detached);
});

t.test('what was read elsewhere is not new here', async (t) => {
  const unread = { unread: 3, mentions: 1, newFrom: 'm1' };
  const before = { ...window(entry(1), entry(2, { text: 'ana!' }), entry(3)), ...unread };
  t.match(seenUpTo(before, 2), { unread: 1, mentions: 0, newFrom: 'm3' });
  t.match(seenUpTo(before, 3), { unread: 0, mentions: 0, newFrom: undefined });
  t.equal(seenUpTo(before, 0), before);
});
