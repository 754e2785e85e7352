/** Files of messages: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import type { FileInfo } from '../../../lib/protocol/records.js';
import type { ConversationKey } from '../../../lib/store/message-store.js';
import type { Store } from '../../../lib/store/store.js';
import { at, kept, lobbyOf, type MakeSubject, newEntry, people } from '../store-subject.js';

export async function filesContract(t: Test, make: MakeSubject): Promise<void> {
  const send = async (
    store: Store,
    account: number,
    { target, file }: { target: ConversationKey; file: FileInfo },
  ) => (await kept(store, { ...newEntry(account, target, file.name), text: file.name, file })).seq;

  t.test('a file is read with its message, and pages of files have nothing else', async (t) => {
    const { store, reopen } = await make(t);
    const [ada] = await people(store, 'ada');
    const target = await lobbyOf(store);
    const [one, two] = ['one.txt', 'two ünï.txt'].map((name) => ({ name, size: 2 ** 40, hash: `h ${name}` }));
    if (one === undefined || two === undefined) return;
    const first = await send(store, ada.id, { target, file: one });
    await kept(store, newEntry(ada.id, target, 'between'));
    const second = await send(store, ada.id, { target, file: two });
    await kept(store, newEntry(ada.id, target, 'after'));
    const again = await reopen();
    const page = { target, limit: 9, keep: 'newest', what: 'files' } as const;
    const entries = [
      { seq: first, at, from: 'ada', key: one.name, kind: 'file', text: one.name, file: one },
      { seq: second, at, from: 'ada', key: two.name, kind: 'file', text: two.name, file: two },
    ];
    t.same(await again.history(page), entries);
    t.same(await again.history({ ...page, limit: 1 }), entries.slice(1));
    t.same(await again.history({ ...page, before: second }), entries.slice(0, 1));
    t.equal((await again.history({ ...page, what: 'messages' })).length, 4);
    t.match(await again.search({ account: ada.id, words: 'two uni.txt', limit: 9 }), {
      hits: [{ seq: second, excerpt: 'two ünï.txt' }],
    });
  });

  t.test('the bytes of an account are those of its files that were not removed', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const target = await lobbyOf(store);
    t.equal(await store.fileBytes(ada.id), 0);
    const big = { name: 'big', size: 3 * 2 ** 31, hash: 'same' };
    const of = await send(store, ada.id, { target, file: big });
    await send(store, ada.id, { target, file: { ...big, name: 'twin' } });
    await send(store, bob.id, { target, file: { name: 'small', size: 7, hash: 'small' } });
    t.equal(await store.fileBytes(ada.id), 2 * big.size, 'the same bytes count each time');
    t.equal(await store.fileBytes(bob.id), 7);
    await store.remove({ of, account: bob.id, at });
    t.equal(await store.fileBytes(ada.id), big.size);
  });

  t.test('a hash is unreferenced when the last message that names it is removed', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const target = await lobbyOf(store);
    const one = await send(store, ada.id, { target, file: { name: 'a', size: 1, hash: 'same' } });
    const two = await send(store, bob.id, { target, file: { name: 'b', size: 1, hash: 'same' } });
    t.same(await store.unreferenced(['x', 'same', 'y']), ['x', 'y']);
    await store.remove({ of: one, account: ada.id, at });
    t.same(await store.unreferenced(['same']), []);
    await store.remove({ of: two, account: ada.id, at });
    t.same(await store.unreferenced(['same']), ['same']);
    t.same(await store.unreferenced([]), []);
    t.same(await store.history({ target, limit: 9, keep: 'newest', what: 'files' }), []);
    const gone = await store.history({ target, limit: 9, keep: 'newest' });
    t.same(
      gone.map(({ kind, text, file, removed }) => ({ kind, text, file, removed })),
      Array(2).fill({ kind: 'file', text: '', file: undefined, removed: 'ada' }),
    );
  });
}
