import t from 'tap';
import { settingsFrom } from '../../../../lib/client/commands/settings.js';
import {
  change,
  closed,
  current,
  find,
  neighbour,
  nextUnread,
  startState,
  switchedTo,
  viewed,
  withoutUnknownName,
} from '../../../../lib/client/screen/state/conversations.js';
import {
  applyDelivery,
  applyDraft,
  conversationOfKey,
} from '../../../../lib/client/screen/state/delivery.js';
import {
  applyEvent,
  applyMessage,
  applyStatus,
  applySync,
} from '../../../../lib/client/screen/state/events.js';
import { withNoticeHere, withProgress } from '../../../../lib/client/screen/state/notices.js';
import { withPeople } from '../../../../lib/client/screen/state/people.js';
import type { ScreenState } from '../../../../lib/client/screen/state/state.js';
import type { Recipient } from '../../../../lib/protocol/names.js';
import { printable } from '../../../../lib/protocol/printable.js';
import type { Conversation, Message } from '../../../../lib/protocol/records.js';
import { hostileText } from '../../../fixtures/hostile-text.js';
import { lobbyMessage as room } from '../../../support/fake-session.js';

const start = startState({
  key: 1,
  columns: 80,
  rows: 24,
  me: 'ana',
  server: 'attic',
  now: 0,
  hint: true,
  notifyChoices: { '@dan': 'off' },
  settings: settingsFrom(undefined),
});
const at = '2026-11-20T20:00:00.000Z';

function direct(seq: number, from: string, to = 'ana'): Message {
  return { type: 'message', seq, from, to, text: `text ${seq}`, at, key: `key${seq}` };
}

const ids = ({ conversations }: ScreenState) => conversations.map(({ id }) => id);

t.test('a direct message creates its conversation', async (t) => {
  const state = applyMessage(applyMessage(start, room(1)), direct(2, 'cyd'));
  t.same(ids(state), ['#lobby', '@cyd']);
  t.equal(find(state, '#lobby')?.unread, 0, 'what is on the screen is read');
  t.equal(find(state, '@cyd')?.unread, 1);
});

t.test('nothing is read in an unfocused window', async (t) => {
  const away = applyMessage({ ...start, focused: false }, room(1));
  t.match(current(away), { unread: 1, newAfter: 0 });
  t.match(current(viewed(away)), { unread: 1 });
  t.match(current(viewed({ ...away, focused: true })), { unread: 0, newAfter: 0 });
});

t.test('the line "new messages" disappears after switching or answering', async (t) => {
  const state = viewed({ ...applyMessage({ ...start, focused: false }, room(1)), focused: true });
  t.equal(find(switchedTo(state, '@cyd'), '#lobby')?.newAfter, undefined);
  const answered = applyDraft(state, 'k', { id: '#lobby', draft: { room: 'lobby', text: 'yes' }, now: 1 });
  t.match(current(answered), { newAfter: undefined, at: undefined });
});

t.test('messages read before, on any terminal, are not new', async (t) => {
  let state = start;
  for (const message of [room(1), room(2), room(3, { from: 'ana' }), room(4, { text: 'ana?' })]) {
    state = applyMessage(state, message);
  }
  state = applyMessage(state, direct(5, 'cyd'));
  const shown = applySync(
    { ...state, current: '@cyd' },
    [
      { room: 'lobby', last: 4, read: 1, unread: 2, mentions: 1 },
      { with: 'cyd', last: 5, read: 0, unread: 1, mentions: 0 },
    ],
    { first: true, now: 0, serial: 0 },
  );
  t.same(ids(shown), ['#lobby', '@cyd']);
  t.match(find(shown, '#lobby'), { unread: 2, mentions: 1, newAfter: 1 });
  t.match(
    find(shown, '@cyd'),
    { unread: 0, newAfter: 4 },
    'what is on the screen is read, and marked as new',
  );
});

t.test('direct conversations of the last two weeks are there at the start, the newest ten', async (t) => {
  const day = 24 * 3_600_000;
  const now = Date.parse('2026-11-28T12:00:00.000Z');
  const read = (peer: string, ago: number): Conversation => {
    const at = new Date(now - ago * day).toISOString();
    return { with: peer, last: 2, read: 2, unread: 0, mentions: 0, at };
  };
  const lobby = { room: 'lobby', last: 4, read: 4, unread: 0, mentions: 0 };
  const unread = { ...read('late', 99), read: 0, unread: 1 };
  const { at: _, ...empty } = read('empty', 0);
  const all = [lobby, read('old', 15), read('cyd', 13), unread, empty];
  t.same(ids(applySync(start, all, { first: true, now, serial: 0 })), ['#lobby', '@cyd', '@late']);
  t.same(
    ids(applySync(start, all, { first: false, now, serial: 0 })),
    ['#lobby', '@late'],
    'what was closed stays closed',
  );
  const many = Array.from({ length: 13 }, (_, index) => read(`p${index}`, 13 - index));
  t.same(ids(applySync(start, [lobby, ...many], { first: true, now, serial: 0 })), [
    '#lobby',
    ...many.slice(3).map((each) => `@${each.with}`),
  ]);
});

