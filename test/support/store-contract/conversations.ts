/** Conversations and who has read what: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import type { Target } from '../../../lib/store/message-store.js';
import { kept, lobbyOf, type MakeSubject, newEntry, register } from '../store-subject.js';

export async function conversationsContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('everybody is in the lobby from the start', async (t) => {
    const { store } = await make(t);
    t.match(await store.rooms(), [{ id: Number, name: 'lobby', private: false, everybody: true, topic: '' }]);
    const target = await lobbyOf(store);
    for (const name of ['ada', 'bob']) {
      const { id } = await register(store, name);
      t.match(await store.standings(id), [
        { kind: 'room', name: 'lobby', target, last: 0, read: 0, unread: 0 },
      ]);
    }
  });

  t.test('what was said before somebody came is not new to them', async (t) => {
    const { store } = await make(t);
    const target = await lobbyOf(store);
    const ada = await register(store, 'ada');
    const { seq } = await kept(store, newEntry(ada.id, target, 'k'));
    const bob = await register(store, 'bob');
    t.match(await store.standings(bob.id), [{ name: 'lobby', last: seq, read: seq }]);
    t.match(await store.standings(ada.id), [{ name: 'lobby', last: seq, read: 0 }]);
  });

  t.test('a direct conversation begins with its first message, for both', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = [
      await register(store, 'ada'),
      await register(store, 'bob'),
      await register(store, 'cyd'),
    ];
    const target: Target = { direct: [bob.id, ada.id] };
    t.same(await store.history({ target, limit: 10, keep: 'newest' }), []);
    t.equal((await store.standings(ada.id)).length, 1);
    const { seq } = await kept(store, newEntry(bob.id, target, 'k'));
    const both = { kind: 'direct', target: { direct: [ada.id, bob.id] }, last: seq, read: 0 };
    t.match((await store.standings(ada.id))[1], { ...both, name: 'bob' });
    t.match((await store.standings(bob.id))[1], { ...both, name: 'ada' });
    t.equal((await store.standings(cyd.id)).length, 1);
    const reversed: Target = { direct: [ada.id, bob.id] };
    await kept(store, newEntry(ada.id, reversed, 'k'));
    t.match(await store.history({ target, limit: 10, keep: 'oldest' }), [{ from: 'bob' }, { from: 'ada' }]);
    t.equal((await store.standings(ada.id)).length, 2, 'the order of the two makes no second one');
  });

  t.test('notes to oneself are a conversation too', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const target: Target = { direct: [id, id] };
    const { seq } = await kept(store, newEntry(id, target, 'k'));
    t.match((await store.standings(id))[1], { kind: 'direct', name: 'ada', target, last: seq });
  });

  t.test('nobody writes into what two others say to each other', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = [
      await register(store, 'ada'),
      await register(store, 'bob'),
      await register(store, 'cyd'),
    ];
    const entry = newEntry(cyd.id, { direct: [ada.id, bob.id] }, 'k');
    await t.rejects(store.append(entry), { name: 'StoreError' });
    t.equal((await store.standings(ada.id)).length, 1);
  });

  t.test('what was read never goes back, nor past the newest', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = [await register(store, 'ada'), await register(store, 'bob')];
    const target = await lobbyOf(store);
    const one = await kept(store, newEntry(ada.id, target, '1'));
    const two = await kept(store, newEntry(ada.id, target, '2'));
    const read = async () => (await store.standings(bob.id))[0]?.read;
    await store.markRead(bob.id, target, one.seq);
    t.equal(await read(), one.seq);
    await store.markRead(bob.id, target, Number.MAX_SAFE_INTEGER);
    t.equal(await read(), two.seq);
    await store.markRead(bob.id, target, one.seq);
    t.equal(await read(), two.seq);
    t.equal((await store.standings(ada.id))[0]?.read, 0, 'for the one who read alone');
    await store.markRead(ada.id, { direct: [ada.id, bob.id] }, 5);
    t.equal((await store.standings(ada.id)).length, 1, 'reading begins no conversation');
  });
}
