/** Where people are notified: what every Store must do with it, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { at, hour, lobbyOf, type MakeSubject, newRoom, people } from '../store-subject.js';

export async function pushesContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('one URL an account, replaced, paused and removed', async (t) => {
    const { store, reopen } = await make(t);
    const [ada] = await people(store, 'ada');
    const account = ada.id;
    t.same(await store.pushes(), []);
    await store.setPush({ account, url: 'https://one.example/a', text: true });
    await store.setPush({ account, url: 'https://two.example/b', text: false });
    const target = { account, name: 'ada', url: 'https://two.example/b', text: false, paused: false };
    t.same(await store.pushes(), [target]);
    t.equal(await store.pausePush(account, 'https://one.example/a'), false, 'not the URL any longer');
    t.equal(await store.pausePush(account, target.url), true);
    const again = await reopen();
    t.same(await again.pushes(), [{ ...target, paused: true }]);
    await again.setPush({ account, url: target.url, text: false });
    t.same(await again.pushes(), [target], 'works again');
    t.equal(await again.removePush(account), true);
    t.equal(await again.removePush(account), false);
    await again.setPush({ account, url: target.url, text: false });
    await again.removeAccount(account);
    t.same(await again.pushes(), [], 'gone with its account');
  });

  t.test('only those who may hear of a message are notified', async (t) => {
    const { store } = await make(t);
    const [ada, ben, cleo] = await people(store, 'ada', 'ben', 'cleo');
    const room = (await newRoom(store, ada.id, 'ops')).id;
    for (const { id } of [ada, ben])
      await store.setPush({ account: id, url: `https://x.example/${id}`, text: true });
    const told = async (account: number, rest: { room?: number; at?: number } = {}) =>
      (await store.pushFor({ account, by: cleo.id, at, ...rest }))?.name;
    t.equal(await told(ada.id), 'ada', 'directly');
    t.equal(await told(cleo.id), undefined, 'has no URL');
    t.equal(await told(ada.id, { room }), 'ada');
    t.equal(await told(ben.id, { room }), undefined, 'not in the room');
    const lobby = await lobbyOf(store);
    t.equal(await told(ben.id, { room: 'room' in lobby ? lobby.room : 0 }), 'ben');
    await store.block(ben.id, cleo.id);
    t.equal(await told(ben.id), undefined, 'blocks the author');
    await store.ban({ account: ada.id }, { by: 'operator', at, until: at + hour, reason: '' });
    t.equal(await told(ada.id), undefined, 'banned');
    t.equal(await told(ada.id, { at: at + 2 * hour }), 'ada', 'no longer');
    await store.pausePush(ada.id, `https://x.example/${ada.id}`);
    t.equal(await told(ada.id, { at: at + 2 * hour }), undefined, 'paused');
  });
}