t.test('a delivery finds its message in any conversation', async (t) => {
  const state = applyDraft(start, 'k', { id: '@cyd', draft: { to: 'cyd', text: 'hi' }, now: 1 });
  const failed = applyDelivery(state, 'k', { state: 'failed', code: 'no-such-name', message: 'Nobody.' });
  t.match(find(failed, '@cyd')?.entries, [{ delivery: { state: 'failed' } }]);
});

t.test('people join and leave, admins first', async (t) => {
  let state = withPeople(start, [
    { name: 'zoe', role: 'admin', terminals: 1 },
    { name: 'bob', role: 'member', terminals: 2 },
    { name: 'ana', role: 'member', terminals: 1 },
  ]);
  const event = { room: 'lobby' } as const;
  state = applyEvent(state, { ...event, type: 'joined', name: 'alf' }, { now: 0, serial: 1 });
  t.same(
    state.people.map(({ name }) => name),
    ['zoe', 'alf', 'ana', 'bob'],
  );
  state = applyEvent(state, { ...event, type: 'left', name: 'bob', reason: 'tea' }, { now: 0, serial: 2 });
  t.same(
    state.people.map(({ name }) => name),
    ['zoe', 'alf', 'ana'],
  );
  t.match(current(state).entries, [
    { kind: 'presence', joined: ['alf'], left: [{ name: 'bob', reason: 'tea' }] },
  ]);
  state = applyEvent(
    state,
    { type: 'crowd', room: 'lobby', joined: 9, left: 0, online: 203 },
    { now: 0, serial: 3 },
  );
  t.equal(state.peopleUnnamed, 200);
});

t.test('a pin is a notice at its time, in its conversation if that is open', async (t) => {
  const entry = {
    seq: 9,
    from: 'ben',
    at: '2026-11-20T12:00:00.000Z',
    of: { seq: 1, from: 'cyd', text: 'hi' },
  };
  const moment = { now: 0, serial: 1 };
  const pinned = applyEvent(start, { type: 'pinned', room: 'lobby', ...entry }, moment);
  t.match(find(pinned, '#lobby')?.entries.at(-1), {
    ...{ kind: 'notice', text: 'ben pinned a message, cyd: hi', at: Date.parse(entry.at) },
  });
  t.equal(applyEvent(start, { type: 'unpinned', to: 'ana', ...entry }, moment), start);
});

t.test('a kick is never folded away', async (t) => {
  const event = { room: 'lobby', name: 'bob' } as const;
  let state = applyEvent(start, { ...event, type: 'joined' }, { now: 0, serial: 1 });
  state = applyEvent(state, { ...event, type: 'left', by: 'zoe', reason: 'loud' }, { now: 1, serial: 2 });
  t.same(state.people, []);
  state = applyEvent(state, { ...event, type: 'joined' }, { now: 2, serial: 3 });
  t.match(current(state).entries, [
    { kind: 'presence', joined: ['bob'] },
    { kind: 'notice', text: 'bob was kicked by zoe: loud' },
    { kind: 'presence', joined: ['bob'] },
  ]);
});

t.test('the state of the connection is shown', async (t) => {
  t.match(applyStatus(start, { state: 'waiting', inMs: 5_000, why: 'gone' }, 1_000).connection, {
    until: 6_000,
    why: 'gone',
  });
  const end = { why: 'refused', code: 'taken-over', message: 'You signed in elsewhere.' } as const;
  t.match(applyStatus(start, { state: 'ended', end }, 0).connection, { state: 'offline', why: /elsewhere/ });
});

t.test('a notice is printable, and in the current conversation', async (t) => {
  const state = withNoticeHere(switchedTo(start, '@cyd'), {
    text: 'a\x1b[2Jb\nc',
    tone: 'bad',
    now: 0,
    serial: 7,
  });
  t.match(find(state, '@cyd')?.entries, [{ kind: 'notice', id: 'n7', tone: 'bad', text: /^a.*b\nc$/ }]);
  t.notMatch(current(state).entries[0], { text: '\x1b' });
});

