/** Edits and removals: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import type { ConversationKey } from '../../../lib/store/message-store.js';
import type { Store } from '../../../lib/store/store.js';
import { at, kept, lobbyOf, type MakeSubject, newEntry, people } from '../store-subject.js';

export async function editsContract(t: Test, make: MakeSubject): Promise<void> {
  const found = async (store: Store, account: number, words: string) =>
    (await store.search({ account, words, limit: 10 })).hits.map(({ seq }) => seq);
  const everything = (store: Store, target: ConversationKey) =>
    store.history({ target, limit: 99, keep: 'oldest', what: 'everything' });

  t.test('an edit replaces the text wherever it is read, and is an entry of its own', async (t) => {
    const { store, reopen } = await make(t);
    const [ada] = await people(store, 'ada');
    const target = await lobbyOf(store);
    const { seq } = await kept(store, {
      ...newEntry(ada.id, target, 'k'),
      text: 'first wrods',
      action: true,
    });
    const one = await store.edit({ of: seq, account: ada.id, at: at + 1, text: 'second words' });
    const two = await store.edit({ of: seq, account: ada.id, at: at + 2, text: 'third words' });
    t.match([one, two], [{ at: at + 1 }, { at: at + 2 }]);
    const again = await reopen();
    const message = { seq, at, from: 'ada', key: 'k', kind: 'action', text: 'third words', edited: at + 2 };
    t.same(await again.history({ target, limit: 9, keep: 'newest' }), [message]);
    t.match(await everything(again, target), [
      message,
      { seq: one?.seq, at: at + 1, kind: 'edit', of: seq, from: 'ada', text: 'third words' },
      { seq: two?.seq, at: at + 2, kind: 'edit', of: seq, from: 'ada', text: 'third words' },
    ]);
    t.same(await again.message(seq), { entry: message, target, account: ada.id });
    t.equal(await again.message(one?.seq ?? 0), undefined, 'an edit is no message');
    t.same(await found(again, ada.id, 'first'), []);
    t.same(await found(again, ada.id, 'second'), []);
    t.same(await found(again, ada.id, '"third words"'), [seq]);
    t.equal((await again.conversations(ada.id))[0]?.last, two?.seq);
  });

  t.test('a missing message, a file or an edit cannot be edited', async (t) => {
    const { store } = await make(t);
    const [ada] = await people(store, 'ada');
    const target = await lobbyOf(store);
    const file = { name: 'a.txt', size: 1, hash: 'h' };
    const { seq } = await kept(store, { ...newEntry(ada.id, target, 'f'), text: 'a.txt', file });
    const edit = (of: number, text = 'x') => store.edit({ of, account: ada.id, at, text });
    t.equal(await edit(seq), undefined);
    t.equal(await edit(4711), undefined);
    const said = await kept(store, newEntry(ada.id, target, 'k'));
    await t.rejects(edit(said.seq, 'a\0b'), { name: 'StoreError' });
    const edited = await edit(said.seq);
    t.equal(await edit(edited?.seq ?? 0), undefined, 'an edit is no message');
    t.equal((await everything(store, target)).length, 3);
  });

  t.test('a removal leaves the seq of a message and nothing of its content', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const target = await lobbyOf(store);
    const { seq } = await kept(store, { ...newEntry(ada.id, target, 'k'), text: 'a secret' });
    await store.edit({ of: seq, account: ada.id, at: at + 1, text: 'a secret word' });
    const removal = await store.remove({ of: seq, account: bob.id, at: at + 2 });
    t.match(removal, { at: at + 2 });
    t.equal(await store.remove({ of: seq, account: bob.id, at: at + 3 }), undefined);
    t.equal(await store.edit({ of: seq, account: ada.id, at: at + 3, text: 'again' }), undefined);
    const again = await reopen();
    const gone = { seq, at, from: 'ada', key: 'k', kind: 'text', text: '', removed: 'bob', edited: at + 1 };
    t.same(await again.history({ target, limit: 9, keep: 'newest' }), [gone]);
    t.match(await everything(again, target), [
      gone,
      { seq: removal?.seq, kind: 'removal', of: seq, from: 'bob', text: '' },
    ]);
    t.same(await again.message(seq), { entry: gone, target, account: ada.id });
    t.same(await found(again, ada.id, 'secret'), []);
    t.same(await found(again, ada.id, ''), []);
    t.same(await again.findByKey(ada.id, 'k'), { seq, at }, 'its key stays used');
    t.match(await again.append(newEntry(ada.id, target, 'k')), { seq, repeated: true });
  });

  t.test('a direct message names its recipient', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const target: ConversationKey = { direct: [ada.id, bob.id] };
    for (const [from, to] of [
      [ada, 'bob'],
      [bob, 'ada'],
    ] as const) {
      const { seq } = await kept(store, newEntry(from.id, target, 'k'));
      t.match(await store.message(seq), { target, account: from.id, to, entry: { from: from.name } });
    }
    const notes: ConversationKey = { direct: [ada.id, ada.id] };
    const { seq } = await kept(store, newEntry(ada.id, notes, 'n'));
    t.match(await store.message(seq), { target: notes, to: 'ada' });
  });
}
