/** Accounts in SQL. Knows names, skeletons and invites as bytes; what makes a good name or password it does not. */
import type { Account, NewAccount, Registered } from '../store.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';
import { createInvites } from './invites.js';

export function createAccounts(
  db: Database,
): OperationsOf<'register' | 'account' | 'accounts' | 'setPassword'> {
  const byName = db.prepare('SELECT id, name, role, password FROM accounts WHERE name = ?');
  const bySkeleton = db.prepare('SELECT name FROM accounts WHERE skeleton = ?');
  const count = db.prepare('SELECT count(*) AS accounts FROM accounts');
  const insert = db.prepare(
    'INSERT INTO accounts (name, skeleton, password, role, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id',
  );
  const enterRooms = db.prepare(
    // What was said before somebody came is not new to them.
    `INSERT INTO members (account, conversation, read)
     SELECT ?, id, coalesce((SELECT max(seq) FROM log WHERE conversation = conversations.id), 0)
     FROM conversations WHERE name IS NOT NULL AND everybody`,
  );
  const setPassword = db.prepare('UPDATE accounts SET password = ? WHERE id = ?');
  const useInvite = db.prepare('UPDATE invites SET uses = uses - 1 WHERE code = ?');
  const endFirstInvites = db.prepare('DELETE FROM invites WHERE first');
  const { invite } = createInvites(db);

  function register(wanted: NewAccount): Registered {
    // The invite comes first: whoever has none learns nothing about names.
    const role = wanted.invite === undefined ? 'member' : invite(wanted.invite, wanted.at);
    if (role === undefined) return { outcome: 'invite-invalid' };
    if (byName.get(wanted.name) !== undefined) return { outcome: 'name-taken' };
    const like: { name: string } | undefined = bySkeleton.get(wanted.skeleton);
    if (like !== undefined) return { outcome: 'name-look-alike', like: like.name };

    const { name, skeleton, password, at } = wanted;
    const { id }: { id: number } = insert.get(name, skeleton, password, role, at);
    enterRooms.run(id);
    if (wanted.invite !== undefined) useInvite.run(wanted.invite);
    endFirstInvites.run();
    return { outcome: 'created', account: { id, name, role, password } };
  }

  return {
    register,
    account(name) {
      const row: Account | undefined = byName.get(name);
      return row;
    },
    accounts() {
      const row: { accounts: number } = count.get();
      return row.accounts;
    },
    setPassword(account, password) {
      if (setPassword.run(password, account).changes === 0)
        throw new Error(`no account has the id ${account}`);
    },
  };
}
