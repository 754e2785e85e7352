import t, { type Test } from 'tap';
import { limits } from '../../../lib/protocol/limits.js';
import type { Operations, UnreadCount } from '../../../lib/store/sql/methods.js';
import { createSqliteOperations } from '../../../lib/store/sqlite/connection.js';
import { closeDatabase, openDatabase } from '../../../lib/store/sqlite/database.js';
import { temporaryFile } from '../../support/sqlite-store.js';
import { at, newAccount } from '../../support/store-subject.js';

const lobby = { room: 1 };

/** Ada has read nothing of what bob says in the lobby. */
async function scene(t: Test) {
  const db = openDatabase({ file: await temporaryFile(t) });
  t.teardown(() => closeDatabase(db));
  const operations = createSqliteOperations(db);
  const [ada, bob] = [idOf(operations, 'ada'), idOf(operations, 'bob')];
  let said = 0;
  const say = (count: number, { account = bob, text = 'hello' } = {}): number => {
    let last = 0;
    for (let n = 0; n < count; n++) {
      const kept = operations.append({ target: lobby, account, key: `k${said++}`, text, action: false, at });
      if (kept.outcome === 'kept') last = kept.seq;
    }
    return last;
  };
  db.exec('PRAGMA synchronous = OFF');
  const counts = (counted?: readonly UnreadCount[]) => {
    const [standing] = operations.conversations(ada, counted) ?? [];
    return standing && [standing.unread, standing.mentions];
  };
  return { operations, ada, bob, say, counts };
}

function idOf({ register }: Operations, name: string): number {
  const registered = register(newAccount(name));
  return registered.outcome === 'created' ? registered.account.id : 0;
}

t.test('the writer counts what is little, and leaves the rest to the reader', async (t) => {
  const { operations, ada, say, counts } = await scene(t);
  say(400);
  t.same(counts(), [400, 0]);
  say(600, { account: ada });
  t.equal(counts(), undefined, 'its own entries take as long');
  const session = operations.openSession({
    account: ada,
    token: new Uint8Array(1),
    expires: at + 9,
    at,
    remember: true,
  });
  t.equal(operations.signInState(ada, session, at), undefined);
  const counted = operations.countUnread(ada);
  t.match(counted, [{ id: 1, read: 0, last: 1_000, unread: 400, mentions: 0 }]);
  t.same(counts(counted), [400, 0]);
  const state = operations.signInState(ada, session, at, counted);
  t.match(state, { current: { standings: [{ unread: 400, last: 1_000 }] } });
});

t.test('the writer adds what was posted after the reader has counted', async (t) => {
  const { operations, ada, say, counts } = await scene(t);
  say(700, { account: ada });
  say(400);
  const counted = operations.countUnread(ada);
  say(2);
  say(1, { text: 'ada!' });
  say(1, { account: ada });
  t.same(counts(counted), [403, 1]);
  say(limits.unreadCounted);
  t.same(counts(counted), [limits.unreadCounted, 1]);
});

t.test('the writer counts again where the read mark moved after the reader has counted', async (t) => {
  const { operations, ada, say, counts } = await scene(t);
  const middle = say(700, { text: 'ada' });
  say(400);
  const counted = operations.countUnread(ada);
  t.match(counted, [{ unread: limits.unreadCounted, mentions: 700 }]);
  operations.markRead(ada, lobby, middle);
  t.same(counts(counted), [400, 0]);
  operations.markRead(ada, lobby, say(1));
  t.same(counts(counted), [0, 0]);
});

t.test('the reader looks at a bounded number of entries, the newest', async (t) => {
  const { operations, ada, say } = await scene(t);
  say(30);
  say(9_990, { account: ada });
  t.match(operations.countUnread(ada), [{ unread: 10 }], 'of the 30, those among the newest 10,000');
  say(5);
  t.match(operations.countUnread(ada), [{ unread: 10 }]);
  operations.markRead(ada, lobby, 10);
  t.match(operations.countUnread(ada), [{ unread: 10 }]);
  operations.markRead(ada, lobby, 10_020);
  t.match(operations.countUnread(ada), [{ unread: 5 }]);
  operations.markRead(ada, lobby, 10_025);
  t.same(operations.countUnread(ada), []);
});
