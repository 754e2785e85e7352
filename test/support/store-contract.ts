/** What every Store must do, as tests to run against any driver. Knows the interface only. */
import type { Test } from 'tap';
import { accountsContract } from './store-contract/accounts.js';
import { blocksContract } from './store-contract/blocks.js';
import { changesContract } from './store-contract/changes.js';
import { conversationsContract } from './store-contract/conversations.js';
import { excerptsContract } from './store-contract/excerpts.js';
import { filesContract } from './store-contract/files.js';
import { invitesContract } from './store-contract/invites.js';
import { logContract } from './store-contract/log.js';
import { peopleContract } from './store-contract/people.js';
import { readingContract } from './store-contract/reading.js';
import { retentionContract } from './store-contract/retention.js';
import { roomsContract } from './store-contract/rooms.js';
import { searchContract } from './store-contract/search.js';
import { sessionsContract } from './store-contract/sessions.js';
import { lobbyOf, type MakeSubject, newEntry, register } from './store-subject.js';

export function storeContract(t: Test, make: MakeSubject): void {
  t.test('accounts', (t) => accountsContract(t, make));
  t.test('invites', (t) => invitesContract(t, make));
  t.test('sessions', (t) => sessionsContract(t, make));
  t.test('conversations', (t) => conversationsContract(t, make));
  t.test('the log', (t) => logContract(t, make));
  t.test('rooms', (t) => roomsContract(t, make));
  t.test('people', (t) => peopleContract(t, make));
  t.test('blocks', (t) => blocksContract(t, make));
  t.test('what is unread', (t) => readingContract(t, make));
  t.test('edits and removals', (t) => changesContract(t, make));
  t.test('files', (t) => filesContract(t, make));
  t.test('retention', (t) => retentionContract(t, make));
  t.test('search', (t) => searchContract(t, make));
  t.test('excerpts', (t) => excerptsContract(t, make));
  t.test('the whole', (t) => wholeContract(t, make));
}

async function wholeContract(t: Test, make: MakeSubject): Promise<void> {
  t.test('close finishes what was asked before, and everything after it rejects', async (t) => {
    const { store, reopen } = await make(t);
    const { id } = await register(store, 'ada');
    const target = await lobbyOf(store);
    const keys = Array.from({ length: 1_500 }, (_, index) => `k${index}`);
    const asked = keys.map((key) => store.append(newEntry(id, target, key)));
    const searched = store.search({ account: id, words: 'text', limit: 10 });
    const closed = store.close();
    await t.rejects(store.accounts(), { name: 'StoreError' });
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
