/** The log: what every Store must do with it, as tests. Knows the interface only. */
import type { Test } from 'tap';
import type { HistoryPage } from '../../../lib/store/message-store.js';
import { at, kept, lobbyOf, type MakeSubject, newEntry, register } from '../store-subject.js';

export async function logContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('an entry is read as it was appended', async (t) => {
    const { store, reopen } = await make(t);
    const { id } = await register(store, 'ada');
    const target = await lobbyOf(store);
    const texts = ['hi', ' ünï\n🦊 ', "'; DROP TABLE log; --", 'x'.repeat(4096)];
    const appended: { readonly seq: number }[] = [];
    for (const [index, text] of texts.entries()) {
      const entry = { target, account: id, key: `k${index}`, text, action: index === 0, at: at + index };
      appended.push(await kept(store, entry));
    }
    const again = await reopen();
    t.same(
      await again.history({ target, limit: 10, keep: 'oldest' }),
      texts.map((text, index) => ({
        seq: appended[index]?.seq,
        at: at + index,
        from: 'ada',
        key: `k${index}`,
        text,
        kind: index === 0 ? 'action' : 'text',
      })),
    );
    t.equal((await again.conversations(id))[0]?.last, appended.at(-1)?.seq);
  });

  t.test('a repeated key appends nothing and returns the first position', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = [await register(store, 'ada'), await register(store, 'bob')];
    const target = await lobbyOf(store);
    const first = await kept(store, newEntry(ada.id, target, 'k'));
    t.match(first, { at, repeated: false });
    const retry = { ...newEntry(ada.id, target, 'k'), text: 'other', at: at + 1 };
    t.same(await kept(store, retry), { ...first, repeated: true });
    const elsewhere = newEntry(ada.id, { direct: [ada.id, bob.id] }, 'k');
    t.same(await kept(store, elsewhere), { ...first, repeated: true });
    t.equal((await store.conversations(ada.id)).length, 1, 'and begins no conversation');
    t.match(await kept(store, newEntry(bob.id, target, 'k')), { repeated: false }, 'keys are per account');
    const twins = [newEntry(ada.id, target, 'twin'), newEntry(ada.id, target, 'twin')];
    const [one, two] = await Promise.all(twins.map((twin) => kept(store, twin)));
    t.same([one?.repeated, two?.repeated, two?.seq], [false, true, one?.seq]);
    t.equal((await store.history({ target, limit: 10, keep: 'oldest' })).length, 3);
  });

  t.test('a key or text with U+0000 is rejected', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const entry = newEntry(id, await lobbyOf(store), 'k');
    await t.rejects(store.append({ ...entry, text: 'a\0b' }), { name: 'StoreError' });
    await t.rejects(store.append({ ...entry, key: 'k\0' }), { name: 'StoreError' });
    t.match(await kept(store, entry), { repeated: false });
  });

  t.test('an entry for a room that is gone is not kept, others of its batch are', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const target = await lobbyOf(store);
    const settled = await Promise.allSettled([
      store.append(newEntry(id, target, '1')),
      store.append(newEntry(id, { room: 4711 }, '2')),
      store.append(newEntry(id, { direct: [id, 4711] }, '3')),
      store.append(newEntry(id, target, '4')),
    ]);
    t.match(settled, [
      { status: 'fulfilled' },
      { status: 'fulfilled', value: { outcome: 'no-such-room' } },
      { status: 'rejected', reason: { name: 'StoreError' } },
      { status: 'fulfilled' },
    ]);
    const entries = await store.history({ target, limit: 10, keep: 'oldest' });
    t.same(
      entries.map(({ key }) => key),
      ['1', '4'],
    );
    t.equal((await store.conversations(id)).length, 1);
  });

  t.test('history is paged from either end', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = [await register(store, 'ada'), await register(store, 'bob')];
    const target = await lobbyOf(store);
    const seqs: number[] = [];
    for (let index = 0; index < 6; index++) {
      seqs.push((await kept(store, newEntry(ada.id, target, `k${index}`))).seq);
      await kept(store, newEntry(ada.id, { direct: [ada.id, bob.id] }, `d${index}`));
    }
    const page = async (range: Omit<HistoryPage, 'target'>) =>
      (await store.history({ target, ...range })).map(({ seq }) => seqs.indexOf(seq));
    t.same(await page({ limit: 99, keep: 'oldest' }), [0, 1, 2, 3, 4, 5]);
    t.same(await page({ limit: 99, keep: 'newest' }), [0, 1, 2, 3, 4, 5]);
    t.same(await page({ limit: 2, keep: 'oldest' }), [0, 1]);
    t.same(await page({ limit: 2, keep: 'newest' }), [4, 5]);
    const [, one = 0, , , four = 0] = seqs;
    t.same(await page({ after: one, limit: 2, keep: 'oldest' }), [2, 3]);
    t.same(await page({ before: four, limit: 2, keep: 'newest' }), [2, 3]);
    t.same(await page({ after: one, before: four, limit: 99, keep: 'newest' }), [2, 3]);
    t.same(await page({ after: four, before: one, limit: 99, keep: 'oldest' }), []);
    t.same(await page({ limit: 0, keep: 'newest' }), []);
  });

  t.test('the floor is the seq below the newest entries', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = [await register(store, 'ada'), await register(store, 'bob')];
    const target = await lobbyOf(store);
    t.equal(await store.floor(target, 3), 0);
    const seqs: number[] = [];
    for (let index = 0; index < 6; index++) {
      seqs.push((await kept(store, newEntry(ada.id, target, `k${index}`))).seq);
      await kept(store, newEntry(ada.id, { direct: [ada.id, bob.id] }, `d${index}`));
    }
    t.equal(await store.floor(target, 2), seqs[3]);
    t.equal(await store.floor(target, 5), seqs[0]);
    t.equal(await store.floor(target, 6), 0, 'the conversation has no more than that');
    t.equal(await store.floor(target, 2, seqs[2]), seqs[3]);
    t.equal(await store.floor(target, 2, seqs[3]), 0, 'there are no more than that after it');
    t.equal(await store.floor({ direct: [bob.id, bob.id] }, 1), 0, 'a conversation that has not begun');
  });

  t.test('seqs and answers come in the order of the calls', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const target = await lobbyOf(store);
    const arrived: string[] = [];
    const seqs: number[] = [];
    await Promise.all(
      Array.from({ length: 2_500 }, async (_, index) => {
        if (index % 100 === 50) await store.account('ada');
        else if (index % 100 === 70)
          await store.append(newEntry(id, { room: 99 }, `bad${index}`)).catch(() => {});
        else {
          const appended = await store.append(newEntry(id, target, `k${index}`));
          if (appended.outcome === 'kept') seqs.push(appended.seq);
        }
        arrived.push(`${index}`);
      }),
    );
    t.same(
      seqs,
      [...seqs].sort((a, b) => a - b),
    );
    // One `await` more for the caught ones, so they are compared among themselves.
    const straight = arrived.filter((index) => Number(index) % 100 !== 70);
    t.same(
      straight,
      [...straight].sort((a, b) => Number(a) - Number(b)),
    );
  });
}