t.test('conversations are switched in order', async (t) => {
  let state = applyMessage(applyMessage(start, direct(1, 'cyd')), direct(2, 'dan'));
  t.equal(neighbour(state, 1).id, '@cyd');
  t.equal(neighbour(state, -1).id, '@dan');
  state = applyMessage({ ...switchedTo(state, '@dan') }, room(3));
  t.equal(nextUnread(state)?.id, '@cyd', 'what is for oneself before what is for all');
  state = switchedTo(state, '@cyd');
  t.equal(nextUnread(state)?.id, '#lobby');
  state = switchedTo(state, '#lobby');
  t.equal(nextUnread(state), undefined);
});

t.test('a direct conversation can be closed, the lobby cannot', async (t) => {
  const state = switchedTo(applyMessage(start, direct(1, 'cyd')), '@cyd');
  t.match(closed(state, '@cyd'), { current: '#lobby', conversations: [{ id: '#lobby' }] });
  t.equal(closed(state, '#lobby'), state);
});

t.test('progress is one line that changes; of a sent file it goes where the message says so', async (t) => {
  const progress = (state: ScreenState, text: string, sentTo?: Recipient) =>
    withProgress(state, { id: 't1', text, now: 1, bad: false, sentTo });
  const texts = (state: ScreenState, id: string) =>
    find(state, id as '#lobby')?.entries.map((entry) => (entry.kind === 'notice' ? entry.text : entry.kind));
  const moving = progress(progress(start, 'sending a, 1 %'), 'sending a, 50 %');
  t.same(texts(moving, '#lobby'), ['sending a, 50 %']);
  t.same(texts(progress(moving, 'Sent a', { room: 'lobby' }), '#lobby'), []);
  const elsewhere = progress(moving, 'Sent a', { to: 'ben' });
  t.same(texts(elsewhere, '#lobby'), ['Sent a']);
});

t.test('a change without effect keeps the state', async (t) => {
  t.equal(
    change(start, '#lobby', (conversation) => conversation),
    start,
  );
  t.equal(switchedTo(start, '#lobby'), start);
});

t.test('an undelivered message keeps no conversation', async (t) => {
  const draft = { to: 'nobody', text: 'hi' };
  const state = applyDraft(start, 'k', { id: '@nobody', draft, now: 1 });
  t.equal(conversationOfKey(state, 'k'), '@nobody');
  t.equal(conversationOfKey(state, 'other'), undefined);
  t.same(ids(withoutUnknownName(state, '@nobody')), ['#lobby']);
  t.equal(
    withoutUnknownName(switchedTo(state, '@nobody'), '@nobody').current,
    '@nobody',
    'nor goes from under the eyes',
  );
  const answered = applyMessage(state, direct(3, 'nobody'));
  t.equal(withoutUnknownName(answered, '@nobody'), answered);
});

t.test('a notify choice holds when the conversation comes back', async (t) => {
  const state = applyMessage(applyMessage(start, direct(1, 'cyd')), direct(2, 'dan'));
  t.equal(find(state, '@cyd')?.notify, 'mention');
  t.equal(find(state, '@dan')?.notify, 'off');
});

t.test('nothing hostile gets into the state, file names and server sentences included', async (t) => {
  for (const { name, text } of hostileText) {
    const clean = (shown: string) => t.equal(printable(shown, { newlines: true }), shown, name);
    const saved = withNoticeHere(start, {
      text: `Saved 3 messages to /tmp/${text}.txt`,
      tone: 'plain',
      now: 0,
      serial: 1,
    });
    for (const entry of current(saved).entries) if (entry.kind === 'notice') clean(entry.text);
    const closing = { type: 'closing', code: 'shutting-down', message: text } as const;
    for (const entry of current(applyEvent(start, closing, { now: 0, serial: 1 })).entries) {
      if (entry.kind === 'notice') clean(entry.text);
    }
    const waiting = applyStatus(start, { state: 'waiting', inMs: 1, why: text }, 0).connection;
    if (waiting.state === 'waiting') clean(waiting.why);
    const left = { type: 'left', room: 'lobby', name: text, reason: text } as const;
    for (const entry of current(applyEvent(start, left, { now: 0, serial: 1 })).entries) {
      if (entry.kind === 'presence') for (const each of entry.left) clean(`${each.name}${each.reason ?? ''}`);
    }
    for (const person of withPeople(start, [{ name: text, role: 'member', terminals: 1 }]).people)
      clean(person.name);
    for (const { id } of applyMessage(start, { ...room(1), room: text }).conversations) clean(id);
  }
});
