/** Accounts in SQL. Knows names, skeletons and invites as bytes; what makes a good name or password it does not. */

import type { Role } from '../../protocol/records.js';
import type { Account, AccountInfo, NewAccount, Recovered, Registered } from '../account-store.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';
import { createInvites, createMakers } from './invites.js';

/** Columns of an AccountRow. */
export const accountColumns = 'accounts.id, accounts.name, accounts.role, password, factor';

export interface AccountRow {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly password: string;
  readonly factor: string | null;
}

export function accountOf({ id, name, role, password, factor }: AccountRow): Account {
  return { id, name, role, password, ...(factor !== null && { factor }) };
}

type AccountMethod =
  | 'register'
  | 'account'
  | 'accounts'
  | 'directory'
  | 'setPassword'
  | 'changePassword'
  | 'renewPassword'
  | 'setRole'
  | 'removeAccount'
  | 'setRecovery'
  | 'addReset'
  | 'recoverable'
  | 'recover'
  | 'setFactor'
  | 'useFactor';

/** What else of an account there is to take away with it. */
interface Belongings {
  /** All its sessions and tokens, but for one. */
  readonly revoke: (account: number, except?: number) => void;
  /** Every room that not everybody is in. */
  readonly leaveRooms: (account: number) => void;
}

export function createAccounts(
  db: Database,
  { revoke, leaveRooms }: Belongings,
): OperationsOf<AccountMethod> & {
  lastAdmin(account: number): boolean;
  /** Ends the invites and resets that an account handed out, and its own reset. */
  withdraw(account: number): void;
} {
  const byName = db.prepare(`SELECT ${accountColumns} FROM accounts WHERE name = ? AND NOT gone`);
  const taken = db.prepare('SELECT 1 FROM accounts WHERE name = ?');
  const bySkeleton = db.prepare('SELECT name FROM accounts WHERE skeleton = ?');
  const count = db.prepare('SELECT count(*) AS accounts FROM accounts');
  const insert = db.prepare(
    `INSERT INTO accounts (name, skeleton, password, role, recovery, created_at)
     VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
  );
  const enterRooms = db.prepare(
    // What was said before somebody came is not new to them.
    `INSERT INTO members (account, conversation, read)
     SELECT ?, id, coalesce((SELECT max(seq) FROM log WHERE conversation = conversations.id), 0)
     FROM conversations WHERE name IS NOT NULL AND everybody`,
  );
  const directory = db.prepare(
    `SELECT id, name, role, created_at AS at, factor IS NOT NULL AS factor, gone AS removed,
       seen AS used
     FROM accounts WHERE ?1 IS NULL OR id = ?1 ORDER BY id`,
  );
  const otherAdmins = db.prepare(
    `SELECT count(*) AS count FROM accounts WHERE role = 'admin' AND NOT gone AND id <> ?
       AND id NOT IN (SELECT account FROM bans WHERE account IS NOT NULL)`,
  );
  const role = db.prepare('SELECT role FROM accounts WHERE id = ?');
  const setPassword = db.prepare('UPDATE accounts SET password = ?, reset = NULL WHERE id = ?');
  const changePassword = db.prepare(
    'UPDATE accounts SET password = ?, reset = NULL WHERE id = ? AND password = ?',
  );
  const renewPassword = db.prepare('UPDATE accounts SET password = ? WHERE id = ? AND password = ?');
  const setRole = db.prepare('UPDATE accounts SET role = ? WHERE id = ?');
  const remove = db.prepare(
    `UPDATE accounts SET gone = 1, password = '', role = 'member', recovery = NULL, reset = NULL, factor = NULL
     WHERE id = ?`,
  );
  const endMemberships = db.prepare('DELETE FROM members WHERE account = ?');
  const endInvitations = db.prepare('DELETE FROM invitations WHERE account = ?1 OR by = ?1');
  const setRecovery = db.prepare(
    'UPDATE accounts SET recovery = ?1 WHERE id = ?2 AND password = coalesce(?3, password)',
  );
  const setReset = db.prepare('UPDATE accounts SET reset = ?, reset_expires = ?, reset_by = ? WHERE id = ?');
  const recovering = db.prepare(
    `SELECT ${accountColumns} FROM accounts
     WHERE name = ?1 AND NOT gone AND password <> '' AND (recovery = ?2 OR (reset = ?2 AND reset_expires > ?3))`,
  );
  const renew = db.prepare(
    `UPDATE accounts SET password = ?, factor = NULL, reset = NULL, recovery = iif(recovery = ?, NULL, recovery)
     WHERE id = ?`,
  );
  const setFactor = db.prepare('UPDATE accounts SET factor = ? WHERE id = ?');
  const useFactor = db.prepare('UPDATE accounts SET factor_step = ?1 WHERE id = ?2 AND factor_step < ?1');
  const useInvite = db.prepare('UPDATE invites SET uses = uses - 1 WHERE code = ?');
  const endFirstInvites = db.prepare('DELETE FROM invites WHERE first');
  const endInvites = db.prepare('DELETE FROM invites WHERE by = ?');
  const endResets = db.prepare('UPDATE accounts SET reset = NULL WHERE reset_by = ?');
  const endReset = db.prepare('UPDATE accounts SET reset = NULL WHERE id = ?');
  const stands = createMakers(db);
  const { invite } = createInvites(db);

  function register(wanted: NewAccount): Registered {
    // The invite comes first: whoever has none learns nothing about names.
    const given = wanted.invite === undefined ? (wanted.role ?? 'member') : invite(wanted.invite, wanted.at);
    if (given === undefined) return { outcome: 'invite-invalid' };
    if (taken.get(wanted.name) !== undefined) return { outcome: 'name-taken' };
    const like: { name: string } | undefined = bySkeleton.get(wanted.skeleton);
    if (like !== undefined) return { outcome: 'name-look-alike', like: like.name };

    const { name, skeleton, password, recovery, at } = wanted;
    const { id }: { id: number } = insert.get(name, skeleton, password, given, recovery ?? null, at);
    enterRooms.run(id);
    if (wanted.invite !== undefined) useInvite.run(wanted.invite);
    endFirstInvites.run();
    return { outcome: 'created', account: { id, name, role: given, password } };
  }

  function lastAdmin(account: number): boolean {
    const row: { role: Role } | undefined = role.get(account);
    const others: { count: number } = otherAdmins.get(account);
    return row?.role === 'admin' && others.count === 0;
  }

  function withdraw(account: number): void {
    endInvites.run(account);
    endResets.run(account);
    endReset.run(account);
  }

  function recover({ name, code, password, at }: Parameters<typeof operations.recover>[0]): Recovered {
    const row: AccountRow | undefined = recovering.get(name, code, at);
    if (row === undefined) return { outcome: 'invalid' };
    renew.run(password, code, row.id);
    revoke(row.id);
    return { outcome: 'recovered', account: accountOf({ ...row, password, factor: null }) };
  }

  /** @throws where there is no such account */
  function one(changed: { changes: number }, account: number): void {
    if (changed.changes === 0) throw new Error(`no account has the id ${account}`);
  }

  const operations: OperationsOf<AccountMethod> = {
    register,
    account(name) {
      const row: AccountRow | undefined = byName.get(name);
      return row && accountOf(row);
    },
    accounts() {
      const row: { accounts: number } = count.get();
      return row.accounts;
    },
    directory(account) {
      const rows: DirectoryRow[] = directory.all(account ?? null);
      return rows.map(({ used, factor, removed, ...row }): AccountInfo => {
        return { ...row, ...(used !== null && { used }), factor: factor === 1, removed: removed === 1 };
      });
    },
    changePassword({ account, was, password, except }) {
      if (changePassword.run(password, account, was).changes === 0) return false;
      revoke(account, except);
      return true;
    },
    renewPassword: (account, was, password) => renewPassword.run(password, account, was).changes === 1,
    setPassword: (account, password) => one(setPassword.run(password, account), account),
    setRole(account, given) {
      if (given !== 'admin' && lastAdmin(account)) return 'last-admin';
      one(setRole.run(given, account), account);
      // Whoever handed out a link to a member has none to what they have become.
      if (given === 'admin') endReset.run(account);
      else withdraw(account);
      return 'set';
    },
    removeAccount(account) {
      if (lastAdmin(account)) return 'last-admin';
      revoke(account);
      leaveRooms(account);
      endMemberships.run(account);
      endInvitations.run(account);
      withdraw(account);
      one(remove.run(account), account);
      return 'removed';
    },
    setRecovery: (account, code, was) => setRecovery.run(code, account, was ?? null).changes > 0,
    addReset({ account, code, expires, at, by }) {
      if (!stands(by, at)) return false;
      one(setReset.run(code, expires, by?.id ?? null, account), account);
      return true;
    },
    recoverable({ name, code, at }) {
      const row: AccountRow | undefined = recovering.get(name, code, at);
      return row && accountOf(row);
    },
    recover,
    setFactor: (account, secret) => one(setFactor.run(secret ?? null, account), account),
    useFactor: (account, step) => useFactor.run(step, account).changes > 0,
  };
  return { ...operations, lastAdmin, withdraw };
}

interface DirectoryRow {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly at: number;
  readonly used: number | null;
  readonly factor: number;
  readonly removed: number;
}
