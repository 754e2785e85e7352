/** Rooms, members, invitations and topics: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { ConversationKey } from '../../../lib/store/message-store.js';
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
  const everyone = { after: '', limit: 100 };
  const roles = async (store: Store, room: number) =>
    (await store.members(room, everyone)).map(({ account, role }) => `${account.name} ${role}`);

  t.test('a room begins with its creator as owner, and survives a restart', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const room = await newRoom(store, ada.id, 'tea');
    t.match(room, { name: 'tea', private: false, lobby: false, topic: '' });
    const again = await reopen();
    t.same(await again.members(room.id, everyone), [{ account: ada, role: 'owner' }]);
    t.match(await again.rooms(), [
      { name: 'lobby', members: 2 },
      { ...room, members: 1 },
    ]);
    const standing = { kind: 'room', name: 'tea', target: { room: room.id }, room, role: 'owner', last: 0 };
    t.match((await again.conversations(ada.id))[1], standing);
    t.equal((await again.conversations(bob.id)).length, 1);
  });

  t.test('all rooms have different names, private ones included, until they end', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const hidden = await newRoom(store, ada.id, 'tea', { private: true });
    await newRoom(store, ada.id, 'pot');
    const outcomes = async (name: string) => {
      const made = [];
      for (const owner of [ada.id, bob.id]) {
        for (const hide of [true, false])
          made.push((await store.createRoom({ name, private: hide, owner, at })).outcome);
      }
      return new Set(made);
    };
    for (const name of ['lobby', 'tea', 'pot']) t.same([...(await outcomes(name))], ['name-taken'], name);
    await store.leaveRoom(ada.id, hidden.id, { end: true });
    await newRoom(store, bob.id, 'tea');
    t.same(
      (await (await reopen()).rooms()).map(({ name }) => name),
      ['lobby', 'pot', 'tea'],
    );
  });

  t.test('an account and an address make a limited number of rooms, and more once one ends', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const create = (owner: number, name: string, rest: { address?: string; unlimited?: boolean } = {}) =>
      store.createRoom({ name, private: true, owner, at, address: 'here', ...rest });
    let last = 0;
    for (let index = 0; index < limits.roomsMade; index++) {
      const made = await create(ada.id, `ada${index}`);
      if (made.outcome === 'created') last = made.room.id;
    }
    t.same(await create(ada.id, 'more'), { outcome: 'too-many', of: 'account' });
    t.match(await create(ada.id, 'boss', { unlimited: true }), { outcome: 'created' });
    await store.joinRoom(bob.id, last);
    await store.inviteToRoom({ room: last, account: bob.id, by: ada.id, at });
    await store.joinRoom(bob.id, last);
    await store.leaveRoom(ada.id, last, { end: true });
    t.same(await create(ada.id, 'more'), { outcome: 'too-many', of: 'account' }, 'others go on in it');
    for (const [index, { id }] of (await store.rooms())
      .filter(({ name }) => name.startsWith('ada'))
      .entries())
      if (index < 2) await store.leaveRoom(ada.id, id, { end: true });
    t.match(await create(ada.id, 'more'), { outcome: 'created' });

    for (let at = limits.roomsMade; at < limits.roomsMadePerAddress; at += limits.roomsMade) {
      const { id } = await register(store, `maker${at}`);
      for (let index = 0; index < limits.roomsMade; index++) await create(id, `room${at}-${index}`);
    }
    t.same(await create(bob.id, 'tea'), { outcome: 'too-many', of: 'address' });
    t.match(await create(bob.id, 'tea', { address: 'elsewhere' }), { outcome: 'created' });
    t.match(await create(bob.id, 'pot', { unlimited: true }), { outcome: 'created' });
  });

  t.test('of many rooms of one name created at once, one succeeds', async (t) => {
    const { store } = await make(t);
    const all = await people(store, 'ada', 'bob', 'cyd');
    const made = await Promise.all(
      all.map(({ id }) => store.createRoom({ name: 'tea', private: false, owner: id, at })),
    );
    t.same(
      made.map(({ outcome }) => outcome),
      ['created', 'name-taken', 'name-taken'],
    );
  });

  t.test('a new member has no older messages unread', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const room = await newRoom(store, ada.id, 'tea');
    const { seq } = await kept(store, newEntry(ada.id, { room: room.id }, 'k'));
    t.same(await store.joinRoom(cyd.id, room.id), { outcome: 'joined' });
    t.same(await store.joinRoom(bob.id, room.id), { outcome: 'joined' });
    t.same(await store.joinRoom(bob.id, room.id), { outcome: 'already-member' });
    t.same(await roles(store, room.id), ['ada owner', 'bob member', 'cyd member']);
    t.match((await store.conversations(bob.id))[1], { last: seq, read: seq, unread: 0, role: 'member' });
    t.same(await store.leaveRoom(cyd.id, room.id, { end: false }), { outcome: 'left' });
    t.same(await store.joinRoom(cyd.id, room.id), { outcome: 'joined' });
    t.same(await roles(store, room.id), ['ada owner', 'bob member', 'cyd member']);
    t.same(await store.joinRoom(bob.id, room.id + 1), { outcome: 'not-invited' }, 'there is none');
  });

  t.test('members come by name in pages, whether they are few of all accounts or all of them', async (t) => {
    const { store } = await make(t);
    const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
    const all = await people(store, ...names);
    const [first, second] = all;
    const room = await newRoom(store, second?.id ?? 0, 'tea');
    await store.joinRoom(first?.id ?? 0, room.id);
    const lobby = await lobbyOf(store);
    for (const [id, expected] of [
      ['room' in lobby ? lobby.room : 0, names.toSorted()],
      [room.id, ['p0', 'p1']],
    ] as const) {
      for (const limit of [1, 3, 100]) {
        const found: string[] = [];
        for (let page: string[] = ['']; page.length > 0; found.push(...page)) {
          const members = await store.members(id, { after: page.at(-1) ?? '', limit });
          page = members.map(({ account }) => account.name);
          t.ok(page.length <= limit);
        }
        t.same(found, expected, `${expected.length} members, ${limit} on a page`);
      }
    }
    t.same(await store.members(room.id, { after: 'p0', limit: 1 }), [{ account: second, role: 'owner' }]);
    t.equal(await store.roomRole(second?.id ?? 0, room.id), 'owner');
    t.equal(await store.roomRole(first?.id ?? 0, room.id), 'member');
    t.equal(await store.roomRole(all[2]?.id ?? 0, room.id), undefined);
    t.same(await store.members(room.id + 1, everyone), [], 'there is none');
  });

  t.test('shared rooms are those that both are members of', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const tea = await newRoom(store, ada.id, 'tea');
    const den = await newRoom(store, ada.id, 'den', { private: true });
    await newRoom(store, bob.id, 'his', { private: true });
    await newRoom(store, ada.id, 'alone');
    await store.joinRoom(cyd.id, tea.id);
    await store.inviteToRoom({ room: den.id, account: cyd.id, by: ada.id, at });
    await kept(store, newEntry(ada.id, { direct: [ada.id, bob.id] }, 'k'));
    t.same(await store.sharedRooms(ada.id, bob.id), ['lobby']);
    t.same(await store.sharedRooms(ada.id, cyd.id), ['lobby', 'tea'], 'an invitation is none');
    await store.joinRoom(cyd.id, den.id);
    t.same(await store.sharedRooms(cyd.id, ada.id), ['lobby', 'tea', 'den']);
  });

  t.test('a private room can be joined once per invitation', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const room = await newRoom(store, ada.id, 'den', { private: true });
    t.same(await store.joinRoom(bob.id, room.id), { outcome: 'not-invited' });
    t.equal(await store.inviteToRoom({ room: room.id, account: bob.id, by: ada.id, at }), 'invited');
    t.same(await store.invitations(bob.id), [{ room, by: 'ada' }]);
    t.same(await store.invitations(cyd.id), []);
    t.same(await store.joinRoom(bob.id, room.id), { outcome: 'joined' });
    t.same(await store.invitations(bob.id), []);
    t.equal(await store.inviteToRoom({ room: room.id, account: bob.id, by: ada.id, at }), 'already-member');
    await store.leaveRoom(bob.id, room.id, { end: false });
    t.same(await store.joinRoom(bob.id, room.id), { outcome: 'not-invited' });
  });

  t.test('a second invitation replaces the first, and can be dismissed', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const room = await newRoom(store, ada.id, 'den', { private: true });
    await store.inviteToRoom({ room: room.id, account: cyd.id, by: ada.id, at });
    await store.inviteToRoom({ room: room.id, account: cyd.id, by: bob.id, at: at + 1 });
    const again = await reopen();
    t.same(await again.invitations(cyd.id), [{ room, by: 'bob' }]);
    t.equal(await again.dismissInvitation(cyd.id, room.id), true);
    t.equal(await again.dismissInvitation(cyd.id, room.id), false);
    t.same(await again.joinRoom(cyd.id, room.id), { outcome: 'not-invited' });
  });

  t.test('of too many invitations the oldest is removed', async (t) => {
    const { store } = await make(t);
    const [ada, bob, eve] = await people(store, 'ada', 'bob', 'eve');
    // A room less, because the lobby counts.
    for (const owner of [ada.id, bob.id]) {
      for (let index = 1; index < limits.roomsPerAccount; index++) {
        const room = await newRoom(store, owner, `room${owner}-${index}`, { unlimited: true });
        await store.inviteToRoom({ room: room.id, account: eve.id, by: owner, at: at + room.id });
      }
    }
    const invited = (await store.invitations(eve.id)).map(({ room }) => room.name);
    t.equal(invited.length, limits.invitations);
    t.equal(invited.at(-1), `room${bob.id}-${limits.roomsPerAccount - 1}`);
    t.notOk(invited.includes(`room${ada.id}-1`));
  });

  t.test('an account is in a limited number of rooms', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const other = await newRoom(store, bob.id, 'other');
    for (let index = 1; index < limits.roomsPerAccount; index++) {
      await newRoom(store, ada.id, `room${index}`, { unlimited: true });
    }
    const more = { name: 'more', private: true, owner: ada.id, at };
    t.same(await store.createRoom(more), { outcome: 'too-many', of: 'memberships' });
    t.same(await store.joinRoom(ada.id, other.id), { outcome: 'too-many' });
    const [, first] = await store.conversations(ada.id);
    await store.leaveRoom(ada.id, first?.kind === 'room' ? first.room.id : 0, { end: true });
    t.same(await store.joinRoom(ada.id, other.id), { outcome: 'joined' });
  });

  t.test('a server has a limited number of rooms', async (t) => {
    const { store } = await make(t);
    let made = 1;
    for (let owner = 0; made < limits.rooms; owner++) {
      const { id } = await register(store, `owner${owner}`);
      const share = Math.min(limits.roomsMade, limits.rooms - made);
      const names = Array.from({ length: share }, (_, index) => `room${owner}-${index}`);
      await Promise.all(names.map((name) => newRoom(store, id, name)));
      made += share;
    }
    const { id } = await register(store, 'late');
    t.same(await store.createRoom({ name: 'more', private: true, owner: id, at }), {
      ...{ outcome: 'too-many', of: 'server' },
    });
  });

  t.test(
    'when the last owner leaves, a moderator becomes owner, or else the longest-standing member',
    async (t) => {
      const { store } = await make(t);
      const [ada, bob, cyd, dan] = await people(store, 'ada', 'bob', 'cyd', 'dan');
      const { id: room } = await newRoom(store, ada.id, 'tea');
      for (const { id } of [dan, cyd, bob]) await store.joinRoom(id, room);
      await store.setRoomRole(bob.id, room, 'moderator');
      const leave = (account: number) => store.leaveRoom(account, room, { end: false });
      t.same(await leave(ada.id), { outcome: 'left', heir: bob });
      t.same(await roles(store, room), ['bob owner', 'cyd member', 'dan member']);
      t.same(await leave(bob.id), { outcome: 'left', heir: dan });
      t.same(await roles(store, room), ['cyd member', 'dan owner']);
      t.same(await leave(ada.id), { outcome: 'not-a-member' });
      t.same(await leave(cyd.id), { outcome: 'left' }, 'who owned nothing');
      t.same(await leave(dan.id), { outcome: 'last' });
      t.same(await roles(store, room), ['dan owner']);
    },
  );

  t.test('roles are set for members, and a room keeps an owner', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = await people(store, 'ada', 'bob', 'cyd');
    const { id: room } = await newRoom(store, ada.id, 'tea');
    await store.joinRoom(bob.id, room);
    t.equal(await store.setRoomRole(cyd.id, room, 'moderator'), 'not-a-member');
    t.equal(await store.setRoomRole(ada.id, room, 'member'), 'last-owner');
    t.equal(await store.setRoomRole(ada.id, room, 'owner'), 'set');
    t.equal(await store.setRoomRole(bob.id, room, 'owner'), 'set');
    t.equal(await store.setRoomRole(ada.id, room, 'moderator'), 'set');
    t.same(await roles(store, room), ['ada moderator', 'bob owner']);
    t.same(await store.leaveRoom(ada.id, room, { end: false }), { outcome: 'left' });
  });

  t.test('a room that ended is gone with its messages', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const room = await newRoom(store, ada.id, 'tea', { private: true });
    const target: ConversationKey = { room: room.id };
    await store.inviteToRoom({ room: room.id, account: bob.id, by: ada.id, at });
    const { seq } = await kept(store, newEntry(ada.id, target, 'k'));
    t.same(await store.leaveRoom(ada.id, room.id, { end: true }), { outcome: 'ended' });
    t.equal((await store.rooms()).length, 1);
    t.equal((await store.conversations(ada.id)).length, 1);
    t.same(await store.members(room.id, everyone), []);
    t.same(await store.invitations(bob.id), []);
    t.same(await store.joinRoom(bob.id, room.id), { outcome: 'not-invited' });
    t.same(await store.history({ target, limit: 10, keep: 'newest' }), []);
    t.equal(await store.message(seq), undefined);
    t.same(await store.search({ account: ada.id, words: 'text', limit: 10 }), { hits: [], more: false });
    t.equal(await store.markRead(ada.id, target, seq), undefined);
    t.equal(await store.setTopic({ room: room.id, account: ada.id, topic: 'x', at }), undefined);
    t.same(await store.append(newEntry(ada.id, target, 'late')), { outcome: 'no-such-room' });
    const late = { room: room.id, account: bob.id, by: ada.id, at };
    t.equal(await store.inviteToRoom(late), 'no-such-room');
    t.equal(await store.prune({ limit: 10 }), 1, 'what is left of it goes');
    t.equal(await store.prune({ limit: 10 }), 0);
    const again = await newRoom(store, bob.id, 'tea');
    t.same(await store.history({ target: { room: again.id }, limit: 10, keep: 'newest' }), []);
    t.not(again.id, room.id, 'its id is not given again');
  });

  t.test('no account leaves the lobby, whose owners are the admins', async (t) => {
    const { store } = await make(t);
    const code = new Uint8Array(32);
    await store.createInvite({ code, role: 'admin', uses: 1, expires: at + 1, at });
    const boss = { name: 'ada', skeleton: '~ada', password: 'x', at, invite: code };
    t.match(await store.register(boss), { outcome: 'created' });
    const bob = await register(store, 'bob');
    const lobby = await lobbyOf(store);
    const room = 'room' in lobby ? lobby.room : 0;
    t.same(await roles(store, room), ['ada owner', 'bob member']);
    t.match(await store.conversations(bob.id), [{ role: 'member', room: { lobby: true } }]);
    await t.rejects(store.leaveRoom(bob.id, room, { end: true }), { name: 'StoreError' });
    await t.rejects(store.setRoomRole(bob.id, room, 'owner'), { name: 'StoreError' });
    t.same(await roles(store, room), ['ada owner', 'bob member']);
    t.same(await store.joinRoom(bob.id, room), { outcome: 'already-member' });
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
    t.match((await again.conversations(ada.id))[1], {
      last: logged?.seq,
      unread: 0,
      room: { topic: 'Leaves' },
    });
    const page = { target: { room }, limit: 10, keep: 'newest' } as const;
    t.same(await again.history(page), []);
    t.match(await again.history({ ...page, what: 'everything' }), [
      { kind: 'topic', text: 'Leaves', from: 'ada', seq: logged?.seq },
    ]);
    t.equal(await again.message(logged?.seq ?? 0), undefined);
    t.same(await again.search({ account: ada.id, words: 'leaves', limit: 10 }), { hits: [], more: false });
  });
}
