/** Who wants to hear nothing from whom: what every Store must do with that, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import { at, kept, lobbyOf, type MakeSubject, newEntry, newRoom, people } from '../store-subject.js';

export async function blocksContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('names that are blocked come in alphabetical order until they are no longer', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    t.equal(await store.block(ada.id, cyd.id), true);
    t.equal(await store.block(ada.id, bob.id), true);
    t.equal(await store.block(ada.id, bob.id), true);
    const again = await reopen();
    t.same(await again.blocks(ada.id), ['bob', 'cyd']);
    t.same(await again.blocks(bob.id), []);
    t.equal(await again.unblock(ada.id, bob.id), true);
    t.equal(await again.unblock(ada.id, bob.id), false);
    t.same(await again.blocks(ada.id), ['cyd']);
  });

  t.test('what somebody who is blocked says to the other is not kept and begins nothing', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const target = { direct: [ada.id, bob.id] } as const;
    await store.block(bob.id, ada.id);
    t.same(await store.append(newEntry(ada.id, target, 'k')), { outcome: 'blocked' });
    t.equal((await store.standings(bob.id)).length, 1);
    t.equal(await store.said(ada.id, 'k'), undefined);
    await store.unblock(bob.id, ada.id);
    const first = await kept(store, newEntry(ada.id, target, 'k'));
    await store.block(bob.id, ada.id);
    const retry = { outcome: 'kept', seq: first.seq, at, repeated: true };
    t.same(await store.append(newEntry(ada.id, target, 'k')), retry, 'what was kept before stays');
    t.match(await store.append(newEntry(bob.id, target, 'k')), { outcome: 'kept' }, 'the other way is open');
    t.match(
      await store.append(newEntry(ada.id, await lobbyOf(store), 'r')),
      { outcome: 'kept' },
      'and rooms',
    );
    t.match(await store.append(newEntry(ada.id, { direct: [ada.id, ada.id] }, 'n')), { outcome: 'kept' });
  });

  t.test('somebody who is blocked invites the other to nothing', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const room = await newRoom(store, ada.id, 'den', { private: true });
    await store.block(bob.id, ada.id);
    t.equal(await store.inviteToRoom({ room: room.id, account: bob.id, by: ada.id, at }), 'blocked');
    t.same(await store.invitations(bob.id), []);
  });

  t.test('an account blocks so many names only', async (t) => {
    const { store } = await make(t);
    const names = Array.from({ length: limits.blocks + 2 }, (_, index) => `user${index}`);
    const [ada, ...others] = await people(store, ...names);
    const blocked = await Promise.all(others.map(({ id }) => store.block(ada?.id ?? 0, id)));
    t.equal(blocked.filter(Boolean).length, limits.blocks);
    t.equal(blocked.at(-1), false);
    t.equal(await store.block(ada?.id ?? 0, others[0]?.id ?? 0), true, 'one that is blocked stays so');
  });
}
