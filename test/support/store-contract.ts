/** What every Store must do, as tests for any driver. Knows the interface only. */
import type { Test } from 'tap';
import { accountsContract } from './store-contract/accounts.js';
import { conversationsContract } from './store-contract/conversations.js';
import { credentialsContract } from './store-contract/credentials.js';
import { editsContract } from './store-contract/edits.js';
import { filesContract } from './store-contract/files.js';
import { invitesContract } from './store-contract/invites.js';
import { logContract } from './store-contract/log.js';
import { moderationContract } from './store-contract/moderation.js';
import { pushesContract } from './store-contract/pushes.js';
import { relationsContract } from './store-contract/relations.js';
import { retentionContract } from './store-contract/retention.js';
import { roomsContract } from './store-contract/rooms.js';
import { searchContract } from './store-contract/search.js';
import { sessionsContract } from './store-contract/sessions.js';
import { webhooksContract } from './store-contract/webhooks.js';
import { at, lobbyOf, type MakeSubject, newEntry, openSession, register } from './store-subject.js';

export function storeContract(t: Test, make: MakeSubject): void {
  t.test('accounts', (t) => accountsContract(t, make));
  t.test('credentials', (t) => credentialsContract(t, make));
  t.test('invites', (t) => invitesContract(t, make));
  t.test('sessions', (t) => sessionsContract(t, make));
  t.test('conversations', (t) => conversationsContract(t, make));
  t.test('the log', (t) => logContract(t, make));
  t.test('rooms', (t) => roomsContract(t, make));
  t.test('moderation', (t) => moderationContract(t, make));
  t.test('edits and removals', (t) => editsContract(t, make));
  t.test('replies, reactions and pins', (t) => relationsContract(t, make));
  t.test('files', (t) => filesContract(t, make));
  t.test('retention', (t) => retentionContract(t, make));
  t.test('webhooks', (t) => webhooksContract(t, make));
  t.test('notifications', (t) => pushesContract(t, make));
  t.test('search', (t) => searchContract(t, make));
  t.test('the store as a whole', (t) => wholeContract(t, make));
}

async function wholeContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('results arrive in the order of the calls', async (t) => {
    const { store } = await make(t);
    const { id } = await register(store, 'ada');
    const target = await lobbyOf(store);
    const session = await openSession(store, id, 'token');
    const arrived: string[] = [];
    const calls: Record<string, () => Promise<unknown>> = {
      account: () => store.account('ada'),
      signInState: () => store.signInState(id, session, at),
      mute: () => store.mute(id, {}),
      conversations: () => store.conversations(id),
      append: () => store.append(newEntry(id, target, 'k')),
    };
    const asked = Object.entries(calls).map(async ([name, call]) => {
      await call();
      arrived.push(name);
    });
    await Promise.all(asked);
    t.same(arrived, Object.keys(calls));
  });

  t.test('close finishes earlier calls and rejects later ones', async (t) => {
    const { store, reopen } = await make(t);
    const { id } = await register(store, 'ada');
    const target = await lobbyOf(store);
    const keys = Array.from({ length: 1_500 }, (_, index) => `k${index}`);
    const asked = keys.map((key) => store.append(newEntry(id, target, key)));
    const searched = store.search({ account: id, words: 'text', limit: 10 });
    const closed = store.close();
    await t.rejects(store.countAccounts(), { name: 'StoreError' });
    await t.rejects(store.append(newEntry(id, target, 'late')), { name: 'StoreError' });
    t.equal((await Promise.all(asked)).length, 1_500);
    t.match(await searched, { more: Boolean });
    await t.rejects(store.search({ account: id, words: 'text', limit: 10 }), { name: 'StoreError' });
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
