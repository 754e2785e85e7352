/** Accounts: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { type MakeSubject, newAccount, register } from '../store-subject.js';

export async function accountsContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('an account is found by its name, also after the store was opened again', async (t) => {
    const { store, reopen } = await make(t);
    t.equal(await store.accounts(), 0);
    const made = await store.register(newAccount('ada'));
    const account = { id: 1, name: 'ada', role: 'member', password: '$argon2id$ada' };
    t.match(made, { outcome: 'created', account: { ...account, id: Number } });
    t.equal(await store.account('bob'), undefined);
    const again = await reopen();
    t.match(await again.account('ada'), { ...account, id: Number });
    t.equal(await again.accounts(), 1);
  });

  t.test('a name that is taken, or looks like one, makes no account', async (t) => {
    const { store } = await make(t);
    await register(store, 'bill');
    t.same(await store.register(newAccount('bill')), { outcome: 'name-taken' });
    t.same(await store.register(newAccount('bi11', { skeleton: '~bill' })), {
      outcome: 'name-look-alike',
      like: 'bill',
    });
    t.equal(await store.accounts(), 1);
    t.equal(await store.account('bi11'), undefined);
  });

  t.test('of many who want one name at once, one gets it', async (t) => {
    const { store } = await make(t);
    const all = await Promise.all(Array.from({ length: 20 }, () => store.register(newAccount('ada'))));
    t.same(
      all.map(({ outcome }) => outcome),
      ['created', ...Array(19).fill('name-taken')],
    );
  });

  t.test('a password is replaced', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    await store.setPassword(id, '$argon2id$new');
    t.equal((await store.account('ada'))?.password, '$argon2id$new');
    await t.rejects(store.setPassword(id + 1, 'x'), { name: 'StoreError' });
  });

  t.test('a hash is renewed where it is still the one that was read', async (t) => {
    const { store } = await make(t);
    const { id, password } = await register(store, 'ada');
    t.equal(await store.renewPassword(id, password, '$argon2id$renewed'), true);
    t.equal((await store.account('ada'))?.password, '$argon2id$renewed');
    await store.setPassword(id, '$argon2id$other');
    t.equal(await store.renewPassword(id, '$argon2id$renewed', password), false);
    t.equal((await store.account('ada'))?.password, '$argon2id$other');
  });
}
