/** Bans, mutes, roles, codes and the audit log: what every Store must do with them. Knows the interface only. */
import type { Test } from 'tap';
import type { Maker } from '../../../lib/store/account-store.js';
import type { Store } from '../../../lib/store/store.js';
import {
  at,
  hash,
  hour,
  kept,
  lobbyOf,
  type MakeSubject,
  newAccount,
  newEntry,
  newRoom,
  people,
  register,
} from '../store-subject.js';

const by = 'ada';
const terms = { reason: 'spam', by, at };

async function openSession(store: Store, account: number, token: string, rest: object = {}): Promise<number> {
  return store.openSession({
    account,
    token: hash(token),
    expires: at + 10 * hour,
    at,
    remember: true,
    ...rest,
  });
}

async function resumes(store: Store, token: string): Promise<boolean> {
  const expires = { remembered: at + 10 * hour, passing: at + hour };
  const resumed = await store.resumeSession({ token: hash(token), next: hash(`${token}+`), at, expires });
  return resumed !== undefined;
}

async function admin(store: Store, name: string) {
  const account = await register(store, name);
  await store.setRole(account.id, 'admin');
  return account;
}

export async function peopleContract(t: Test, make: MakeSubject): Promise<void> {
  t.test(
    'a ban ends sessions, tokens, invites and resets of an account at once, and outlives a restart',
    async (t) => {
      const { store, reopen } = await make(t);
      const [ben, cleo] = await people(store, 'ben', 'cleo');
      await openSession(store, ben.id, 'one');
      await openSession(store, ben.id, 'bot', { bot: true });
      await openSession(store, cleo.id, 'hers');
      const invite = { role: 'member', uses: 3, expires: at + hour, at } as const;
      await store.createInvite({ code: hash('his'), ...invite, by: ben });
      await store.createInvite({ code: hash('hers'), ...invite, by: cleo });
      await store.addReset({ account: ben.id, code: hash('reset'), expires: at + hour, at });
      t.equal(await store.ban({ account: ben.id }, { ...terms, until: at + hour }), 'banned');
      t.same(
        [await resumes(store, 'one'), await resumes(store, 'bot'), await resumes(store, 'hers')],
        [false, false, true],
      );
      t.same(
        [await store.invite(hash('his'), at), await store.invite(hash('hers'), at)],
        [undefined, 'member'],
      );
      const recovery = { name: 'ben', code: hash('reset'), password: 'x', at };
      t.same(await store.recover(recovery), { outcome: 'invalid' });
      const again = await reopen();
      t.same(await again.banOf(ben.id, at), { ...terms, until: at + hour, account: ben.id, name: 'ben' });
      t.equal(await again.banOf(ben.id, at + hour), undefined, 'it ends');
      t.equal((await again.bans(at)).length, 1);
      t.equal(await again.unban({ account: ben.id }, at), true);
      t.equal(await again.unban({ account: ben.id }, at), false);
      t.same(await again.bans(at), []);
    },
  );

  t.test('addresses are banned as they are written, a second ban takes the place of the first', async (t) => {
    const { store } = await make(t);
    await store.ban({ address: '192.0.2.0/24' }, terms);
    await store.ban({ address: '192.0.2.0/24' }, { ...terms, reason: 'more spam' });
    t.same(await store.bans(at), [{ ...terms, reason: 'more spam', address: '192.0.2.0/24' }]);
    t.equal(await store.unban({ address: '192.0.2.1' }, at), false);
    t.equal(await store.unban({ address: '192.0.2.0/24' }, at), true);
  });

  t.test('there is always an admin who can sign in', async (t) => {
    const { store } = await make(t);
    const ada = await admin(store, 'ada');
    const ben = await admin(store, 'ben');
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
    await store.sweep(at + 9);
    t.equal(await store.setRole(ben.id, 'member'), 'last-admin');
    await store.sweep(at + 10);
    t.equal(await store.setRole(ben.id, 'member'), 'set', 'the ban of the other one is over');
  });

  t.test('a role is what somebody is in the room that everybody is in', async (t) => {
    const { store } = await make(t);
    const [ada, ben] = await people(store, 'ada', 'ben');
    await store.setRole(ada.id, 'admin');
    await store.setRole(ben.id, 'moderator');
    const lobby = await lobbyOf(store);
    const roles = (await store.members('room' in lobby ? lobby.room : 0)).map(({ role }) => role);
    t.same(roles, ['owner', 'moderator']);
  });

  t.test('a removed account is nobody, its name stays taken and what it said stays', async (t) => {
    const { store, reopen } = await make(t);
    const [ada, ben, cleo] = await people(store, 'ada', 'ben', 'cleo');
    const room = await newRoom(store, ben.id, 'tea');
    await store.enterRoom(cleo.id, room.id);
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
      (await again.members(room.id)).map(({ account, role }) => [account.name, role]),
      [['cleo', 'owner']],
    );
    t.notOk(
      (await again.rooms()).some(({ id }) => id === alone.id),
      'a room of him alone ends',
    );
    t.match(await again.directory(), [
      { name: 'ada', removed: false },
      { name: 'ben', removed: true },
      { name: 'cleo' },
    ]);
    t.match(await again.directory(ada.id), [{ id: ada.id, name: 'ada', role: 'member', at, factor: false }]);
  });

  t.test('mutes are of a place, replace each other and end', async (t) => {
    const { store, reopen } = await make(t);
    const [ada] = await people(store, 'ada');
    const { id: room } = await newRoom(store, ada.id, 'tea');
    await store.mute(ada.id, { until: at + hour });
    await store.mute(ada.id, { room });
    await store.mute(ada.id, { room, until: at + 2 * hour });
    const again = await reopen();
    t.same(await again.mutes(ada.id, at), [{ until: at + hour }, { room, until: at + 2 * hour }]);
    t.same(await again.mutes(ada.id, at + hour), [{ room, until: at + 2 * hour }]);
    t.equal(await again.unmute(ada.id, undefined, at), true);
    t.equal(await again.unmute(ada.id, undefined, at), false);
  });

  t.test('rules of a room are kept', async (t) => {
    const { store, reopen } = await make(t);
    const [ada] = await people(store, 'ada');
    const { id } = await newRoom(store, ada.id, 'tea');
    await store.setRules(id, { restrict: ['links'], slow: 5_000, locked: true });
    const again = await reopen();
    const [, tea] = await again.rooms();
    t.same(tea?.rules, { restrict: ['links'], slow: 5_000, locked: true });
    t.match((await again.standings(ada.id))[1], { room: { rules: { slow: 5_000 } } });
  });

  t.test('a recovery code works once, and a reset until it ends; both end all that was before', async (t) => {
    const { store } = await make(t);
    const made = await store.register(newAccount('ada', { recovery: hash('first') }));
    const id = made.outcome === 'created' ? made.account.id : 0;
    await openSession(store, id, 'token');
    await store.setFactor(id, 'SECRET');
    const recover = (code: string, when = at, name = 'ada') =>
      store.recover({ name, code: hash(code), password: `$argon2id$${code}`, at: when });
    t.same(await recover('wrong'), { outcome: 'invalid' });
    t.same(await recover('first', at, 'nobody'), { outcome: 'invalid' });
    t.equal((await store.account('ada'))?.factor, 'SECRET', 'nothing happened');
    const recovered = await recover('first');
    t.match(recovered, { outcome: 'recovered', account: { id, password: '$argon2id$first' } });
    t.equal((await store.account('ada'))?.factor, undefined);
    t.equal(await resumes(store, 'token'), false);
    t.same(await recover('first'), { outcome: 'invalid' }, 'once');
    await store.addReset({ account: id, code: hash('open'), expires: at + hour, at });
    await store.setPassword(id, '$argon2id$first');
    t.same(await recover('open'), { outcome: 'invalid' }, 'a reset ends with a new password');
    await store.setRecovery(id, hash('second'));
    await store.addReset({ account: id, code: hash('reset'), expires: at + hour, at });
    t.same(await recover('reset', at + hour), { outcome: 'invalid' }, 'too late');
    t.match(await recover('reset', at + hour - 1), { outcome: 'recovered' });
    t.same(await recover('reset'), { outcome: 'invalid' }, 'once');
    t.match(await recover('second'), { outcome: 'recovered' }, 'which a reset leaves alone');
  });

  t.test('what somebody handed out ends with what they were', async (t) => {
    const { store } = await make(t);
    const [ada, ben, cleo] = await people(store, 'ada', 'ben', 'cleo');
    await admin(store, 'zoe');
    const invite = { role: 'member', uses: 3, expires: at + hour, at } as const;
    const reset = { account: cleo.id, code: hash('hers'), expires: at + hour, at };
    const recoverable = () => store.recoverable({ name: 'cleo', code: hash('hers'), at });
    const handOut = async (by: Maker) => [
      (await store.createInvite({ ...invite, code: hash('his'), by })) !== undefined,
      await store.addReset({ ...reset, by }),
    ];
    const good = async () => [
      (await store.invite(hash('his'), at)) !== undefined,
      (await recoverable()) !== undefined,
    ];
    const boss = { id: ben.id, role: 'admin' } as const;
    await store.setRole(ben.id, 'admin');
    t.same(await handOut(boss), [true, true]);
    t.same(await good(), [true, true]);
    await store.setRole(ben.id, 'moderator');
    t.same(await good(), [false, false], 'demoted');
    t.same(await handOut(boss), [false, false], 'nor can it be made any more as what they were');
    await store.setRole(ben.id, 'admin');
    t.same(await handOut(boss), [true, true]);
    await store.ban({ account: ben.id }, { ...terms, until: at + 10 });
    t.same(await good(), [false, false], 'banned');
    t.same(await handOut(boss), [false, false]);
    await store.unban({ account: ben.id }, at);
    t.same(await handOut(boss), [true, true]);
    await store.setRole(cleo.id, 'admin');
    t.same(await good(), [true, false], 'a link to a member is none to an admin');
    await store.removeAccount(ben.id);
    t.same(await good(), [false, false], 'removed');
    t.same(await handOut(boss), [false, false]);
    t.equal(await store.addReset({ ...reset, account: ada.id }), true, "the operator's hand is free");
  });

  t.test('each time step of a second factor is used once, and none before it', async (t) => {
    const { store, reopen } = await make(t);
    const [ada] = await people(store, 'ada');
    t.equal(await store.useFactor(ada.id, 100), true);
    const again = await reopen();
    t.equal(await again.useFactor(ada.id, 100), false);
    t.equal(await again.useFactor(ada.id, 99), false);
    t.equal(await again.useFactor(ada.id, 101), true);
  });

  t.test('sessions are listed, and revoked one by one or all but one', async (t) => {
    const { store } = await make(t);
    const [ada, ben] = await people(store, 'ada', 'ben');
    const one = await openSession(store, ada.id, 'one', { address: '192.0.2.1' });
    const two = await openSession(store, ada.id, 'two', { at: at + 5 });
    const bot = await openSession(store, ada.id, 'bot', { bot: true, at: at - 5 });
    t.match(await store.sessions(ada.id, at), [
      { id: two, used: at + 5, bot: false },
      { id: one, address: '192.0.2.1', at, used: at },
      { id: bot, bot: true },
    ]);
    t.same(await store.sessions(ada.id, at + 10 * hour), []);
    t.equal(await store.revokeSession(ben.id, one), false, 'not his');
    t.equal(await store.revokeSession(ada.id, one), true);
    t.equal(await resumes(store, 'one'), false);
    await store.revokeSessions(ada.id, two);
    t.same([await resumes(store, 'two'), await resumes(store, 'bot')], [true, false]);
  });

  t.test('a bot shows the same token again and again', async (t) => {
    const { store } = await make(t);
    const [ada] = await people(store, 'ada');
    await openSession(store, ada.id, 'bot', { bot: true });
    t.same(
      [await resumes(store, 'bot'), await resumes(store, 'bot'), await resumes(store, 'bot+')],
      [true, true, false],
    );
  });

  t.test('invites have numbers, makers and an end', async (t) => {
    const { store } = await make(t);
    const [ada] = await people(store, 'ada');
    const invite = { role: 'member', uses: 2, expires: at + hour, at } as const;
    const one = await store.createInvite({ code: hash('a'), ...invite, by: ada });
    const two = await store.createInvite({ code: hash('b'), ...invite });
    await store.register(newAccount('ben', { invite: hash('a') }));
    const listed = { role: 'member', expires: at + hour } as const;
    t.same(await store.invites(at), [
      { id: two, ...listed, uses: 2 },
      { id: one, ...listed, uses: 1, by: 'ada' },
    ]);
    t.same(await store.invites(at + hour), []);
    t.equal(await store.removeInvite(one ?? 0), true);
    t.equal(await store.removeInvite(one ?? 0), false);
    t.equal(await store.invite(hash('a'), at), undefined);
  });

  t.test('the audit log only grows, and is read in pages, the newest first', async (t) => {
    const { store, reopen } = await make(t);
    await store.record({ at, by, action: 'kick', on: 'ben', reason: 'noise' });
    await store.record({ at: at + 1, by, action: 'mute', on: 'ben', room: 'den', hidden: true });
    await store.record({ at: at + 2, by, action: 'role', on: 'cleo', detail: 'member to admin' });
    const again = await reopen();
    const all = await again.audit({ limit: 10, hidden: true });
    t.match(all, [
      { action: 'role', detail: 'member to admin' },
      { action: 'mute', room: 'den' },
      { on: 'ben', reason: 'noise' },
    ]);
    t.same(
      (await again.audit({ limit: 10, hidden: false })).map(({ action }) => action),
      ['role', 'kick'],
    );
    const [newest] = all;
    t.same(
      (await again.audit({ limit: 1, before: newest?.id ?? 0, hidden: true })).map(({ action }) => action),
      ['mute'],
    );
  });
}
