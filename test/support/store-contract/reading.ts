/** What is unread, and who is named in it: what every Store must know of that, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { Store } from '../../../lib/store/store.js';
import { at, kept, lobbyOf, type MakeSubject, newEntry, newRoom, people } from '../store-subject.js';

export async function readingContract(t: Test, make: MakeSubject): Promise<void> {
  const counts = async (store: Store, account: number, index = 0) => {
    const standing = (await store.standings(account))[index];
    return [standing?.unread, standing?.mentions];
  };

  t.test('what others said after the mark is unread, by conversation and by person', async (t) => {
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

  t.test('edits, removals and topics are not unread, nor is what was removed', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const room = await newRoom(store, ada.id, 'tea');
    const target = { room: room.id };
    await store.enterRoom(bob.id, room.id);
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

  t.test('a name counts as lib/protocol/mentions.ts finds it', async (t) => {
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

  t.test('counting ends at a limit', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const target = await lobbyOf(store);
    const entries = Array.from({ length: limits.unreadCounted + 5 }, (_, index) => ({
      ...newEntry(bob.id, target, `k${index}`),
      text: 'ada',
    }));
    await Promise.all(entries.map((entry) => store.append(entry)));
    t.same(await counts(store, ada.id), [limits.unreadCounted, limits.unreadCounted]);
  });
}
