import t from 'tap';
import {
  conversationOf,
  firstSeq,
  lastSeq,
  newConversation,
} from '../../../../lib/client/screen/state/conversation.js';
import { ownEntry, withDelivery, withoutFailed } from '../../../../lib/client/screen/state/delivery.js';
import {
  mostEntries,
  withEntry,
  withGap,
  withMessage,
  withNewer,
  withNewest,
  withOlder,
  withOldest,
  withWindowAround,
} from '../../../../lib/client/screen/state/history-window.js';
import {
  messageEntry,
  withEdit,
  withReacted,
  withReaction,
  withRemoval,
} from '../../../../lib/client/screen/state/message-entry.js';
import { withMove } from '../../../../lib/client/screen/state/presence.js';
import type { ConversationState, PaneEntry } from '../../../../lib/client/screen/state/state.js';
import { firstNewId, readUpTo, withReadMark } from '../../../../lib/client/screen/state/unread.js';
import type { Message, Reaction } from '../../../../lib/protocol/records.js';
import { hostileText } from '../../../fixtures/hostile-text.js';
import { lobbyMessage as message, messageOf } from '../../../support/fake-session.js';
import { unsafe } from '../../../support/unsafe.js';

const at = '2026-11-20T20:00:00.000Z';

function add(conversation: ConversationState, said: Message, viewed = true): ConversationState {
  return withMessage(conversation, messageEntry(said, 'ana'), { key: said.key, viewed });
}

function filled(count: number): ConversationState {
  let conversation = newConversation('#lobby', 'mention');
  for (let seq = 1; seq <= count; seq++) conversation = add(conversation, message(seq));
  return conversation;
}

const ids = ({ entries }: ConversationState) => entries.map(({ id }) => id);
const draft = (key: string) =>
  ownEntry(key, { room: 'lobby', text: key }, { me: 'ana', now: 0, entries: [] });

t.test('a message belongs to its room, or to the other person', async (t) => {
  t.equal(conversationOf(message(1), 'ana'), '#lobby');
  const { room: _, ...direct } = message(1);
  t.equal(conversationOf({ ...direct, to: 'ana' }, 'ana'), '@bob');
  t.equal(conversationOf({ ...direct, from: 'ana', to: 'bob' }, 'ana'), '@bob');
  t.equal(conversationOf({ ...direct, from: 'ana', to: 'ana' }, 'ana'), '@ana');
});

t.test('a hostile message becomes a printable entry', async (t) => {
  const entry = messageEntry(message(1, { from: 'b\x1b[2Job', text: 'x\x1b]0;pwned\x07y\nz' }), 'ana');
  t.notMatch(`${entry.from}${entry.text}`, /[^\x20-\x7e\n]/);
  t.match(entry.text, /\nz$/);
});

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

t.test('an own message is last until acknowledged, then in its place', async (t) => {
  let conversation = withEntry(withEntry(filled(2), draft('a')), draft('b'));
  conversation = add(conversation, message(3));
  t.same(ids(conversation), ['m1', 'm2', 'm3', 'ka', 'kb']);
  conversation = add(conversation, message(4, { from: 'ana', text: 'a', key: 'a' }));
  t.same(ids(conversation), ['m1', 'm2', 'm3', 'ka', 'kb'], 'under the id that it had');
  t.match(conversation.entries[3], { seq: 4, delivery: { state: 'sent' } });
  t.match(conversation.entries[4], { seq: undefined, delivery: { state: 'sending' } });
});

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

const entry = (seq: number, fields: Partial<Message> = {}) =>
  messageEntry(messageOf({ seq, ...fields }), 'ana');

function window(...entries: readonly PaneEntry[]): ConversationState {
  return { ...newConversation('#lobby', 'mention'), entries };
}

const edited = (of: number, text: string) =>
  ({ type: 'edited', seq: 90, of, room: 'lobby', from: 'ben', at, text }) as const;
const removed = (of: number) => ({ type: 'removed', seq: 91, of, room: 'lobby', from: 'mo', at }) as const;
const seqs = ({ entries }: ConversationState) =>
  entries.map((each) => (each.kind === 'message' ? each.seq : each.kind));

