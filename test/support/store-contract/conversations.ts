/** Conversations, read marks and unread counts: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { ConversationKey } from '../../../lib/store/message-store.js';
import type { ConversationSummary } from '../../../lib/store/room-store.js';
import type { Store } from '../../../lib/store/store.js';
import {
  at,
  kept,
  lobbyOf,
  type MakeSubject,
  newEntry,
  newRoom,
  openSession,
  people,
  register,
} from '../store-subject.js';

export async function conversationsContract(t: Test, make: MakeSubject): Promise<void> {
  const counts = async (store: Store, account: number, index = 0) => {
    const standing = (await store.conversations(account))[index];
    return [standing?.unread, standing?.mentions];
  };

  t.test('every account is in the lobby from the start', async (t) => {
    const { store } = await make(t);
    t.match(await store.rooms(), [{ id: Number, name: 'lobby', private: false, lobby: true, topic: '' }]);
    const target = await lobbyOf(store);
    for (const name of ['ada', 'bob']) {
      const { id } = await register(store, name);
      t.match(await store.conversations(id), [
        { kind: 'room', name: 'lobby', target, last: 0, read: 0, unread: 0 },
      ]);
    }
  });

  t.test('older messages are not unread for a new account', async (t) => {
    const { store } = await make(t);
    const target = await lobbyOf(store);
    const ada = await register(store, 'ada');
    const { seq } = await kept(store, newEntry(ada.id, target, 'k'));
    const bob = await register(store, 'bob');
    t.match(await store.conversations(bob.id), [{ name: 'lobby', last: seq, read: seq }]);
    t.match(await store.conversations(ada.id), [{ name: 'lobby', last: seq, read: 0 }]);
  });

  t.test('direct messages begin with the first message, for both', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = [
      await register(store, 'ada'),
      await register(store, 'bob'),
      await register(store, 'cyd'),
    ];
    const target: ConversationKey = { direct: [bob.id, ada.id] };
    t.same(await store.history({ target, limit: 10, keep: 'newest' }), []);
    t.equal((await store.conversations(ada.id)).length, 1);
    const { seq } = await kept(store, newEntry(bob.id, target, 'k'));
    const both = { kind: 'direct', target: { direct: [ada.id, bob.id] }, last: seq, read: 0 };
    t.match((await store.conversations(ada.id))[1], { ...both, name: 'bob' });
    t.match((await store.conversations(bob.id))[1], { ...both, name: 'ada' });
    t.equal((await store.conversations(cyd.id)).length, 1);
    const reversed: ConversationKey = { direct: [ada.id, bob.id] };
    await kept(store, newEntry(ada.id, reversed, 'k'));
    t.match(await store.history({ target, limit: 10, keep: 'oldest' }), [{ from: 'bob' }, { from: 'ada' }]);
    t.equal((await store.conversations(ada.id)).length, 2, 'the order of the two makes no second one');
  });

  t.test('notes to oneself are a conversation too', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const target: ConversationKey = { direct: [id, id] };
    const { seq } = await kept(store, newEntry(id, target, 'k'));
    t.match((await store.conversations(id))[1], { kind: 'direct', name: 'ada', target, last: seq });
  });

  t.test('a third account cannot append to direct messages', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = [
      await register(store, 'ada'),
      await register(store, 'bob'),
      await register(store, 'cyd'),
    ];
    const entry = newEntry(cyd.id, { direct: [ada.id, bob.id] }, 'k');
    await t.rejects(store.append(entry), { name: 'StoreError' });
    t.equal((await store.conversations(ada.id)).length, 1);
  });

  t.test('the read mark never goes back, nor past the newest entry', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = [await register(store, 'ada'), await register(store, 'bob')];
    const target = await lobbyOf(store);
    const one = await kept(store, newEntry(ada.id, target, '1'));
    const two = await kept(store, newEntry(ada.id, target, '2'));
    const read = async () => (await store.conversations(bob.id))[0]?.read;
    await store.markRead(bob.id, target, one.seq);
    t.equal(await read(), one.seq);
    await store.markRead(bob.id, target, Number.MAX_SAFE_INTEGER);
    t.equal(await read(), two.seq);
    await store.markRead(bob.id, target, one.seq);
    t.equal(await read(), two.seq);
    t.equal((await store.conversations(ada.id))[0]?.read, 0, 'for the one who read alone');
    await store.markRead(ada.id, { direct: [ada.id, bob.id] }, 5);
    t.equal((await store.conversations(ada.id)).length, 1, 'reading begins no conversation');
  });

  t.test('messages of others after the read mark are unread, per conversation and per account', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const lobby = await lobbyOf(store);
    const say = (account: number, key: string, text = key) =>
      kept(store, { ...newEntry(account, lobby, key), text });
    await say(bob.id, '1');
    const read = await say(bob.id, '2', 'ada: look');
    await say(ada.id, '3', 'I am ada');
    await say(bob.id, '4', 'Ada, are you there?');
    await kept(store, { ...newEntry(bob.id, { direct: [ada.id, bob.id] }, '5'), text: 'hi ada' });
    t.same(await counts(store, ada.id), [3, 2]);
    t.same(await counts(store, ada.id, 1), [1, 1]);
    t.same(await counts(store, bob.id), [1, 0]);
    t.equal(await store.markRead(ada.id, lobby, read.seq), read.seq);
    t.equal(await store.markRead(ada.id, lobby, read.seq), undefined);
    t.same(await counts(await reopen(), ada.id), [1, 1]);
  });

  t.test('edits, removals, topics and removed messages are not unread', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const room = await newRoom(store, ada.id, 'tea');
    const target = { room: room.id };
    await store.joinRoom(bob.id, room.id);
    const said: number[] = [];
    for (const text of ['one for bob', 'two for bob', 'three'])
      said.push((await kept(store, { ...newEntry(ada.id, target, text), text })).seq);
    const [one = 0, , three = 0] = said;
    await store.setTopic({ room: room.id, account: ada.id, topic: 'bob', at });
    t.same(await counts(store, bob.id, 1), [3, 2]);
    await store.remove({ of: one, account: ada.id, at });
    t.same(await counts(store, bob.id, 1), [2, 1]);
    await store.edit({ of: three, account: ada.id, at, text: 'three, bob' });
    t.same(await counts(store, bob.id, 1), [2, 2]);
  });

  t.test('mentions are counted as lib/protocol/mentions.ts finds them', async (t) => {
    const { store } = await make(t);
    const [writer, ann, annlee] = await people(store, 'bob', 'ann', 'ann-lee');
    const target = await lobbyOf(store);
    for (const [index, text] of [
      'ANN!',
      "ann's hat",
      'hannah and annual',
      'https://example.org/ann',
      'ann@example.org',
      'ann-lee and ann_2',
      '你好ann，再见',
      'приветann',
      'ann님 안녕하세요',
      'ann ann ann',
    ].entries()) {
      await kept(store, { ...newEntry(writer.id, target, `k${index}`), text });
    }
    t.same(await counts(store, ann.id), [10, 6]);
    t.same(await counts(store, annlee.id), [10, 1]);
  });

  t.test(
    'mentions go with their message, with the membership, with the room and with the account',
    async (t) => {
      const { store, reopen } = await make(t);
      const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
      const lobby = await lobbyOf(store);
      const say = async (target: ConversationKey, text: string, key = text) =>
        (await kept(store, { ...newEntry(ada.id, target, key), text })).seq;
      const [one, two] = [await say(lobby, 'bob cyd ada dan'), await say(lobby, 'bob, bob and Bob')];
      t.same(await counts(store, bob.id), [2, 2]);
      t.same(await counts(store, cyd.id), [2, 1]);
      await store.edit({ of: one, account: ada.id, at, text: 'cyd' });
      t.same(await counts(store, bob.id), [2, 1], 'edited away');
      t.same(await counts(store, cyd.id), [2, 1]);
      await store.markRead(cyd.id, lobby, two);
      await store.edit({ of: two, account: ada.id, at, text: 'bob cyd' });
      t.same(await counts(store, cyd.id), [0, 0], 'edited in where it was read');
      const dan = await register(store, 'dan');
      await say(lobby, 'hi dan, hi bob');
      t.same(await counts(store, dan.id), [1, 1], 'who came later');
      await store.prune({ keep: 1, limit: 9 });
      t.same(await counts(store, bob.id), [1, 1], 'what was pruned is not counted');

      const room = await newRoom(store, ada.id, 'tea');
      const tea = { room: room.id };
      await say(tea, 'bob?', 'before');
      await store.joinRoom(bob.id, room.id);
      t.same(await counts(store, bob.id, 1), [0, 0]);
      await say(tea, 'bob?', 'in it');
      t.same(await counts(store, bob.id, 1), [1, 1]);
      await store.leaveRoom(bob.id, room.id, { end: false });
      await say(tea, 'bob?', 'after');
      await store.joinRoom(bob.id, room.id);
      t.same(await counts(store, bob.id, 1), [0, 0], 'left and came back');
      await say(tea, 'bob?', 'again');
      await store.removeAccount(bob.id);
      await store.leaveRoom(ada.id, room.id, { end: true });
      t.ok((await store.prune({ limit: 99 })) > 0);
      const again = await reopen();
      t.same(await again.damage(), []);
      t.same(await counts(again, dan.id), [1, 1]);
    },
  );

  t.test('the time of the newest entry is known', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    t.equal((await store.conversations(ada.id))[0]?.at, undefined);
    await kept(store, { ...newEntry(ada.id, { direct: [ada.id, bob.id] }, 'k'), at: at + 5 });
    t.match((await store.conversations(bob.id))[1], { name: 'ada', at: at + 5 });
  });

  t.test('all that is unread in many conversations is counted, for a sign-in too', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    for (let index = 0; index < 12; index++) {
      const { id } = await newRoom(store, bob.id, `room${index}`);
      await store.joinRoom(ada.id, id);
      const said = (key: number) => newEntry(bob.id, { room: id }, `${index}-${key}`);
      await Promise.all(Array.from({ length: 100 + index }, (_, key) => store.append(said(key))));
    }
    const expected = [0, ...Array.from({ length: 12 }, (_, index) => 100 + index)];
    const unread = (standings: readonly ConversationSummary[] = []) => standings.map((each) => each.unread);
    const session = await openSession(store, ada.id, 'token');
    const [listed, state] = await Promise.all([
      store.conversations(ada.id),
      store.signInState(ada.id, session, at),
    ]);
    t.same(unread(listed), expected);
    t.same(unread(state.current?.standings), expected);
    const last = listed.at(-1);
    t.ok(last && (await store.markRead(ada.id, last.target, last.last)));
    t.same(unread(await store.conversations(ada.id)), [...expected.slice(0, -1), 0]);
  });

  t.test('close finishes what is being counted', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const target = await lobbyOf(store);
    const keys = Array.from({ length: 1_100 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key) => store.append(newEntry(bob.id, target, key))));
    const counted = store.conversations(ada.id);
    const closed = store.close();
    t.match(await counted, [{ unread: limits.unreadCounted }]);
    await closed;
    await t.rejects(store.conversations(ada.id), { name: 'StoreError' });
  });

  t.test('counting stops at a limit', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const target = await lobbyOf(store);
    const entries = Array.from({ length: limits.unreadCounted + 5 }, (_, index) => ({
      ...newEntry(bob.id, target, `k${index}`),
      text: 'ada',
    }));
    await Promise.all(entries.map((entry) => store.append(entry)));
    t.same(await counts(store, ada.id), [limits.unreadCounted, limits.unreadCounted]);
    t.same(await counts(store, bob.id), [0, 0], 'own messages are none, however many');
    await kept(store, { ...newEntry(ada.id, target, 'last'), text: 'bob' });
    t.same(await counts(store, bob.id), [1, 1]);
  });
}
