import t from 'tap';
import {
  conversationOf,
  draftEntry,
  firstSeq,
  lastSeq,
  messageEntry,
  mostEntries,
  newConversation,
  reattached,
  withDelivery,
  withEntry,
  withMessage,
  withMove,
  withOlder,
  withoutFailed,
} from '../../../../lib/client/screen/state/conversation.js';
import type { ConversationState } from '../../../../lib/client/screen/state/state.js';
import type { Message } from '../../../../lib/protocol/records.js';

const at = '2026-11-20T20:00:00.000Z';

function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    type: 'message',
    seq,
    room: 'lobby',
    from: 'bob',
    text: `text ${seq}`,
    at,
    key: `key${seq}`,
    ...more,
  };
}

function add(conversation: ConversationState, said: Message, seen = true): ConversationState {
  return withMessage(conversation, messageEntry(said, 'ana'), { key: said.key, seen });
}

function filled(count: number): ConversationState {
  let conversation = newConversation('#lobby', 'mention');
  for (let seq = 1; seq <= count; seq++) conversation = add(conversation, message(seq));
  return conversation;
}

const ids = ({ entries }: ConversationState) => entries.map(({ id }) => id);
const draft = (key: string) => draftEntry(key, { room: 'lobby', text: key }, { me: 'ana', now: 0 });

t.test('a message belongs to its room, or to the other person', async (t) => {
  t.equal(conversationOf(message(1), 'ana'), '#lobby');
  const { room: _, ...direct } = message(1);
  t.equal(conversationOf({ ...direct, to: 'ana' }, 'ana'), '@bob');
  t.equal(conversationOf({ ...direct, from: 'ana', to: 'bob' }, 'ana'), '@bob');
  t.equal(conversationOf({ ...direct, from: 'ana', to: 'ana' }, 'ana'), '@ana');
});

t.test('what is hostile in a message is not in its entry', async (t) => {
  const entry = messageEntry(message(1, { from: 'b\x1b[2Job', text: 'x\x1b]0;pwned\x07y\nz' }), 'ana');
  t.notMatch(`${entry.from}${entry.text}`, /[^\x20-\x7e\n]/);
  t.match(entry.text, /\nz$/);
});

t.test('what is not looked at is counted, and the first of it is where the new begins', async (t) => {
  let conversation = add(filled(1), message(2, { text: 'hi Ana' }), false);
  conversation = add(conversation, message(3), false);
  conversation = add(conversation, message(4, { from: 'ana' }), false);
  t.match(conversation, { unread: 2, mentions: 1, newFrom: 'm2' });
});

t.test('what comes below the reader is counted and does not move them', async (t) => {
  const reading = { ...filled(5), at: { id: 'm3', row: 0 } };
  const conversation = add(add(reading, message(6)), message(7, { from: 'ana' }));
  t.match(conversation, { below: 1, unread: 1, at: { id: 'm3', row: 0 } });
});

t.test('what is said here stands last until the server has it, then where it belongs', async (t) => {
  let conversation = withEntry(withEntry(filled(2), draft('a')), draft('b'));
  conversation = add(conversation, message(3));
  t.same(ids(conversation), ['m1', 'm2', 'm3', 'ka', 'kb']);
  conversation = add(conversation, message(4, { from: 'ana', text: 'a', key: 'a' }));
  t.same(ids(conversation), ['m1', 'm2', 'm3', 'ka', 'kb'], 'under the id that it had');
  t.match(conversation.entries[3], { seq: 4, delivery: { state: 'sent' } });
  t.match(conversation.entries[4], { seq: undefined, delivery: { state: 'sending' } });
});

t.test('an acknowledgement without a copy, a wait and a failure are shown', async (t) => {
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

t.test('what failed can be taken out, to be said again', async (t) => {
  const conversation = withDelivery(withEntry(filled(1), draft('a')), 'a', {
    state: 'failed',
    code: 'no-such-name',
    message: 'Nobody.',
  });
  const { conversation: rest, failed } = withoutFailed(conversation);
  t.same(ids(rest), ['m1']);
  t.match(failed, [{ text: 'a' }]);
});

t.test('comings and goings are folded; who came and went is not told', async (t) => {
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

t.test('comings after something was said, or after a long time, are told apart', async (t) => {
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

t.test('older pages come before the rest, each message once', async (t) => {
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

t.test('the window is bounded under a reader who is further up, and comes back whole', async (t) => {
  let conversation: ConversationState = {
    ...filled(mostEntries),
    at: { id: `m${mostEntries - 10}`, row: 0 },
  };
  for (let seq = mostEntries + 1; seq <= mostEntries * 5; seq++)
    conversation = add(conversation, message(seq));
  t.ok(conversation.entries.length <= mostEntries * 2);
  t.equal(conversation.detached, true);
  t.equal(conversation.below, mostEntries * 4);
  t.ok(ids(conversation).includes(`m${mostEntries - 10}`), 'what they read is still there');
  const page = [1, 2].map((n) => messageEntry(message(mostEntries * 5 - 2 + n), 'ana'));
  const back = reattached(conversation, page, true);
  t.same(back.entries, page);
  t.match(back, { at: undefined, below: 0, fromStart: false });
  t.notOk('detached' in back);
});
