import t from 'tap';
import { find } from '../../../lib/client/screen/state/conversations.js';
import { listedPeople } from '../../../lib/client/screen/state/people.js';
import type { RequestBody, ServerEvent } from '../../../lib/client/wire/connection.js';
import type { Reply } from '../../../lib/protocol/events.js';
import type { Conversation } from '../../../lib/protocol/records.js';
import { hostileText } from '../../fixtures/hostile-text.js';
import { messageOf } from '../../support/fake-session.js';
import { createScreenScene } from '../../support/screen-scene.js';
import { settle } from '../../support/streams.js';
import { unsafe } from '../../support/unsafe.js';

const at = '2026-11-21T11:58:00.000Z';
t.test('messages of the first catch-up ring no bell, later ones do', async (t) => {
  const scene = createScreenScene();
  scene.message({ text: 'before, ana' });
  scene.synced();
  scene.message({ text: 'now' });
  t.same(scene.rung, ['#lobby now']);
});

t.test('who was waited for is announced where the person types, and rings the bell', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  scene.happen({ kind: 'event', event: { type: 'online', name: 'ben' } });
  t.same(scene.rung, ['@ben is online now']);
  t.same(scene.pane(), ['ben is online now']);
});

t.test('another server of the chat is named once it is in use', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  const address = 'two.example:6697';
  scene.happen({ kind: 'status', status: { state: 'connecting', address, why: 'gone' } });
  t.same(scene.store.state.connection, { state: 'connecting', address });
  t.same(scene.pane(), []);
  scene.happen({ kind: 'status', status: { state: 'online', address } });
  t.same(scene.store.state.connection, { state: 'online' });
  scene.happen({ kind: 'status', status: { state: 'online' } });
  t.same(scene.pane(), ['Connected again, to two.example:6697.']);
});

t.test('messages are read only in a focused window', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  scene.message({ seq: 201 });
  t.ok(scene.calls.includes('read 201'));
  scene.keyboard.press({ kind: 'focus', focused: false });
  scene.message({ seq: 202 });
  t.notOk(scene.calls.includes('read 202'));
  t.equal(find(scene.store.state, '#lobby')?.unread, 1);
  scene.keyboard.press({ kind: 'focus', focused: true });
  t.ok(scene.calls.includes('read 202'));
  t.equal(find(scene.store.state, '#lobby')?.unread, 0);
});

t.test('messages behind an image are not read, but counted', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  scene.store.update((state) => ({ ...state, image: { name: 'a.png', progress: '', unreadBefore: 0 } }));
  scene.message({ seq: 201 });
  scene.keyboard.press({ kind: 'focus', focused: true });
  t.notOk(scene.calls.includes('read 201'));
  t.equal(find(scene.store.state, '#lobby')?.unread, 1);
});

t.test('a failure elsewhere is reported here, and an unknown name keeps no conversation', async (t) => {
  const scene = createScreenScene();
  scene.synced();
  scene.press('/msg nobody-here hi', 'enter');
  const key = scene.said[0]?.key ?? '';
  t.ok(find(scene.store.state, '@nobody-here'));
  scene.deliver(key, { state: 'failed', code: 'no-such-name', message: 'Nobody here has that name.' });
  t.match(scene.pane().at(-1), /Not sent to nobody-here: Nobody here has that name/);
  t.equal(find(scene.store.state, '@nobody-here'), undefined);
});

const dev: Conversation = { room: 'dev', last: 9, read: 4, unread: 1000, mentions: 2, role: 'member' };
const lobby: Conversation = { room: 'lobby', last: 0, read: 0, unread: 0, mentions: 0 };

function scene(answer?: (request: RequestBody) => Reply) {
  const made = createScreenScene(answer === undefined ? {} : { answer });
  const event = (one: ServerEvent) => made.happen({ kind: 'event', event: one });
  const synced = (...conversations: readonly Conversation[]) =>
    made.happen({ kind: 'synced', first: false, conversations: [lobby, ...conversations] });
  const ids = () => made.store.state.conversations.map(({ id }) => id);
  made.synced();
  return { ...made, event, sync: synced, ids, room: (id: `#${string}`) => find(made.store.state, id) };
}

