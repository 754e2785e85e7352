/** Invites: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import type { Issuer } from '../../../lib/store/account-store.js';
import {
  at,
  hash,
  hour,
  type MakeSubject,
  newAccount,
  people,
  register,
  registerAdmin,
} from '../store-subject.js';

const terms = { reason: 'spam', by: 'ada', at };

export async function invitesContract(t: Test, make: MakeSubject): Promise<void> {
  const code = hash('code');
  const invite = { code, role: 'member', uses: 1, expires: at + hour, at } as const;

  t.test('an invite gives its role as often as it has uses', async (t) => {
    const { store } = await make(t);
    await store.createInvite({ ...invite, role: 'admin', uses: 2 });
    t.equal(await store.inviteRole(code, at), 'admin');
    t.equal(await store.inviteRole(hash('other'), at), undefined);
    t.match(await store.register(newAccount('ada', { invite: code })), { account: { role: 'admin' } });
    t.equal((await store.account('ada'))?.role, 'admin');
    t.match(await store.register(newAccount('bob', { invite: code })), { account: { role: 'admin' } });
    t.equal(await store.inviteRole(code, at), undefined);
    t.same(await store.register(newAccount('cyd', { invite: code })), { outcome: 'invite-invalid' });
    t.equal(await store.countAccounts(), 2);
  });

  t.test('fifty registrations at once with a single-use invite create one account', async (t) => {
    const { store } = await make(t);
    await store.createInvite({ ...invite, uses: 1 });
    const tried = Array.from({ length: 50 }, (_, n) =>
      store.register(newAccount(`guest${n}`, { invite: code })),
    );
    const outcomes = (await Promise.all(tried)).map(({ outcome }) => outcome);
    t.same(outcomes.toSorted(), ['created', ...Array.from({ length: 49 }, () => 'invite-invalid')]);
    t.equal(await store.countAccounts(), 1);
  });

  t.test('an invite is valid until the instant it expires', async (t) => {
    const { store } = await make(t);
    await store.createInvite(invite);
    t.equal(await store.inviteRole(code, at + hour - 1), 'member');
    t.equal(await store.inviteRole(code, at + hour), undefined);
    const late = newAccount('ada', { invite: code, at: at + hour });
    t.same(await store.register(late), { outcome: 'invite-invalid' });
  });

  t.test('a registration without a valid invite reveals nothing about names', async (t) => {
    const { store } = await make(t);
    await register(store, 'ada');
    const refused = { outcome: 'invite-invalid' };
    t.same(await store.register(newAccount('ada', { invite: code })), refused);
    t.same(await store.register(newAccount('ad4', { skeleton: '~ada', invite: code })), refused);
  });

  t.test('a failed registration does not use up its invite', async (t) => {
    const { store } = await make(t);
    await register(store, 'ada');
    await store.createInvite(invite);
    await store.register(newAccount('ada', { invite: code }));
    await store.register(newAccount('bob', { skeleton: '~ada', invite: code }));
    t.equal(await store.inviteRole(code, at), 'member');
    t.match(await store.register(newAccount('bob', { invite: code })), { outcome: 'created' });
  });

  t.test('a first invite ends with the next one, and once there is an admin', async (t) => {
    const { store } = await make(t);
    const [one, two, other] = [hash('one'), hash('two'), hash('other')];
    await store.createInvite({ ...invite, code: one, role: 'admin', first: true });
    await store.createInvite({ ...invite, code: other });
    await store.createInvite({ ...invite, code: two, role: 'admin', first: true, uses: 9 });
    t.equal(await store.inviteRole(one, at), undefined);
    t.equal(await store.inviteRole(two, at), 'admin');
    t.match(await store.register(newAccount('ada', { invite: other })), { account: { role: 'member' } });
    await register(store, 'ben');
    t.equal(await store.inviteRole(two, at), 'admin', 'members came first');
    t.match(await store.register(newAccount('eve', { invite: two })), { account: { role: 'admin' } });
    t.equal(await store.inviteRole(two, at), undefined, 'although it could be used nine times');
    const three = hash('three');
    await store.createInvite({ ...invite, code: three, role: 'admin', first: true });
    await registerAdmin(store, 'zoe');
    t.equal(await store.inviteRole(three, at), undefined, 'someone was made an admin');
  });

  t.test('removeExpired removes expired invites and no others', async (t) => {
    const { store } = await make(t);
    const later = hash('later');
    await store.createInvite(invite);
    await store.createInvite({ ...invite, code: later, expires: at + 2 * hour });
    await store.removeExpired(at + hour);
    t.equal(await store.inviteRole(code, at), undefined);
    t.equal(await store.inviteRole(later, at), 'member');
    await store.createInvite(invite);
    t.equal(await store.inviteRole(code, at), 'member', 'its code can be used again');
  });

  t.test('invites are listed with number, issuer and expiry until they are removed', async (t) => {
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
    t.equal(await store.inviteRole(hash('a'), at), undefined);
  });

  t.test('invites and resets end when their issuer loses the role', async (t) => {
    const { store } = await make(t);
    const [ada, ben, cleo] = await people(store, 'ada', 'ben', 'cleo');
    await registerAdmin(store, 'zoe');
    const invite = { role: 'member', uses: 3, expires: at + hour, at } as const;
    const reset = { account: cleo.id, code: hash('hers'), expires: at + hour, at };
    const recoverable = () => store.checkRecovery({ name: 'cleo', code: hash('hers'), at });
    const handOut = async (by: Issuer) => [
      (await store.createInvite({ ...invite, code: hash('his'), by })) !== undefined,
      await store.addReset({ ...reset, by }),
    ];
    const good = async () => [
      (await store.inviteRole(hash('his'), at)) !== undefined,
      (await recoverable()) !== undefined,
    ];
    const boss = { id: ben.id, role: 'admin' } as const;
    await store.setRole(ben.id, 'admin');
    t.same(await handOut(boss), [true, true]);
    t.same(await good(), [true, true]);
    await store.setRole(ben.id, 'moderator');
    t.same(await good(), [false, false], 'demoted');
    t.same(await handOut(boss), [false, false], 'and nothing can be issued in the lost role');
    await store.setRole(ben.id, 'admin');
    t.same(await handOut(boss), [true, true]);
    await store.ban({ account: ben.id }, { ...terms, until: at + 10 });
    t.same(await good(), [false, false], 'banned');
    t.same(await handOut(boss), [false, false]);
    await store.unban({ account: ben.id }, at);
    t.same(await handOut(boss), [true, true]);
    await store.setRole(cleo.id, 'admin');
    t.same(await good(), [true, false], 'a reset for a member does not open an admin');
    await store.removeAccount(ben.id);
    t.same(await good(), [false, false], 'removed');
    t.same(await handOut(boss), [false, false]);
    t.equal(await store.addReset({ ...reset, account: ada.id }), true, 'the operator can always issue');
  });
}
