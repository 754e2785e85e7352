/** Rooms, who is in them and who is invited: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { Target } from '../../../lib/store/message-store.js';
import type { Store } from '../../../lib/store/store.js';
import {
  at,
  kept,
  lobbyOf,
  type MakeSubject,
  newEntry,
  newRoom,
  people,
  register,
} from '../store-subject.js';

export async function roomsContract(t: Test, make: MakeSubject): Promise<void> {
  const roles = async (store: Store, room: number) =>
    (await store.members(room)).map(({ account, role }) => `${account.name} ${role}`);

  t.test(
    'a room begins with its maker as owner, and is there after the store was opened again',
    async (t) => {
      const { store, reopen } = await make(t);
      const [ada, bob] = await people(store, 'ada', 'bob');
      const room = await newRoom(store, ada.id, 'tea');
      t.match(room, { name: 'tea', private: false, everybody: false, topic: '' });
      const again = await reopen();
      t.same(await again.members(room.id), [{ account: ada, role: 'owner' }]);
      t.match(await again.rooms(), [
        { name: 'lobby', members: 2 },
        { ...room, members: 1 },
      ]);
      const standing = { kind: 'room', name: 'tea', target: { room: room.id }, room, role: 'owner', last: 0 };
      t.match((await again.standings(ada.id))[1], standing);
      t.equal((await again.standings(bob.id)).length, 1);
    },
  );

  t.test(
    'a name belongs to one public room, to any private ones, and to one room of each account',
    async (t) => {
      const { store } = await make(t);
      const [ada, bob] = await people(store, 'ada', 'bob');
      const hidden = await newRoom(store, ada.id, 'tea', { private: true });
      const outcome = async (owner: number, name: string, hide: boolean) =>
        (await store.makeRoom({ name, private: hide, owner, at })).outcome;
      t.equal(await outcome(ada.id, 'tea', false), 'name-taken', 'she is in one of that name');
      t.equal(await outcome(bob.id, 'lobby', false), 'name-taken');
      t.equal(await outcome(bob.id, 'lobby', true), 'name-taken', 'which he is in');
      const open = await newRoom(store, bob.id, 'tea');
      t.equal(await outcome(bob.id, 'tea', true), 'name-taken');
      t.same(await store.enterRoom(ada.id, open.id), { outcome: 'name-taken' });
      await store.inviteToRoom({ room: hidden.id, account: bob.id, by: ada.id, at });
      t.same(await store.enterRoom(bob.id, hidden.id), { outcome: 'name-taken' });
      t.equal((await store.invitations(bob.id)).length, 1, 'which uses no invitation up');
      const cyd = await register(store, 'cyd');
      t.equal(await outcome(cyd.id, 'tea', false), 'name-taken');
      t.equal(await outcome(cyd.id, 'tea', true), 'made');
    },
  );

  t.test('of many who want one public name at once, one gets it', async (t) => {
    const { store } = await make(t);
    const all = await people(store, 'ada', 'bob', 'cyd');
    const made = await Promise.all(
      all.map(({ id }) => store.makeRoom({ name: 'tea', private: false, owner: id, at })),
    );
    t.same(
      made.map(({ outcome }) => outcome),
      ['made', 'name-taken', 'name-taken'],
    );
  });

  t.test('whoever comes in is the last of its members, and what was said before is not new', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const room = await newRoom(store, ada.id, 'tea');
    const { seq } = await kept(store, newEntry(ada.id, { room: room.id }, 'k'));
    t.same(await store.enterRoom(cyd.id, room.id), { outcome: 'entered' });
    t.same(await store.enterRoom(bob.id, room.id), { outcome: 'entered' });
    t.same(await store.enterRoom(bob.id, room.id), { outcome: 'member-already' });
    t.same(await roles(store, room.id), ['ada owner', 'cyd member', 'bob member']);
    t.match((await store.standings(bob.id))[1], { last: seq, read: seq, unread: 0, role: 'member' });
    t.same(await store.leaveRoom(cyd.id, room.id, { end: false }), { outcome: 'left' });
    t.same(await store.enterRoom(cyd.id, room.id), { outcome: 'entered' });
    t.same(await roles(store, room.id), ['ada owner', 'bob member', 'cyd member']);
    t.same(await store.enterRoom(bob.id, room.id + 1), { outcome: 'not-invited' }, 'there is none');
  });

  t.test('rooms that two are in are those and no others', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const tea = await newRoom(store, ada.id, 'tea');
    const den = await newRoom(store, ada.id, 'den', { private: true });
    await newRoom(store, bob.id, 'den', { private: true });
    await newRoom(store, ada.id, 'alone');
    await store.enterRoom(cyd.id, tea.id);
    await store.inviteToRoom({ room: den.id, account: cyd.id, by: ada.id, at });
    await kept(store, newEntry(ada.id, { direct: [ada.id, bob.id] }, 'k'));
    t.same(await store.sharedRooms(ada.id, bob.id), ['lobby']);
    t.same(await store.sharedRooms(ada.id, cyd.id), ['lobby', 'tea'], 'an invitation is none');
    await store.enterRoom(cyd.id, den.id);
    t.same(await store.sharedRooms(cyd.id, ada.id), ['lobby', 'tea', 'den']);
  });

  t.test('a private room takes whom somebody invited, once', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const room = await newRoom(store, ada.id, 'den', { private: true });
    t.same(await store.enterRoom(bob.id, room.id), { outcome: 'not-invited' });
    t.equal(await store.inviteToRoom({ room: room.id, account: bob.id, by: ada.id, at }), 'invited');
    t.same(await store.invitations(bob.id), [{ room, by: 'ada' }]);
    t.same(await store.invitations(cyd.id), []);
    t.same(await store.enterRoom(bob.id, room.id), { outcome: 'entered' });
    t.same(await store.invitations(bob.id), []);
    t.equal(await store.inviteToRoom({ room: room.id, account: bob.id, by: ada.id, at }), 'member-already');
    await store.leaveRoom(bob.id, room.id, { end: false });
    t.same(await store.enterRoom(bob.id, room.id), { outcome: 'not-invited' });
  });

  t.test('an invitation is replaced by a second one and can be dismissed', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const room = await newRoom(store, ada.id, 'den', { private: true });
    await store.inviteToRoom({ room: room.id, account: cyd.id, by: ada.id, at });
    await store.inviteToRoom({ room: room.id, account: cyd.id, by: bob.id, at: at + 1 });
    const again = await reopen();
    t.same(await again.invitations(cyd.id), [{ room, by: 'bob' }]);
    t.equal(await again.dismissInvitation(cyd.id, room.id), true);
    t.equal(await again.dismissInvitation(cyd.id, room.id), false);
    t.same(await again.enterRoom(cyd.id, room.id), { outcome: 'not-invited' });
  });

  t.test('of too many invitations the oldest goes', async (t) => {
    const { store } = await make(t);
    const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
    // A room less, because the lobby counts.
    for (const owner of [ada.id, bob.id]) {
      for (let index = 1; index < limits.roomsPerAccount; index++) {
        const room = await newRoom(store, owner, `room${owner}-${index}`);
        await store.inviteToRoom({ room: room.id, account: eve.id, by: owner, at: at + room.id });
      }
    }
    const invited = (await store.invitations(eve.id)).map(({ room }) => room.name);
    t.equal(invited.length, limits.invitations);
    t.equal(invited.at(-1), `room${bob.id}-${limits.roomsPerAccount - 1}`);
    t.notOk(invited.includes(`room${ada.id}-1`));
  });

  t.test('an account is in so many rooms only', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const other = await newRoom(store, bob.id, 'other');
    for (let index = 1; index < limits.roomsPerAccount; index++) await newRoom(store, ada.id, `room${index}`);
    const more = { name: 'more', private: true, owner: ada.id, at };
    t.same(await store.makeRoom(more), { outcome: 'too-many' });
    t.same(await store.enterRoom(ada.id, other.id), { outcome: 'too-many' });
    const [, first] = await store.standings(ada.id);
    await store.leaveRoom(ada.id, first?.kind === 'room' ? first.room.id : 0, { end: true });
    t.same(await store.enterRoom(ada.id, other.id), { outcome: 'entered' });
  });

  t.test('a server has so many rooms only', async (t) => {
    const { store } = await make(t);
    let made = 1;
    for (let owner = 0; made < limits.rooms; owner++) {
      const { id } = await register(store, `owner${owner}`);
      const share = Math.min(limits.roomsPerAccount - 1, limits.rooms - made);
      const names = Array.from({ length: share }, (_, index) => `room${owner}-${index}`);
      await Promise.all(names.map((name) => newRoom(store, id, name)));
      made += share;
    }
    const { id } = await register(store, 'late');
    t.same(await store.makeRoom({ name: 'more', private: true, owner: id, at }), { outcome: 'too-many' });
  });

  t.test('when the last owner leaves, a moderator follows, else whoever came first', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd, dan] = await people(store, 'ada', 'bob', 'cyd', 'dan');
    const { id: room } = await newRoom(store, ada.id, 'tea');
    for (const { id } of [dan, cyd, bob]) await store.enterRoom(id, room);
    await store.setRoomRole(bob.id, room, 'moderator');
    const leave = (account: number) => store.leaveRoom(account, room, { end: false });
    t.same(await leave(ada.id), { outcome: 'left', heir: bob });
    t.same(await roles(store, room), ['dan member', 'cyd member', 'bob owner']);
    t.same(await leave(bob.id), { outcome: 'left', heir: dan });
    t.same(await roles(store, room), ['dan owner', 'cyd member']);
    t.same(await leave(ada.id), { outcome: 'not-a-member' });
    t.same(await leave(cyd.id), { outcome: 'left' }, 'who owned nothing');
    t.same(await leave(dan.id), { outcome: 'last' });
    t.same(await roles(store, room), ['dan owner']);
  });

  t.test('a role is set for members, and a room keeps an owner', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const { id: room } = await newRoom(store, ada.id, 'tea');
    await store.enterRoom(bob.id, room);
    t.equal(await store.setRoomRole(cyd.id, room, 'moderator'), 'not-a-member');
    t.equal(await store.setRoomRole(ada.id, room, 'member'), 'last-owner');
    t.equal(await store.setRoomRole(ada.id, room, 'owner'), 'set');
    t.equal(await store.setRoomRole(bob.id, room, 'owner'), 'set');
    t.equal(await store.setRoomRole(ada.id, room, 'moderator'), 'set');
    t.same(await roles(store, room), ['ada moderator', 'bob owner']);
    t.same(await store.leaveRoom(ada.id, room, { end: false }), { outcome: 'left' });
  });

  t.test('a room that ended is gone with all that was said in it', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const room = await newRoom(store, ada.id, 'tea', { private: true });
    const target: Target = { room: room.id };
    await store.inviteToRoom({ room: room.id, account: bob.id, by: ada.id, at });
    const { seq } = await kept(store, newEntry(ada.id, target, 'k'));
    t.same(await store.leaveRoom(ada.id, room.id, { end: true }), { outcome: 'ended' });
    t.equal((await store.rooms()).length, 1);
    t.equal((await store.standings(ada.id)).length, 1);
    t.same(await store.members(room.id), []);
    t.same(await store.invitations(bob.id), []);
    t.same(await store.enterRoom(bob.id, room.id), { outcome: 'not-invited' });
    t.same(await store.history({ target, limit: 10, keep: 'newest' }), []);
    t.equal(await store.locate(seq), undefined);
    t.same(await store.search({ account: ada.id, words: 'text', limit: 10 }), { hits: [], more: false });
    t.equal(await store.markRead(ada.id, target, seq), undefined);
    t.equal(await store.setTopic({ room: room.id, account: ada.id, topic: 'x', at }), undefined);
    await t.rejects(store.append(newEntry(ada.id, target, 'late')), { name: 'StoreError' });
    const late = { room: room.id, account: bob.id, by: ada.id, at };
    await t.rejects(store.inviteToRoom(late), { name: 'StoreError' });
    t.equal(await store.prune({ limit: 10 }), 1, 'what is left of it goes');
    t.equal(await store.prune({ limit: 10 }), 0);
    const again = await newRoom(store, bob.id, 'tea');
    t.same(await store.history({ target: { room: again.id }, limit: 10, keep: 'newest' }), []);
    t.not(again.id, room.id, 'its id is not given again');
  });

  t.test('nobody leaves the lobby, which belongs to those who administer the server', async (t) => {
    const { store } = await make(t);
    const code = new Uint8Array(32);
    await store.createInvite({ code, role: 'admin', uses: 1, expires: at + 1, at });
    const boss = { name: 'ada', skeleton: '~ada', password: 'x', at, invite: code };
    t.match(await store.register(boss), { outcome: 'created' });
    const bob = await register(store, 'bob');
    const lobby = await lobbyOf(store);
    const room = 'room' in lobby ? lobby.room : 0;
    t.same(await roles(store, room), ['ada owner', 'bob member']);
    t.match(await store.standings(bob.id), [{ role: 'member', room: { everybody: true } }]);
    await t.rejects(store.leaveRoom(bob.id, room, { end: true }), { name: 'StoreError' });
    await t.rejects(store.setRoomRole(bob.id, room, 'owner'), { name: 'StoreError' });
    t.same(await roles(store, room), ['ada owner', 'bob member']);
    t.same(await store.enterRoom(bob.id, room), { outcome: 'member-already' });
  });

  t.test('a topic is an entry of the log and a property of its room', async (t) => {
    const { store, reopen } = await make(t);
    const ada = await register(store, 'ada');
    const { id: room } = await newRoom(store, ada.id, 'tea');
    const set = (topic: string) => store.setTopic({ room, account: ada.id, topic, at: at + 5 });
    t.equal(await set(''), undefined);
    const logged = await set('Leaves');
    t.match(logged, { seq: Number, at: at + 5 });
    t.equal(await set('Leaves'), undefined);
    const again = await reopen();
    t.match((await again.rooms())[1], { topic: 'Leaves' });
    t.match((await again.standings(ada.id))[1], { last: logged?.seq, unread: 0, room: { topic: 'Leaves' } });
    const page = { target: { room }, limit: 10, keep: 'newest' } as const;
    t.same(await again.history(page), []);
    t.match(await again.history({ ...page, what: 'everything' }), [
      { kind: 'topic', text: 'Leaves', from: 'ada', seq: logged?.seq },
    ]);
    t.equal(await again.locate(logged?.seq ?? 0), undefined);
    t.same(await again.search({ account: ada.id, words: 'leaves', limit: 10 }), { hits: [], more: false });
  });
}