t.test('a room appears when joined and disappears after a kick, from any terminal', async (t) => {
  const { event, ids, room, store, press, pane } = scene();
  event({ type: 'room', conversation: { ...dev, topic: 'work', private: true } });
  t.same(ids(), ['#lobby', '#dev']);
  t.match(room('#dev'), { topic: 'work', private: true, role: 'member' });
  t.equal(store.state.current, '#lobby', 'joined elsewhere, it does not take the screen');
  press('/window 2', 'enter');
  event({ type: 'parted', room: 'dev', by: 'mo', reason: 'noise' });
  t.same(ids(), ['#lobby']);
  t.equal(store.state.current, '#lobby');
  t.match(pane().at(-1), 'you were kicked from #dev by mo: noise');
});

t.test('after a reconnect the rooms are those the server reports', async (t) => {
  const { event, ids, room, sync } = scene();
  event({ type: 'room', conversation: { ...dev, room: 'gone' } });
  sync(dev, { with: 'ben', last: 5, read: 5, unread: 0, mentions: 0 });
  t.same(ids(), ['#lobby', '#dev'], 'a talk without news stays away');
  t.match(room('#dev'), { unread: 1000, mentions: 2 }, 'counted by the server, also what is not loaded');
});

t.test('messages read on another terminal are not new here', async (t) => {
  const { event, room, sync } = scene();
  sync(dev);
  event(messageOf({ seq: 10, room: 'dev' }));
  event({ type: 'seen', room: 'dev', seq: 10 });
  t.match(room('#dev'), { unread: 0, mentions: 0, newAfter: undefined });
});

t.test('the people list of a room has its members and their presence', async (t) => {
  const people = [
    { name: 'ana', role: 'admin', terminals: 1, room: 'member' },
    { name: 'ben', role: 'member', terminals: 0, room: 'owner' },
  ] as const;
  const { event, press, store, asked } = scene((request) => ({
    type: 'ok',
    re: 1,
    ...(request.type === 'who' && request.room === 'dev' ? { people: [...people] } : {}),
  }));
  const beside = () =>
    listedPeople(store.state).people.map(({ name, online, room }) => `${name} ${online} ${room}`);
  event({ type: 'room', conversation: dev });
  press('/window 2', 'enter');
  await settle();
  t.same(beside(), ['ana true member', 'ben false owner']);
  press('alt-1', 'alt-2');
  t.equal(asked.filter((each) => each.type === 'who' && each.room === 'dev').length, 1, 'asked once');
  event({ type: 'joined', room: 'lobby', name: 'ben' });
  event({ type: 'joined', room: 'dev', name: 'cyd' });
  event({ type: 'role', room: 'dev', name: 'cyd', role: 'moderator', by: 'ben' });
  t.same(beside(), ['ben true owner', 'cyd true moderator', 'ana true member']);
  event({ type: 'left', room: 'dev', name: 'cyd' });
  event({ type: 'left', room: 'lobby', name: 'ben' });
  t.same(beside(), ['ana true member', 'ben false owner']);
  event({ type: 'role', room: 'dev', name: 'ana', role: 'owner', by: 'ben' });
  t.equal(find(store.state, '#dev')?.role, 'owner');
});

t.test('a new role does not make an offline member online', async (t) => {
  const people = [{ name: 'ben', role: 'member', terminals: 0, room: 'member' }] as const;
  const { event, press, store } = scene(() => ({ type: 'ok', re: 1, people: [...people] }));
  event({ type: 'room', conversation: dev });
  press('/window 2', 'enter');
  await settle();
  event({ type: 'role', room: 'dev', name: 'ben', role: 'moderator', by: 'mo' });
  t.match(listedPeople(store.state).people, [{ name: 'ben', room: 'moderator', online: false }]);
});

t.test('the members of a room are requested again after a reconnect', async (t) => {
  let owner = 'ben';
  const { event, press, store, sync } = scene(({ type }) => ({
    ...{ type: 'ok', re: 1 },
    ...(type === 'who' && { people: [{ name: owner, role: 'member', terminals: 1, room: 'owner' }] }),
  }));
  event({ type: 'room', conversation: dev });
  press('/window 2', 'enter');
  await settle();
  owner = 'cyd';
  sync(dev);
  await settle();
  t.same(
    listedPeople(store.state).people.map(({ name }) => name),
    ['cyd'],
  );
});

