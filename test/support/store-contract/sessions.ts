/** Sessions: what every Store must do with them, as tests. Knows the interface only. */
import type { Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { NewSession } from '../../../lib/store/account-store.js';
import type { Store } from '../../../lib/store/store.js';
import {
  at,
  hash,
  hour,
  type MakeSubject,
  openSession,
  people,
  register,
  resumes,
} from '../store-subject.js';

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

  t.test('a token resumes its session until its successor is used', async (t) => {
    const { store, reopen } = await make(t);
    const account = await register(store, 'ada');
    const id = await store.openSession(session(account.id, 'a'));
    t.equal(await resume(store, 'x', 'y'), undefined);
    t.match(await resume(store, 'a', 'b'), { session: id, account, running: true, bot: false });
    const again = await reopen();
    t.match(await resume(again, 'b', 'c'), { session: id, account, running: true, bot: false });
    t.equal(await resume(again, 'a', 'd'), undefined, 'the old one is dead once the new one was used');
    t.match(await resume(again, 'c', 'd'), { session: id });
  });

  t.test('a token whose successor never arrived is still valid', async (t) => {
    const { store } = await make(t);
    const account = await register(store, 'ada');
    const id = await store.openSession(session(account.id, 'a'));
    await resume(store, 'a', 'lost');
    t.match(await resume(store, 'a', 'b'), { session: id });
    t.equal(await resume(store, 'lost', 'x'), undefined, 'what was never shown is replaced');
    t.match(await resume(store, 'b', 'c'), { session: id });
  });

  t.test('a session can be remembered after it was opened, and forgotten again', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const opened = await store.openSession(session(id, 'a'));
    t.ok(await store.rememberSession({ session: opened, remember: true, expires: at + 5 * hour }));
    await store.endSession(opened);
    t.match(await resume(store, 'a', 'b', at + 5 * hour - 1), { running: false }, 'it outlived its end');
    t.ok(await resume(store, 'b', 'c', expires.remembered - 1), 'and lasts as long as remembered ones');
    t.ok(await store.rememberSession({ session: opened, remember: false, expires: at + 20 * hour }));
    await store.endSession(opened);
    t.equal(await resume(store, 'c', 'd'), undefined);
    t.notOk(await store.rememberSession({ session: opened, remember: true, expires: at + hour }));
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

  t.test('a graceful end keeps a remembered session and removes any other', async (t) => {
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

  t.test('a take-over stops all other sessions of the account, and no others', async (t) => {
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

  t.test('a sign-in gets the account, its mutes, ban and conversations in one call', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const mine = await store.openSession(session(ada.id, 'mine', true));
    await store.mute(ada.id, { until: at + 9 });
    const { current, ...rest } = await store.signInState(ada.id, mine, at);
    t.same(rest, {});
    t.same(current, {
      account: ada,
      mutes: await store.mutes(ada.id, at),
      standings: await store.conversations(ada.id),
    });
    t.match(current, { mutes: [{ until: at + 9 }], standings: [{ name: 'lobby' }] });
    t.same(await store.signInState(ada.id, mine, at + hour), {}, 'expired');
    t.same(await store.signInState(bob.id, mine, at), {}, 'of another account');
    await store.revokeSession(ada.id, mine);
    t.same(await store.signInState(ada.id, mine, at), {}, 'revoked');

    const terms = { by: 'bob', reason: 'spam', until: at + 9, at };
    await store.ban({ account: ada.id }, terms);
    const later = await store.openSession(session(ada.id, 'later'));
    const ban = { ...terms, account: ada.id, name: 'ada' };
    t.match(await store.signInState(ada.id, later, at), { ban, current: { account: ada } });
    t.same(await store.signInState(ada.id, mine, at), { ban });
    t.match(await resume(store, 'later', 'next'), { session: later, ban });
    t.notOk('ban' in ((await resume(store, 'next', 'last', at + 9)) ?? { ban }), 'it is over');
  });

  t.test('a resumed session gets the same, and a catch-up where it is and its invitations', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = await people(store, 'ada', 'bob');
    const mine = await store.openSession(session(ada.id, 'mine', true));
    const made = await store.createRoom({ name: 'den', private: true, owner: bob.id, at });
    const den = made.outcome === 'created' ? made.room.id : 0;
    await store.inviteToRoom({ room: den, account: ada.id, by: bob.id, at });
    const [lobby] = await store.rooms();
    const target = { room: lobby?.id ?? 0 };
    const said = { target, account: bob.id, key: 'k', text: '@ada', action: false, at };
    await store.append(said);
    const resumed = await resume(store, 'mine', 'next');
    const { current } = await store.signInState(ada.id, mine, at);
    t.match(resumed, { ...current });
    const standings = current?.standings ?? [];
    t.match(standings, [{ name: 'lobby', unread: 1, mentions: 1 }]);
    const state = await store.catchUpState(ada.id);
    t.same(
      state.standings,
      standings.map(({ unread: _, mentions: __, ...position }) => position),
    );
    t.same(state.invitations, await store.invitations(ada.id));
    t.equal(state.invitations.length, 1);
  });

  t.test('the id of a removed session is not reused', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const first = await store.openSession(session(id, 'a'));
    await store.endSession(first);
    t.not(await store.openSession(session(id, 'b')), first);
  });

  t.test('of too many sessions of an account the least recently used ones end', async (t) => {
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

  t.test('removeExpired removes expired sessions and no others', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    await store.openSession(session(id, 'a', true));
    await store.openSession({ ...session(id, 'b'), expires: at + hour + 1 });
    await store.removeExpired(at + hour);
    t.equal(await resume(store, 'a', 'x'), undefined);
    t.ok(await resume(store, 'b', 'y'));
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

  t.test('the token of a bot is not replaced', async (t) => {
    const { store } = await make(t);
    const [ada] = await people(store, 'ada');
    await openSession(store, ada.id, 'bot', { bot: true });
    t.same(
      [await resumes(store, 'bot'), await resumes(store, 'bot'), await resumes(store, 'bot+')],
      [true, true, false],
    );
  });
}
