/** Accounts: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import {
  at,
  kept,
  lobbyOf,
  type MakeSubject,
  newAccount,
  newEntry,
  newRoom,
  openSession,
  people,
  register,
  registerAdmin,
  resumes,
} from '../store-subject.js';

const terms = { reason: 'spam', by: 'ada', at };

export async function accountsContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('an account is found by name, also after a restart', async (t) => {
    const { store, reopen } = await make(t);
    t.equal(await store.countAccounts(), 0);
    const made = await store.register(newAccount('ada'));
    const account = { id: 1, name: 'ada', role: 'member', password: '$argon2id$ada' };
    t.match(made, { outcome: 'created', account: { ...account, id: Number } });
    t.equal(await store.account('bob'), undefined);
    const again = await reopen();
    t.match(await again.account('ada'), { ...account, id: Number });
    t.equal(await again.countAccounts(), 1);
  });

  t.test('there is an admin as long as one of them is left', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    t.equal(await store.hasAdmin(), false);
    await store.setRole(ada.id, 'admin');
    t.equal(await store.hasAdmin(), true);
    await store.setRole(bob.id, 'admin');
    await store.removeAccount(ada.id);
    t.equal(await store.hasAdmin(), true);
  });

  t.test('a name can be checked before it is registered', async (t) => {
    const { store } = await make(t);
    const bill = await register(store, 'bill');
    t.equal(await store.nameConflict({ name: 'ada', skeleton: '~ada' }), undefined);
    t.same(await store.nameConflict(newAccount('bill')), { outcome: 'name-taken' });
    const like = { outcome: 'name-look-alike', like: 'bill' };
    t.same(await store.nameConflict({ name: 'bi11', skeleton: '~bill' }), like);
    await registerAdmin(store, 'root');
    await store.removeAccount(bill.id);
    t.same(await store.nameConflict(newAccount('bill')), { outcome: 'name-taken' }, 'also once removed');
  });

  t.test('a name that is taken, or looks like one, creates no account', async (t) => {
    const { store } = await make(t);
    await register(store, 'bill');
    t.same(await store.register(newAccount('bill')), { outcome: 'name-taken' });
    t.same(await store.register(newAccount('bi11', { skeleton: '~bill' })), {
      outcome: 'name-look-alike',
      like: 'bill',
    });
    t.equal(await store.countAccounts(), 1);
    t.equal(await store.account('bi11'), undefined);
  });

  t.test('of many registrations of one name at once, one succeeds', async (t) => {
    const { store } = await make(t);
    const all = await Promise.all(Array.from({ length: 20 }, () => store.register(newAccount('ada'))));
    t.same(
      all.map(({ outcome }) => outcome),
      ['created', ...Array(19).fill('name-taken')],
    );
  });

  t.test('the last admin who can sign in is not demoted, banned or removed', async (t) => {
    const { store } = await make(t);
    const ada = await registerAdmin(store, 'ada');
    const ben = await registerAdmin(store, 'ben');
    t.equal(await store.ban({ account: ben.id }, terms), 'banned');
    t.equal(await store.setRole(ada.id, 'member'), 'last-admin', 'the other one is banned');
    t.equal(await store.ban({ account: ada.id }, terms), 'last-admin');
    t.equal(await store.removeAccount(ada.id), 'last-admin');
    t.equal((await store.account('ada'))?.role, 'admin');
    await store.unban({ account: ben.id }, at);
    t.equal(await store.setRole(ada.id, 'member'), 'set');
    t.equal(await store.setRole(ben.id, 'moderator'), 'last-admin');
    await store.setRole(ada.id, 'admin');
    await store.ban({ account: ada.id }, { ...terms, until: at + 10 });
    await store.removeExpired(at + 9);
    t.equal(await store.setRole(ben.id, 'member'), 'last-admin');
    await store.removeExpired(at + 10);
    t.equal(await store.setRole(ben.id, 'member'), 'set', 'the ban of the other one is over');
  });

  t.test('a role on the server is the role in the lobby', async (t) => {
    const { store } = await make(t);
    const [ada, ben] = await people(store, 'ada', 'ben');
    await store.setRole(ada.id, 'admin');
    await store.setRole(ben.id, 'moderator');
    const lobby = await lobbyOf(store);
    const room = 'room' in lobby ? lobby.room : 0;
    t.match(await store.members(room, { after: '', limit: 9 }), [{ role: 'owner' }, { role: 'moderator' }]);
    t.same(await Promise.all([ada, ben].map(({ id }) => store.roomRole(id, room))), ['owner', 'moderator']);
  });

  t.test('a removed account cannot sign in; its name and its messages stay', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, ben, cleo] = await people(store, 'ada', 'ben', 'cleo');
    const room = await newRoom(store, ben.id, 'tea');
    await store.joinRoom(cleo.id, room.id);
    const alone = await newRoom(store, ben.id, 'den', { private: true });
    const lobby = await lobbyOf(store);
    await kept(store, newEntry(ben.id, lobby, 'k'));
    await openSession(store, ben.id, 'token');
    t.equal(await store.removeAccount(ben.id), 'removed');
    const again = await reopen();
    t.equal(await again.account('ben'), undefined);
    t.equal(await resumes(again, 'token'), false);
    t.equal((await again.register(newAccount('ben'))).outcome, 'name-taken');
    t.match(await again.history({ target: lobby, limit: 9, keep: 'newest' }), [{ from: 'ben' }]);
    t.same(
      (await again.members(room.id, { after: '', limit: 9 })).map(({ account, role }) => [
        account.name,
        role,
      ]),
      [['cleo', 'owner']],
    );
    t.notOk(
      (await again.rooms()).some(({ id }) => id === alone.id),
      'a room of him alone ends',
    );
    t.match(await again.listAccounts(), [
      { name: 'ada', removed: false },
      { name: 'ben', removed: true },
      { name: 'cleo' },
    ]);
    t.match(await again.listAccounts(ada.id), [
      { id: ada.id, name: 'ada', role: 'member', at, factor: false },
    ]);
  });
}
