/** What every Store must do, as tests to run against any driver. Knows the interface only. */
import { createHash } from 'node:crypto';
import type { Test } from 'tap';
import type {
  Account,
  Appended,
  NewAccount,
  NewEntry,
  NewSession,
  Page,
  Store,
  Target,
} from '../../lib/store/store.js';

export interface Subject {
  readonly store: Store;
  /** Closes the store and opens it on the same data. */
  reopen(): Promise<Store>;
}

/** A new, empty store that the test's teardown closes and removes. */
export type MakeSubject = (t: Test) => Promise<Subject>;

export const at = 1_750_000_000_000;
const hour = 3_600_000;

export function hash(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

export function newAccount(name: string, rest: Partial<NewAccount> = {}): NewAccount {
  return { name, skeleton: `~${name}`, password: `$argon2id$${name}`, at, ...rest };
}

/** Makes an account and returns it; throws where it was not made. */
export async function register(store: Store, name: string): Promise<Account> {
  const registered = await store.register(newAccount(name));
  if (registered.outcome !== 'created') throw new Error(`${name}: ${registered.outcome}`);
  return registered.account;
}

export async function lobbyOf(store: Store): Promise<Target> {
  const [lobby] = await store.rooms();
  if (lobby === undefined) throw new Error('there is no lobby');
  return { room: lobby.id };
}

export function newEntry(account: number, target: Target, key: string): NewEntry {
  return { target, account, key, text: `text of ${key}`, action: false, at };
}

export function storeContract(t: Test, make: MakeSubject): void {
  t.test('accounts', (t) => accountsContract(t, make));
  t.test('invites', (t) => invitesContract(t, make));
  t.test('sessions', (t) => sessionsContract(t, make));
  t.test('conversations', (t) => conversationsContract(t, make));
  t.test('the log', (t) => logContract(t, make));
  t.test('the whole', (t) => wholeContract(t, make));
}

async function accountsContract(t: Test, make: MakeSubject): Promise<void> {
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
}

async function invitesContract(t: Test, make: MakeSubject): Promise<void> {
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
    t.same(await store.register(newAccount('adа', { skeleton: '~ada', invite: code })), refused);
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

  t.test('of fifty who show one single-use code at once, one gets an account', async (t) => {
    const { store } = await make(t);
    await store.createInvite(invite);
    const names = Array.from({ length: 50 }, (_, index) => `user${index}`);
    const all = await Promise.all(names.map((name) => store.register(newAccount(name, { invite: code }))));
    t.equal(all.filter(({ outcome }) => outcome === 'created').length, 1);
    t.equal(all.filter(({ outcome }) => outcome === 'invite-invalid').length, 49);
    t.equal(await store.accounts(), 1);
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

async function sessionsContract(t: Test, make: MakeSubject): Promise<void> {
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
    t.same(await resume(store, 'a', 'b'), { session: id, account, running: true });
    const again = await reopen();
    t.same(await resume(again, 'b', 'c'), { session: id, account, running: true });
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

async function conversationsContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('everybody is in the lobby from the start', async (t) => {
    const { store } = await make(t);
    t.match(await store.rooms(), [{ id: Number, name: 'lobby', last: 0 }]);
    const target = await lobbyOf(store);
    for (const name of ['ada', 'bob']) {
      const { id } = await register(store, name);
      t.same(await store.standings(id), [{ kind: 'room', name: 'lobby', target, last: 0, read: 0 }]);
    }
  });

  t.test('a direct conversation begins with its first message, for both', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = [
      await register(store, 'ada'),
      await register(store, 'bob'),
      await register(store, 'cyd'),
    ];
    const target: Target = { direct: [bob.id, ada.id] };
    t.same(await store.history({ target, limit: 10, keep: 'newest' }), []);
    t.equal((await store.standings(ada.id)).length, 1);
    const { seq } = await store.append(newEntry(bob.id, target, 'k'));
    const both = { kind: 'direct', target: { direct: [ada.id, bob.id] }, last: seq, read: 0 };
    t.match((await store.standings(ada.id))[1], { ...both, name: 'bob' });
    t.match((await store.standings(bob.id))[1], { ...both, name: 'ada' });
    t.equal((await store.standings(cyd.id)).length, 1);
    const reversed: Target = { direct: [ada.id, bob.id] };
    await store.append(newEntry(ada.id, reversed, 'k'));
    t.match(await store.history({ target, limit: 10, keep: 'oldest' }), [{ from: 'bob' }, { from: 'ada' }]);
    t.equal((await store.standings(ada.id)).length, 2, 'the order of the two makes no second one');
  });

  t.test('notes to oneself are a conversation too', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const target: Target = { direct: [id, id] };
    const { seq } = await store.append(newEntry(id, target, 'k'));
    t.match((await store.standings(id))[1], { kind: 'direct', name: 'ada', target, last: seq });
  });

  t.test('nobody writes into what two others say to each other', async (t) => {
    const { store } = await make(t);
    const [ada, bob, cyd] = [
      await register(store, 'ada'),
      await register(store, 'bob'),
      await register(store, 'cyd'),
    ];
    const entry = newEntry(cyd.id, { direct: [ada.id, bob.id] }, 'k');
    await t.rejects(store.append(entry), { name: 'StoreError' });
    t.equal((await store.standings(ada.id)).length, 1);
  });

  t.test('what was read never goes back, nor past the newest', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = [await register(store, 'ada'), await register(store, 'bob')];
    const target = await lobbyOf(store);
    const one = await store.append(newEntry(ada.id, target, '1'));
    const two = await store.append(newEntry(ada.id, target, '2'));
    const read = async () => (await store.standings(bob.id))[0]?.read;
    await store.markRead(bob.id, target, one.seq);
    t.equal(await read(), one.seq);
    await store.markRead(bob.id, target, Number.MAX_SAFE_INTEGER);
    t.equal(await read(), two.seq);
    await store.markRead(bob.id, target, one.seq);
    t.equal(await read(), two.seq);
    t.equal((await store.standings(ada.id))[0]?.read, 0, 'for the one who read alone');
    await store.markRead(ada.id, { direct: [ada.id, bob.id] }, 5);
    t.equal((await store.standings(ada.id)).length, 1, 'reading begins no conversation');
  });
}

async function logContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('an entry comes back as it was', async (t) => {
    const { store, reopen } = await make(t);
    const { id } = await register(store, 'ada');
    const target = await lobbyOf(store);
    const texts = ['hi', ' ünï\n🦊 ', "'; DROP TABLE log; --", 'x'.repeat(4096)];
    const appended: Appended[] = [];
    for (const [index, text] of texts.entries()) {
      const entry = { target, account: id, key: `k${index}`, text, action: index === 0, at: at + index };
      appended.push(await store.append(entry));
    }
    const again = await reopen();
    t.same(
      await again.history({ target, limit: 10, keep: 'oldest' }),
      texts.map((text, index) => ({
        seq: appended[index]?.seq,
        at: at + index,
        from: 'ada',
        key: `k${index}`,
        text,
        action: index === 0,
      })),
    );
    t.equal((await again.rooms())[0]?.last, appended.at(-1)?.seq);
  });

  t.test('a repeated key writes nothing and tells of the first time', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = [await register(store, 'ada'), await register(store, 'bob')];
    const target = await lobbyOf(store);
    const first = await store.append(newEntry(ada.id, target, 'k'));
    t.match(first, { at, repeated: false });
    const retry = { ...newEntry(ada.id, target, 'k'), text: 'other', at: at + 1 };
    t.same(await store.append(retry), { ...first, repeated: true });
    const elsewhere = newEntry(ada.id, { direct: [ada.id, bob.id] }, 'k');
    t.same(await store.append(elsewhere), { ...first, repeated: true });
    t.equal((await store.standings(ada.id)).length, 1, 'and begins no conversation');
    t.match(
      await store.append(newEntry(bob.id, target, 'k')),
      { repeated: false },
      "another's key is another",
    );
    const twins = [newEntry(ada.id, target, 'twin'), newEntry(ada.id, target, 'twin')];
    const [one, two] = await Promise.all(twins.map((twin) => store.append(twin)));
    t.same([one?.repeated, two?.repeated, two?.seq], [false, true, one?.seq]);
    t.equal((await store.history({ target, limit: 10, keep: 'oldest' })).length, 3);
  });

  t.test('what could not be kept as it is, is refused', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const entry = newEntry(id, await lobbyOf(store), 'k');
    await t.rejects(store.append({ ...entry, text: 'a\0b' }), { name: 'StoreError' });
    await t.rejects(store.append({ ...entry, key: 'k\0' }), { name: 'StoreError' });
    t.match(await store.append(entry), { repeated: false });
  });

  t.test('an entry for a room that is not there is refused and spoils no other', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const target = await lobbyOf(store);
    const settled = await Promise.allSettled([
      store.append(newEntry(id, target, '1')),
      store.append(newEntry(id, { room: 4711 }, '2')),
      store.append(newEntry(id, { direct: [id, 4711] }, '3')),
      store.append(newEntry(id, target, '4')),
    ]);
    t.match(settled, [
      { status: 'fulfilled' },
      { status: 'rejected', reason: { name: 'StoreError' } },
      { status: 'rejected', reason: { name: 'StoreError' } },
      { status: 'fulfilled' },
    ]);
    const entries = await store.history({ target, limit: 10, keep: 'oldest' });
    t.same(
      entries.map(({ key }) => key),
      ['1', '4'],
    );
    t.equal((await store.standings(id)).length, 1);
  });

  t.test('history pages from either end', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = [await register(store, 'ada'), await register(store, 'bob')];
    const target = await lobbyOf(store);
    const seqs: number[] = [];
    for (let index = 0; index < 6; index++) {
      seqs.push((await store.append(newEntry(ada.id, target, `k${index}`))).seq);
      await store.append(newEntry(ada.id, { direct: [ada.id, bob.id] }, `d${index}`));
    }
    const page = async (range: Omit<Page, 'target'>) =>
      (await store.history({ target, ...range })).map(({ seq }) => seqs.indexOf(seq));
    t.same(await page({ limit: 99, keep: 'oldest' }), [0, 1, 2, 3, 4, 5]);
    t.same(await page({ limit: 99, keep: 'newest' }), [0, 1, 2, 3, 4, 5]);
    t.same(await page({ limit: 2, keep: 'oldest' }), [0, 1]);
    t.same(await page({ limit: 2, keep: 'newest' }), [4, 5]);
    const [, one = 0, , , four = 0] = seqs;
    t.same(await page({ after: one, limit: 2, keep: 'oldest' }), [2, 3]);
    t.same(await page({ before: four, limit: 2, keep: 'newest' }), [2, 3]);
    t.same(await page({ after: one, before: four, limit: 99, keep: 'newest' }), [2, 3]);
    t.same(await page({ after: four, before: one, limit: 99, keep: 'oldest' }), []);
    t.same(await page({ limit: 0, keep: 'newest' }), []);
  });

  t.test('the floor is what the newest entries stand above', async (t) => {
    const { store } = await make(t);
    const [ada, bob] = [await register(store, 'ada'), await register(store, 'bob')];
    const target = await lobbyOf(store);
    t.equal(await store.floor(target, 3), 0);
    const seqs: number[] = [];
    for (let index = 0; index < 6; index++) {
      seqs.push((await store.append(newEntry(ada.id, target, `k${index}`))).seq);
      await store.append(newEntry(ada.id, { direct: [ada.id, bob.id] }, `d${index}`));
    }
    t.equal(await store.floor(target, 2), seqs[3]);
    t.equal(await store.floor(target, 5), seqs[0]);
    t.equal(await store.floor(target, 6), 0, 'there are no more than that');
    t.equal(await store.floor({ direct: [bob.id, bob.id] }, 1), 0, 'a conversation that nobody began');
  });

  t.test('seqs and answers come in the order of the calls', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const target = await lobbyOf(store);
    const arrived: string[] = [];
    const seqs: number[] = [];
    await Promise.all(
      Array.from({ length: 2_500 }, async (_, index) => {
        if (index % 100 === 50) await store.account('ada');
        else if (index % 100 === 70)
          await store.append(newEntry(id, { room: 99 }, `bad${index}`)).catch(() => {});
        else seqs.push((await store.append(newEntry(id, target, `k${index}`))).seq);
        arrived.push(`${index}`);
      }),
    );
    t.same(
      seqs,
      [...seqs].sort((a, b) => a - b),
    );
    // One `await` more for the caught ones, so they are compared among themselves.
    const straight = arrived.filter((index) => Number(index) % 100 !== 70);
    t.same(
      straight,
      [...straight].sort((a, b) => Number(a) - Number(b)),
    );
  });
}

async function wholeContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('close finishes what was asked before, and everything after it rejects', async (t) => {
    const { store, reopen } = await make(t);
    const { id } = await register(store, 'ada');
    const target = await lobbyOf(store);
    const keys = Array.from({ length: 1_500 }, (_, index) => `k${index}`);
    const asked = keys.map((key) => store.append(newEntry(id, target, key)));
    const closed = store.close();
    await t.rejects(store.accounts(), { name: 'StoreError' });
    await t.rejects(store.append(newEntry(id, target, 'late')), { name: 'StoreError' });
    t.equal((await Promise.all(asked)).length, 1_500);
    await closed;
    await store.close();
    const again = await reopen();
    const kept = await again.history({ target, limit: 2_000, keep: 'oldest' });
    t.same(
      kept.map(({ key }) => key),
      keys,
    );
  });
}
