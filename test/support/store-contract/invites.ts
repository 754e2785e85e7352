/** Invites: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { at, hash, hour, type MakeSubject, newAccount, register } from '../store-subject.js';

export async function invitesContract(t: Test, make: MakeSubject): Promise<void> {
  const code = hash('code');
  const invite = { code, role: 'member', uses: 1, expires: at + hour, at } as const;

  t.test('an invite gives its role, as often as it says', async (t) => {
    const { store } = await make(t);
    await store.createInvite({ ...invite, role: 'admin', uses: 2 });
    t.equal(await store.invite(code, at), 'admin');
    t.equal(await store.invite(hash('other'), at), undefined);
    t.match(await store.register(newAccount('ada', { invite: code })), { account: { role: 'admin' } });
    t.equal((await store.account('ada'))?.role, 'admin');
    t.match(await store.register(newAccount('bob', { invite: code })), { account: { role: 'admin' } });
    t.equal(await store.invite(code, at), undefined);
    t.same(await store.register(newAccount('cyd', { invite: code })), { outcome: 'invite-invalid' });
    t.equal(await store.accounts(), 2);
  });

  t.test('fifty at once on an invite for one make one account', async (t) => {
    const { store } = await make(t);
    await store.createInvite({ ...invite, uses: 1 });
    const tried = Array.from({ length: 50 }, (_, n) =>
      store.register(newAccount(`guest${n}`, { invite: code })),
    );
    const outcomes = (await Promise.all(tried)).map(({ outcome }) => outcome);
    t.same(outcomes.toSorted(), ['created', ...Array.from({ length: 49 }, () => 'invite-invalid')]);
    t.equal(await store.accounts(), 1);
  });

  t.test('an invite is good until the instant it expires', async (t) => {
    const { store } = await make(t);
    await store.createInvite(invite);
    t.equal(await store.invite(code, at + hour - 1), 'member');
    t.equal(await store.invite(code, at + hour), undefined);
    const late = newAccount('ada', { invite: code, at: at + hour });
    t.same(await store.register(late), { outcome: 'invite-invalid' });
  });

  t.test('who has no valid invite learns nothing about names', async (t) => {
    const { store } = await make(t);
    await register(store, 'ada');
    const refused = { outcome: 'invite-invalid' };
    t.same(await store.register(newAccount('ada', { invite: code })), refused);
    t.same(await store.register(newAccount('ad4', { skeleton: '~ada', invite: code })), refused);
  });

  t.test('a registration that fails uses no invite up', async (t) => {
    const { store } = await make(t);
    await register(store, 'ada');
    await store.createInvite(invite);
    await store.register(newAccount('ada', { invite: code }));
    await store.register(newAccount('bob', { skeleton: '~ada', invite: code }));
    t.equal(await store.invite(code, at), 'member');
    t.match(await store.register(newAccount('bob', { invite: code })), { outcome: 'created' });
  });

  t.test('a first invite ends when the next is made and when the first account is', async (t) => {
    const { store } = await make(t);
    const [one, two, other] = [hash('one'), hash('two'), hash('other')];
    await store.createInvite({ ...invite, code: one, role: 'admin', first: true });
    await store.createInvite({ ...invite, code: other });
    await store.createInvite({ ...invite, code: two, role: 'admin', first: true, uses: 9 });
    t.equal(await store.invite(one, at), undefined);
    t.equal(await store.invite(two, at), 'admin');
    t.match(await store.register(newAccount('ada', { invite: other })), { account: { role: 'member' } });
    t.equal(await store.invite(two, at), undefined);
  });

  t.test('sweep removes what has expired and nothing else', async (t) => {
    const { store } = await make(t);
    const later = hash('later');
    await store.createInvite(invite);
    await store.createInvite({ ...invite, code: later, expires: at + 2 * hour });
    await store.sweep(at + hour);
    t.equal(await store.invite(code, at), undefined);
    t.equal(await store.invite(later, at), 'member');
    await store.createInvite(invite);
    t.equal(await store.invite(code, at), 'member', 'its code can be used again');
  });
}
