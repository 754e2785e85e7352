/** Passwords, recovery codes, resets and second factors: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import {
  at,
  hash,
  hour,
  type MakeSubject,
  newAccount,
  openSession,
  people,
  register,
  resumes,
} from '../store-subject.js';

export async function credentialsContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('a password is replaced', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    await store.setPassword(id, '$argon2id$new');
    t.equal((await store.account('ada'))?.password, '$argon2id$new');
    await t.rejects(store.setPassword(id + 1, 'x'), { name: 'StoreError' });
  });

  t.test('a hash is renewed only while it is the one that was read', async (t) => {
    const { store } = await make(t);
    const { id, password } = await register(store, 'ada');
    t.equal(await store.renewPassword(id, password, '$argon2id$renewed'), true);
    t.equal((await store.account('ada'))?.password, '$argon2id$renewed');
    await store.setPassword(id, '$argon2id$other');
    t.equal(await store.renewPassword(id, '$argon2id$renewed', password), false);
    t.equal((await store.account('ada'))?.password, '$argon2id$other');
  });

  t.test(
    'a recovery code works once, a reset until it expires; both end sessions and second factor',
    async (t) => {
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
      t.same(await recover('open'), { outcome: 'invalid' }, 'a new password ends the reset');
      await store.setRecovery(id, hash('second'));
      await store.addReset({ account: id, code: hash('reset'), expires: at + hour, at });
      t.same(await recover('reset', at + hour), { outcome: 'invalid' }, 'too late');
      t.match(await recover('reset', at + hour - 1), { outcome: 'recovered' });
      t.same(await recover('reset'), { outcome: 'invalid' }, 'once');
      t.match(await recover('second'), { outcome: 'recovered' }, 'a reset keeps the recovery code');
    },
  );

  t.test('a time step of a second factor is used once, and none before it', async (t) => {
    const { store, reopen } = await make(t);
    const [ada] = await people(store, 'ada');
    t.equal(await store.useFactor(ada.id, 100), true);
    const again = await reopen();
    t.equal(await again.useFactor(ada.id, 100), false);
    t.equal(await again.useFactor(ada.id, 99), false);
    t.equal(await again.useFactor(ada.id, 101), true);
  });
}