t.test('a conversation opened by a command, or by closing another, is read and loaded', async (t) => {
  const { event, press, asked, calls, typed } = scene();
  event({ type: 'room', conversation: dev });
  event(messageOf({ seq: 10, room: 'dev' }));
  press('/window 2', 'enter');
  t.same(calls, ['read 10']);
  press('in dev', 'alt-1', '/query ben', 'enter');
  event(messageOf({ seq: 11, room: 'dev' }));
  press('alt-/');
  t.equal(typed(), '|', 'back in the lobby');
  press('alt-/', '/close', 'enter');
  t.same(calls, ['read 10', 'read 11'], 'what stands beside it is on the screen now');
  t.equal(typed(), 'in dev|');
  t.same(
    asked.filter(({ type }) => type === 'history'),
    [
      { type: 'history', room: 'lobby', limit: 100 },
      { type: 'history', with: 'ben', limit: 100 },
    ],
  );
});

t.test('away people are marked in every list until they are back or offline', async (t) => {
  const people = [
    { name: 'ben', role: 'member', terminals: 1, room: 'owner', away: '' },
    { name: 'cyd', role: 'member', terminals: 1, room: 'member' },
  ] as const;
  const { event, press, store } = scene(() => ({ type: 'ok', re: 1, people: [...people] }));
  const away = () => listedPeople(store.state).people.flatMap((person) => (person.away ? [person.name] : []));
  event({ type: 'room', conversation: dev });
  await settle();
  t.same(away(), ['ben'], 'in the lobby');
  press('/window 2', 'enter');
  await settle();
  t.same(away(), ['ben'], 'and in a room');
  event({ type: 'away', name: 'cyd', text: 'lunch' });
  event({ type: 'back', name: 'ben' });
  t.same(away(), ['cyd']);
  event({ type: 'left', room: 'dev', name: 'cyd' });
  event({ type: 'joined', room: 'dev', name: 'cyd' });
  t.same(away(), ['cyd'], 'a person joining a room may be away');
  event({ type: 'left', room: 'lobby', name: 'cyd' });
  event({ type: 'joined', room: 'lobby', name: 'cyd' });
  t.same(away(), [], 'it ends with the last terminal');
});

t.test(
  'what a room asks is known from the start, changes with its rules, and is there after /clear',
  async (t) => {
    const { event, press, store, room, pane } = scene();
    event({ type: 'room', conversation: { ...dev, private: true, rules: { slow: 10_000 } } });
    t.same(room('#dev')?.rules, { slow: 10_000 });
    press('/window 2', 'enter');
    t.match(pane().at(-1), 'the rules of #dev: slow mode (10 s between messages)');
    event({ type: 'rules', room: 'dev', by: 'mo', rules: { locked: true } });
    t.match(pane().at(-1), 'mo set the rules of #dev: locked');
    press('/clear', 'enter');
    t.match(find(store.state, '#dev'), {
      entries: [],
      private: true,
      role: 'member',
      rules: { locked: true },
    });
  },
);

t.test('a room that was joined is opened with its history, its rules below', async (t) => {
  const messages = [messageOf({ room: 'dev', seq: 5, text: 'before' })];
  const { event, press, pane } = scene(({ type }) => ({
    ...{ type: 'ok', re: 1 },
    ...(type === 'history' && { messages, more: false }),
  }));
  event({ type: 'room', conversation: { ...dev, rules: { locked: true } } });
  press('/window 2', 'enter');
  await settle();
  t.match(pane(), ['before', 'the rules of #dev: locked']);
});

t.test('rules that changed while the connection was lost are shown', async (t) => {
  const { sync, room } = scene();
  const told = () =>
    room('#dev')?.entries.map((entry) => (entry.kind === 'notice' ? entry.text : entry.kind)) ?? [];
  sync(dev);
  t.same(told(), [], 'a room of which nothing was known');
  sync({ ...dev, rules: { restrict: ['links'] } });
  sync({ ...dev, rules: { restrict: ['links'] } });
  sync(dev);
  t.same(told(), ['the rules of #dev are now: no links', 'the rules of #dev were cleared']);
  t.same(room('#dev')?.rules, {});
});

