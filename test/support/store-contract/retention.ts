/** What is no longer kept: what every Store must do about it, as tests. Knows the interface only. */
import type { Test } from 'tap';
import type { ConversationKey, PruneOptions } from '../../../lib/store/message-store.js';
import type { Store } from '../../../lib/store/store.js';
import { at, kept, lobbyOf, type MakeSubject, newEntry, newRoom, people } from '../store-subject.js';

export async function retentionContract(t: Test, make: MakeSubject): Promise<void> {
  const say = async (
    store: Store,
    account: number,
    { target, count }: { target: ConversationKey; count: number },
  ) => {
    for (let index = 0; index < count; index++) {
      const entry = newEntry(account, target, `${JSON.stringify(target)}-${index}`);
      await kept(store, { ...entry, text: `w${index}`, at: at + index });
    }
  };
  const texts = async (store: Store, target: ConversationKey) =>
    (await store.history({ target, limit: 99, keep: 'oldest' })).map(({ text }) => text);
  const pruneAll = async (store: Store, prune: PruneOptions) => {
    let gone = 0;
    for (let last = prune.limit; last === prune.limit; gone += last) last = await store.prune(prune);
    return gone;
  };

  t.test('without a limit everything is kept', async (t) => {
    const { store } = await make(t);
    const [ada] = await people(store, 'ada');
    const target = await lobbyOf(store);
    await say(store, ada.id, { target, count: 3 });
    t.equal(await store.prune({ limit: 10 }), 0);
    t.equal((await texts(store, target)).length, 3);
  });

  t.test('older entries are removed from every conversation and from search', async (t) => {
    const { store, reopen } = await make(t);
    const [ada] = await people(store, 'ada');
    const lobby = await lobbyOf(store);
    const notes: ConversationKey = { direct: [ada.id, ada.id] };
    for (const target of [lobby, notes]) {
      const entry = newEntry(ada.id, target, `old ${JSON.stringify(target)}`);
      await kept(store, { ...entry, text: 'old', file: { name: 'old', size: 1, hash: 'old' } });
      await kept(store, {
        ...newEntry(ada.id, target, `new ${JSON.stringify(target)}`),
        text: 'new',
        at: at + 9,
      });
    }
    t.equal(await store.prune({ before: at, limit: 10 }), 0, 'that time is included');
    // The second old entry stands behind a new one: a clock was set back. It goes with that one, later.
    t.equal(await store.prune({ before: at + 1, limit: 10 }), 1);
    const again = await reopen();
    t.same(await texts(again, lobby), ['new']);
    t.equal(await again.prune({ before: at + 10, limit: 10 }), 3);
    t.same(await texts(again, notes), []);
    t.same(await again.search({ account: ada.id, words: '', limit: 9 }), { hits: [], more: false });
    t.same(await again.unreferenced(['old']), ['old']);
    t.equal(await again.fileBytes(ada.id), 0);
    t.match(await again.conversations(ada.id), [
      { last: 0, unread: 0 },
      { last: 0, unread: 0 },
    ]);
    const { seq } = await kept(again, newEntry(ada.id, lobby, 'next'));
    t.equal(seq, 5, 'a seq that was given is not given again');
  });

  t.test('only the newest entries of each conversation are kept', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const lobby = await lobbyOf(store);
    const room: ConversationKey = { room: (await newRoom(store, ada.id, 'tea')).id };
    const direct: ConversationKey = { direct: [ada.id, bob.id] };
    await say(store, ada.id, { target: lobby, count: 7 });
    await say(store, ada.id, { target: room, count: 3 });
    await say(store, ada.id, { target: direct, count: 12 });
    t.equal(await pruneAll(store, { keep: 3, limit: 2 }), 4 + 9);
    t.same(await texts(store, lobby), ['w4', 'w5', 'w6']);
    t.same(await texts(store, room), ['w0', 'w1', 'w2']);
    t.same(await texts(store, direct), ['w9', 'w10', 'w11']);
    await say(store, bob.id, { target: lobby, count: 1 });
    t.equal(await pruneAll(store, { keep: 3, limit: 2 }), 1, 'also in one that was done before');
    const { hits } = await store.search({ account: ada.id, words: 'w0', limit: 9 });
    t.equal(hits.length, 2);
  });

  t.test('a limited number of entries is removed at once, those of ended rooms included', async (t) => {
    const { store } = await make(t);
    const [ada] = await people(store, 'ada');
    for (const name of ['tea', 'pot', 'cup']) {
      const { id } = await newRoom(store, ada.id, name);
      await say(store, ada.id, { target: { room: id }, count: 2 });
      await store.leaveRoom(ada.id, id, { end: true });
    }
    t.equal(await store.prune({ limit: 5 }), 5);
    t.equal(await store.prune({ limit: 5 }), 1);
    t.equal(await store.prune({ limit: 5 }), 0);
    for (const name of ['tea', 'pot']) {
      const { id } = await newRoom(store, ada.id, name);
      await say(store, ada.id, { target: { room: id }, count: 0 });
      await kept(store, newEntry(ada.id, { room: id }, name));
      await store.leaveRoom(ada.id, id, { end: true });
    }
    t.equal(await store.prune({ limit: 5 }), 2, 'several at once where they are small');
  });

  t.test('edits and removals of a pruned message are not read', async (t) => {
    const { store } = await make(t);
    const [ada] = await people(store, 'ada');
    const target = await lobbyOf(store);
    const { seq } = await kept(store, newEntry(ada.id, target, 'k'));
    await store.edit({ of: seq, account: ada.id, at: at + 5, text: 'later' });
    t.equal(await store.prune({ before: at + 1, limit: 9 }), 1);
    t.same(await store.history({ target, limit: 9, keep: 'newest', what: 'everything' }), []);
    t.equal(await store.message(seq), undefined);
    t.equal(await store.edit({ of: seq, account: ada.id, at: at + 6, text: 'x' }), undefined);
    t.equal(await store.remove({ of: seq, account: ada.id, at: at + 6 }), undefined);
    t.match(await store.append(newEntry(ada.id, target, 'k')), { repeated: false });
  });

  t.test('seqBefore finds the last entry before a time', async (t) => {
    const { store } = await make(t);
    const [ada] = await people(store, 'ada');
    const target = await lobbyOf(store);
    t.equal(await store.seqBefore(at + 99), 0);
    const seqs: number[] = [];
    for (const [index, when] of [0, 10, 10, 10, 20, 30].entries())
      seqs.push((await kept(store, { ...newEntry(ada.id, target, `k${index}`), at: at + when })).seq);
    const before = async (when: number) => seqs.indexOf(await store.seqBefore(at + when));
    t.same(await Promise.all([0, 1, 10, 11, 20, 30, 99].map(before)), [-1, 0, 0, 3, 3, 4, 5]);
    await store.prune({ before: at + 1, limit: 1 });
    t.equal(await store.seqBefore(at + 10), 0, 'what went is not counted');
    t.equal(await store.seqBefore(at + 11), seqs[3]);
  });

  t.test('times of servers whose clocks differ by minutes are found as exactly as that', async (t) => {
    const { store } = await make(t);
    const [ada] = await people(store, 'ada');
    const target = await lobbyOf(store);
    const minute = 60_000;
    const times: number[] = [];
    const seqs: number[] = [];
    for (let n = 0; n < 60; n++) {
      times.push(at + (n - (n % 2) * 4) * minute);
      const entry = { ...newEntry(ada.id, target, `k${n}`), at: times[n] ?? 0 };
      seqs.push((await kept(store, entry)).seq);
    }
    for (let n = 10; n < 50; n++) {
      const last = seqs.indexOf(await store.seqBefore(at + n * minute));
      t.ok(Math.abs((times[last] ?? 0) - (at + n * minute)) <= 5 * minute, `${n}: ${last}`);
    }
  });

  t.test(
    'entries stored while a clock was wrong neither keep older ones nor go before their time',
    async (t) => {
      const { store, reopen } = await make(t);
      const [ada] = await people(store, 'ada');
      const target = await lobbyOf(store);
      const day = 24 * 3_600_000;
      const now = at + 100 * day;
      // In days before now; -400 was stored while the clock was ahead, 20000 while it was set back to 1970.
      const days = [90, 80, 20000, 70, -400, 60, -400, 50, 20, 20000, 10, -400, 5, 1];
      const seqs: number[] = [];
      for (const [index, ago] of days.entries()) {
        const entry = { ...newEntry(ada.id, target, `k${index}`), text: `${ago}`, at: now - ago * day };
        seqs.push((await kept(store, entry)).seq);
      }
      const again = await reopen();
      const before = async (ago: number) => seqs.indexOf(await again.seqBefore(now - ago * day, now));
      t.same(
        await Promise.all([91, 75, 65, 55, 30, 15, 7, 2, 0].map(before)),
        [-1, 2, 3, 5, 7, 9, 10, 12, 13],
      );
      const search = { account: ada.id, words: '', now, limit: 99 };
      const found = async (range: { since?: number; until?: number }) =>
        (await again.search({ ...search, ...range })).hits.map(({ seq }) => seqs.indexOf(seq)).reverse();
      t.same(await found({ since: now - 15 * day }), [10, 11, 12, 13]);
      t.same(await found({ until: now - 75 * day }), [0, 1, 2]);
      t.equal(await pruneAll(again, { before: now - 30 * day, now, limit: 3 }), 8);
      t.same(await texts(again, target), days.slice(8).map(String));
      t.equal(await pruneAll(again, { before: now - 7 * day, now, limit: 3 }), 3);
      t.same(await texts(again, target), ['-400', '5', '1'], 'the one from the future goes with a later one');
      t.equal(await pruneAll(again, { before: now - 3 * day, now, limit: 3 }), 2);
      await kept(again, { ...newEntry(ada.id, target, 'new'), text: 'new', at: now });
      t.equal(await again.seqBefore(now, now), seqs.at(-1), 'after what was pruned');
    },
  );
}