t.test('an edit changes its message in place, and nothing else', async (t) => {
  const before = window(entry(1), entry(2), entry(3));
  const after = withEdit(before, edited(2, 'better, ana'), 'ana');
  t.match(after.entries[1], { id: 'm2', seq: 2, text: 'better, ana', edited: true, mention: true });
  t.equal(after.entries[0], before.entries[0], 'the others are the same ones');
  t.equal(after.entries[2], before.entries[2]);
  t.equal(withEdit(before, edited(7, 'x'), 'ana'), before, 'one that is not loaded changes nothing');
});

t.test('an own message keeps its place when it is edited', async (t) => {
  const mine = { ...entry(2, { from: 'ana' }), id: 'kkey' };
  t.match(withEdit(window(entry(1), mine), edited(2, 'x'), 'ana').entries[1], { id: 'kkey', text: 'x' });
});

t.test('a removal leaves the name of who removed it, and no text, file or mention', async (t) => {
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

t.test('messages before a gap load again', async (t) => {
  const notice: PaneEntry = { kind: 'notice', id: 'n1', at: 0, text: 'hi', tone: 'plain' };
  const before = { ...window(entry(1), notice, entry(9)), fromStart: true };
  const after = withGap(before, 5);
  t.same(seqs(after), ['notice', 9]);
  t.notOk(after.fromStart);
  t.equal(withGap(after, 5), after);
});

t.test('newer pages attach a window to the newest message', async (t) => {
  const detached = { ...window(entry(1), entry(2)), detached: true as const };
  const some = withNewer(detached, [entry(2), entry(3)], true);
  t.same([seqs(some), some.detached], [[1, 2, 3], true], 'nothing twice');
  const all = withNewer(some, [entry(4)], false);
  t.same([seqs(all), all.detached], [[1, 2, 3, 4], undefined]);
});

t.test('a window around a message marks it', async (t) => {
  const page = [entry(4), entry(5), entry(6)];
  const shown = withWindowAround(window(entry(90)), page, { seq: 5, older: true, newer: true });
  t.match(shown, { marked: 'm5', detached: true, fromStart: false });
  t.same(seqs(shown), [4, 5, 6]);
  t.notOk(withWindowAround(shown, page, { seq: 5, older: false, newer: false }).detached);
});

t.test('messages read elsewhere are not new here', async (t) => {
  const unread = { unread: 3, mentions: 1, newAfter: 0 };
  const before = { ...window(entry(1), entry(2, { text: 'ana!' }), entry(3)), ...unread };
  t.match(readUpTo(before, 2), { unread: 1, mentions: 0, newAfter: 2 });
  t.match(readUpTo(before, 3), { unread: 0, mentions: 0, newAfter: undefined });
  t.equal(readUpTo(before, 0), before);
});

t.test('"new messages" is above the first unread one, once what is before it is loaded', async (t) => {
  const last50 = window(...Array.from({ length: 50 }, (_, i) => entry(251 + i)));
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

t.test('own messages that were not sent stay in whichever window is shown', async (t) => {
  const failed = {
    ...draft('k1'),
    delivery: { state: 'failed' as const, code: 'muted' as const, why: 'muted' },
  };
  const before = window(entry(90), failed);
  const last = (conversation: ConversationState) => conversation.entries.at(-1)?.id;
  const oldest = withOldest(before, [entry(1), entry(2)], true);
  t.equal(last(oldest), 'kk1');
  const next = withNewer(oldest, [entry(3)], true);
  t.same(seqs(next), [1, 2, 3, undefined]);
  t.equal(last(withNewest(next, [entry(90)], true)), 'kk1');
  t.equal(last(withWindowAround(before, [entry(5)], { seq: 5, older: true, newer: true })), 'kk1');
});

const quote = { seq: 1, from: 'ben', text: 'hi' };
const replyTo = (seq: number, of: Message['of']) => entry(seq, of === undefined ? {} : { of });

t.test('a reply keeps the quote of its message as that is now', async (t) => {
  const before = window(
    entry(1),
    replyTo(2, quote),
    replyTo(3, { seq: 9, from: 'ben', text: 'old' }),
    entry(4),
  );
  t.match(before.entries[1], { of: quote });
  const after = withEdit(before, edited(1, 'one\ntwo'), 'ana');
  t.match(after.entries[1], { of: { ...quote, text: 'one two' } });
  t.equal(after.entries[2], before.entries[2], 'the others are the same ones');
  const unloaded = withEdit(after, edited(9, 'new'), 'ana');
  t.match(unloaded.entries[2], { of: { seq: 9, text: 'new' } }, 'also of one that is not loaded');
  const gone = withRemoval(unloaded, removed(1));
  t.same((gone.entries[1] as { of?: object }).of, { seq: 1 });
  t.notOk('of' in (withRemoval(before, removed(2)).entries[1] ?? {}), 'a removed reply is no reply');
});

t.test('an own reply has its quote before it is acknowledged', async (t) => {
  const draftOf = (of: number, entries: readonly PaneEntry[]) =>
    ownEntry('k', { room: 'lobby', text: 'yes', of }, { me: 'ana', now: 0, entries });
  t.same(draftOf(1, [entry(1), entry(2)]).of, quote);
  t.same(draftOf(7, [entry(1)]).of, { seq: 7 }, 'one that is not loaded');
  t.same(draftOf(1, withRemoval(window(entry(1)), removed(1)).entries).of, { seq: 1 });
});

const kinds = (...pairs: [string, number][]) => pairs.map(([emoji, count]) => ({ emoji, count }));
const reaction = (of: number, from: string, emoji: string | undefined, reactions: Reaction[]) =>
  ({
    ...({ type: 'reaction', seq: 92, of: { seq: of }, room: 'lobby', from, at, reactions } as const),
    ...(emoji !== undefined && { emoji }),
  }) as const;
const reactionsOf = ({ entries }: ConversationState, index = 0) =>
  (entries[index] as { reactions?: object }).reactions;

t.test('reactions are as the last event says, with the reader’s own marked', async (t) => {
  const start = window(entry(1), entry(2, { reactions: [{ emoji: '👍', count: 2, mine: true }] }));
  t.same(reactionsOf(start, 1), [{ emoji: '👍', count: 2, mine: true }]);
  const other = withReaction(start, reaction(2, 'mo', '🎉', kinds(['👍', 2], ['🎉', 1])), 'ana');
  t.same(reactionsOf(other, 1), [
    { emoji: '👍', count: 2, mine: true },
    { emoji: '🎉', count: 1, mine: false },
  ]);
  const own = withReaction(other, reaction(2, 'ana', '🎉', kinds(['👍', 1], ['🎉', 2])), 'ana');
  t.same(reactionsOf(own, 1), [
    { emoji: '👍', count: 1, mine: false },
    { emoji: '🎉', count: 2, mine: true },
  ]);
  const back = withReaction(own, reaction(2, 'ana', undefined, kinds(['👍', 1], ['🎉', 1])), 'ana');
  t.match(reactionsOf(back, 1), [{ mine: false }, { mine: false }]);
  t.notOk('reactions' in (withReaction(back, reaction(2, 'mo', undefined, []), 'ana').entries[1] ?? {}));
  t.equal(back.entries[0], start.entries[0]);
  t.equal(withReaction(back, reaction(7, 'mo', '👍', kinds(['👍', 1])), 'ana'), back, 'not loaded');
  const gone = withRemoval(back, removed(2));
  t.notOk('reactions' in (gone.entries[1] ?? {}));
  t.equal(withReaction(gone, reaction(2, 'mo', '👍', kinds(['👍', 1])), 'ana').entries[1], gone.entries[1]);
});

t.test('after a catch-up one’s own reactions are marked', async (t) => {
  const two = kinds(['👍', 2], ['🎉', 1]);
  const before = window(entry(1, { reactions: two }), entry(2, { reactions: two }), entry(3));
  const own = [
    { of: 2, emoji: '🎉' },
    { of: 3, emoji: '🎉' },
    { of: 99, emoji: '👍' },
  ];
  const after = withReacted(before, { type: 'reacted', room: 'lobby', reactions: own });
  t.match(reactionsOf(after, 0), [{ mine: false }, { mine: false }]);
  t.match(reactionsOf(after, 1), [{ mine: false }, { mine: true }]);
  t.equal(after.entries[2], before.entries[2]);
});

t.test('hostile quotes and reactions are printable in the state', async (t) => {
  for (const { text } of hostileText) {
    const reactions = [{ emoji: text, count: 1 }];
    const shown = window(entry(1, { of: { seq: 9, from: text, text }, reactions }));
    const after = withReaction(shown, reaction(1, text, text, reactions), 'ana');
    t.notMatch(JSON.stringify([shown.entries, after.entries]), unsafe);
  }
});