t.test(
  'a long answer is folded once it was read and something newer came, Alt-O shows it again',
  async (t) => {
    const made = createScreenScene({
      answer: () => ({
        type: 'error',
        re: 1,
        code: 'not-allowed',
        message: 'Only owners can do that. '.repeat(9),
      }),
    });
    made.synced();
    const { store, message, advance, press } = made;
    const refusal = () => {
      const entry = find(store.state, '#lobby')?.entries.find(({ kind }) => kind === 'notice');
      return entry?.kind === 'notice' && entry.folded;
    };
    const say = (count: number) => {
      for (let i = 0; i < count; i++) message({ text: `${i}` });
    };
    press('/topic mine', 'enter');
    await settle();
    advance(60_000);
    say(2);
    t.equal(refusal(), false, 'not with only two newer ones');
    made.keyboard.press({ kind: 'focus', focused: false });
    say(1);
    t.equal(refusal(), false, 'not without the focus');
    made.keyboard.press({ kind: 'focus', focused: true });
    const [first] = find(store.state, '#lobby')?.entries ?? [];
    const scroll = (at?: { id: string; row: number }) =>
      store.change('#lobby', (conversation) => ({ ...conversation, at }));
    scroll({ id: first?.id ?? '', row: 0 });
    say(1);
    t.equal(refusal(), false, 'not while the reader is scrolled up');
    scroll();
    say(1);
    t.equal(refusal(), true);
    t.equal(find(store.state, '#lobby')?.unfolded, undefined);
    press('alt-o');
    t.equal(find(store.state, '#lobby')?.unfolded, true);
    press('alt-o');
    t.equal(find(store.state, '#lobby')?.unfolded, undefined);
  },
);

t.test('what is to be read at the start lasts', async (t) => {
  const { store, synced, message, advance } = createScreenScene();
  synced();
  store.notice('the message of the day\nis long', 'plain', 'lasts');
  advance(600_000);
  for (let i = 0; i < 9; i++) message({ text: `${i}` });
  t.notOk(find(store.state, '#lobby')?.entries.some((entry) => entry.kind === 'notice' && entry.folded));
});

t.test('an answer that was just given is not folded, however much comes after it', async (t) => {
  const { store, synced, message, press, pane } = createScreenScene();
  synced();
  press('/help', 'enter');
  for (let i = 0; i < 100; i++) message({ text: `${i}` });
  t.notOk(find(store.state, '#lobby')?.entries.some((entry) => entry.kind === 'notice' && entry.folded));
  press('alt-o');
  t.equal(pane().at(-1), 'Nothing is folded here.');
});

t.test('a topic is announced in its room, an invitation in the current conversation', async (t) => {
  const { event, room, pane } = scene();
  event({ type: 'room', conversation: dev });
  event({ type: 'topic', seq: 5, room: 'dev', from: 'mo', at, topic: 'plans' });
  t.equal(room('#dev')?.topic, 'plans');
  t.match(room('#dev')?.entries, [
    { kind: 'notice', text: 'mo set the topic of #dev: plans', at: Date.parse(at) },
  ]);
  event({ type: 'invited', room: 'ops', by: 'mo' });
  t.match(pane().at(-1), 'mo invited you to #ops: /join #ops');
});

t.test('no event of a room can drive a terminal', async (t) => {
  for (const { text } of hostileText) {
    const { event, store } = scene();
    const conversation = { ...dev, room: text, topic: text };
    event({ type: 'room', conversation });
    event({ type: 'topic', seq: 5, room: text, from: text, at, topic: text });
    event({ type: 'invited', room: text, by: text, topic: text });
    event({ type: 'role', room: text, name: text, role: 'owner', by: text });
    event(messageOf({ seq: 6, room: text, file: { name: text, size: 1, hash: '' } }));
    event({ type: 'edited', seq: 7, of: 6, room: text, from: text, at, text });
    event({ type: 'removed', seq: 8, of: 6, room: text, from: text, at });
    event({ type: 'rank', name: text, role: 'admin', by: text });
    event({ type: 'rules', room: text, by: text, rules: { slow: 1000 } });
    event({ type: 'muted', room: text, by: text, reason: text });
    event({ type: 'unmuted', room: text, by: text });
    event({ type: 'away', name: text, text });
    event({ type: 'parted', room: text, by: text, reason: text });
    const { draft: _, ...shown } = store.state.conversations[0] ?? { draft: undefined };
    t.notMatch(JSON.stringify([shown, store.state.conversations.slice(1)]), unsafe);
    t.notMatch(Object.values(store.state.conversations.at(-1) ?? {}).join(''), unsafe);
  }
});
