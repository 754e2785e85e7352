/** Sessions: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { NewSession } from '../../../lib/store/account-store.js';
import type { Store } from '../../../lib/store/store.js';
import { at, hash, hour, type MakeSubject, register } from '../store-subject.js';

export async function sessionsContract(t: Test, make: MakeSubject): Promise<void> {
  const expires = { remembered: at + 9 * hour, passing: at + 2 * hour };
  const session = (account: number, token: string, remember = false): NewSession => ({
    account,
    token: hash(token),
    expires: at + hour,
    at,
    remember,
  });
  const resume = (store: Store, token: string, next: string, when = at) =>
    store.resumeSession({ token: hash(token), next: hash(next), at: when, expires });

  t.test('a token continues its session once its successor is known', async (t) => {
    const { store, reopen } = await make(t);
    const account = await register(store, 'ada');
    const id = await store.openSession(session(account.id, 'a'));
    t.equal(await resume(store, 'x', 'y'), undefined);
    t.same(await resume(store, 'a', 'b'), { session: id, account, running: true, bot: false });
    const again = await reopen();
    t.same(await resume(again, 'b', 'c'), { session: id, account, running: true, bot: false });
    t.equal(await resume(again, 'a', 'd'), undefined, 'the old one is dead once the new one was used');
    t.match(await resume(again, 'c', 'd'), { session: id });
  });

  t.test('a token whose successor was lost on the way is still good', async (t) => {
    const { store } = await make(t);
    const account = await register(store, 'ada');
    const id = await store.openSession(session(account.id, 'a'));
    await resume(store, 'a', 'lost');
    t.match(await resume(store, 'a', 'b'), { session: id });
    t.equal(await resume(store, 'lost', 'x'), undefined, 'what was never shown is replaced');
    t.match(await resume(store, 'b', 'c'), { session: id });
  });

  t.test('a session ends at its expiry, which each resumption moves', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    await store.openSession(session(id, 'passing'));
    await store.openSession(session(id, 'kept', true));
    await store.openSession(session(id, 'late'));
    t.equal(await resume(store, 'late', 'x', at + hour), undefined);
    t.ok(await resume(store, 'passing', 'passing2', at + hour - 1));
    t.ok(await resume(store, 'kept', 'kept2', at + hour - 1));
    t.equal(await resume(store, 'passing2', 'x', expires.passing), undefined);
    t.ok(await resume(store, 'kept2', 'kept3', expires.remembered - 1));
  });

  t.test('a graceful end keeps a remembered session and forgets any other', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    await store.endSession(await store.openSession(session(id, 'passing')));
    const kept = await store.openSession(session(id, 'kept', true));
    await store.endSession(kept);
    t.equal(await resume(store, 'passing', 'x'), undefined);
    t.match(await resume(store, 'kept', 'kept2'), { session: kept, running: false });
    t.match(await resume(store, 'kept2', 'kept3'), { session: kept, running: true });
    await store.endSession(kept + 1000);
  });

  t.test('a take-over stops all other sessions of that account alone', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const other = await register(store, 'bob');
    await store.openSession(session(id, 'passing'));
    await store.openSession(session(id, 'kept', true));
    await store.openSession(session(other.id, 'other'));
    const mine = await store.openSession(session(id, 'mine'));
    await store.stopSessions(id, mine);
    t.equal(await resume(store, 'passing', 'x'), undefined);
    t.match(await resume(store, 'kept', 'y'), { running: false });
    t.match(await resume(store, 'mine', 'z'), { session: mine, running: true });
    t.match(await resume(store, 'other', 'w'), { running: true });
  });

  t.test('the id of a forgotten session is not given again', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const first = await store.openSession(session(id, 'a'));
    await store.endSession(first);
    t.not(await store.openSession(session(id, 'b')), first);
  });

  t.test('of many sessions of an account, those that were not used for longest end', async (t) => {
    const { store } = await make(t);
    const [ada, ben] = [await register(store, 'ada'), await register(store, 'ben')];
    await store.openSession({ ...session(ada.id, 'bot'), at: at - 9, bot: true });
    await store.openSession(session(ben.id, 'his'));
    for (let n = 0; n < limits.sessions; n++) {
      await store.openSession({ ...session(ada.id, `n${n}`), at: at + n });
    }
    t.match(await resume(store, 'n0', 'next', at + limits.sessions), { running: true }, 'all are there');
    await store.openSession({ ...session(ada.id, 'last'), at: at + limits.sessions + 1 });
    t.equal(await resume(store, 'n1', 'x'), undefined);
    for (const token of ['next', 'n2', 'last', 'bot', 'his']) t.ok(await resume(store, token, `${token}+`));
  });

  t.test('sweep removes expired sessions', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    await store.openSession(session(id, 'a', true));
    await store.openSession({ ...session(id, 'b'), expires: at + hour + 1 });
    await store.sweep(at + hour);
    t.equal(await resume(store, 'a', 'x'), undefined);
    t.ok(await resume(store, 'b', 'y'));
  });
}
