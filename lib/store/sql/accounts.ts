/**
 * Accounts in SQL, what proves their owners (passwords, recovery codes, resets, second factors), and the invites that
 * admit them. Knows hashes only, never a code or a password.
 */
import type { Role } from '../../protocol/records.js';
import type {
  Account,
  AccountRecord,
  InviteRecord,
  Issuer,
  NameConflict,
  NewAccount,
  RecoverResult,
  RegisterResult,
} from '../account-store.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';

/** Columns of an AccountRow. */
export const accountColumns = 'accounts.id, accounts.name, accounts.role, accounts.password, accounts.factor';

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

/** @throws where a statement changed no account */
function requireAccount({ changes }: { readonly changes: number }, account: number): void {
  if (changes === 0) throw new Error(`no account has the id ${account}`);
}

/** Whether an account still has the role in which it hands something out, and is not banned. */
function createIssuerCheck(db: Database): (by: Issuer | undefined, at: number) => boolean {
  const allowed = db.prepare(
    `SELECT 1 FROM accounts WHERE id = ?1 AND role = ?2 AND NOT gone AND NOT EXISTS (
       SELECT 1 FROM bans WHERE account = ?1 AND (until IS NULL OR until > ?3))`,
  );
  return (by, at) => by === undefined || allowed.get(by.id, by.role, at) !== undefined;
}

interface InOtherTables {
  readonly revokeSessions: Operations['revokeSessions'];
  /** Leaves every room but the lobby. */
  readonly leaveAll: (account: number) => void;
  readonly onNewName: (name: string) => void;
}

type ListRow = Omit<AccountRecord, 'used' | 'factor' | 'removed'> & {
  readonly used: number | null;
  readonly factor: number;
  readonly removed: number;
};

const validInvite = 'SELECT role FROM invites WHERE code = ? AND uses > 0 AND expires > ?';

type Statements = ReturnType<typeof prepareAccounts>;

function prepareAccounts(db: Database) {
  return {
    byName: db.prepare(`SELECT ${accountColumns} FROM accounts WHERE name = ? AND NOT gone`),
    taken: db.prepare('SELECT 1 FROM accounts WHERE name = ?'),
    bySkeleton: db.prepare('SELECT name FROM accounts WHERE skeleton = ?'),
    count: db.prepare('SELECT count(*) AS accounts FROM accounts'),
    insert: db.prepare(
      `INSERT INTO accounts (name, skeleton, password, role, recovery, created_at)
       VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
    ),
    // Read up to the newest entry: what was said before is not new to a new member.
    joinLobby: db.prepare(
      `INSERT INTO members (account, conversation, read)
       SELECT ?, id, coalesce((SELECT max(seq) FROM log WHERE conversation = conversations.id), 0)
       FROM conversations WHERE name IS NOT NULL AND everybody`,
    ),
    list: db.prepare(
      `SELECT id, name, role, created_at AS at, factor IS NOT NULL AS factor, gone AS removed, seen AS used
       FROM accounts WHERE CAST(?1 AS INTEGER) IS NULL OR id = ?1 ORDER BY id`,
    ),
    otherAdmins: db.prepare(
      `SELECT count(*) AS count FROM accounts WHERE role = 'admin' AND NOT gone AND id <> ?
         AND id NOT IN (SELECT account FROM bans WHERE account IS NOT NULL)`,
    ),
    role: db.prepare('SELECT role FROM accounts WHERE id = ?'),
    setRole: db.prepare('UPDATE accounts SET role = ? WHERE id = ?'),
    remove: db.prepare(
      `UPDATE accounts SET gone = TRUE, password = '', role = 'member', recovery = NULL, reset = NULL, factor = NULL
       WHERE id = ?`,
    ),
    endMemberships: db.prepare('DELETE FROM members WHERE account = ?'),
    endInvitations: db.prepare('DELETE FROM invitations WHERE account = ?1 OR by = ?1'),
    endPush: db.prepare('DELETE FROM pushes WHERE account = ?'),
    validInvite: db.prepare(validInvite),
    useInvite: db.prepare('UPDATE invites SET uses = uses - 1 WHERE code = ?'),
    endFirstInvites: db.prepare('DELETE FROM invites WHERE first'),
    endInvites: db.prepare('DELETE FROM invites WHERE by = ?'),
    endIssuedResets: db.prepare('UPDATE accounts SET reset = NULL WHERE reset_by = ?'),
    endReset: db.prepare('UPDATE accounts SET reset = NULL WHERE id = ?'),
  };
}

export function createAccountOperations(
  db: Database,
  { revokeSessions, leaveAll, onNewName }: InOtherTables,
) {
  const sql = prepareAccounts(db);
  const operations = {
    register(account) {
      const registered = register(sql, account);
      if (registered.outcome === 'created') onNewName(registered.account.name);
      return registered;
    },
    nameConflict: (name) => nameConflict(sql, name),
    account(name) {
      const row: AccountRow | undefined = sql.byName.get(name);
      return row && accountOf(row);
    },
    countAccounts() {
      const row: { accounts: number } = sql.count.get();
      return row.accounts;
    },
    hasAdmin() {
      // Other than no one.
      const row: { count: number } = sql.otherAdmins.get(0);
      return row.count > 0;
    },
    listAccounts(account) {
      const rows: ListRow[] = sql.list.all(account ?? null);
      return rows.map(({ used, factor, removed, ...row }): AccountRecord => {
        return { ...row, ...(used !== null && { used }), factor: factor === 1, removed: removed === 1 };
      });
    },
    setRole(account, role) {
      if (role !== 'admin' && isLastAdmin(sql, account)) return 'last-admin';
      requireAccount(sql.setRole.run(role, account), account);
      // A reset link made for a member must not open an admin's account.
      if (role === 'admin') {
        sql.endReset.run(account);
        sql.endFirstInvites.run();
      } else {
        withdraw(sql, account);
      }
      return 'set';
    },
    removeAccount(account) {
      if (isLastAdmin(sql, account)) return 'last-admin';
      revokeSessions(account);
      leaveAll(account);
      sql.endMemberships.run(account);
      sql.endInvitations.run(account);
      sql.endPush.run(account);
      withdraw(sql, account);
      requireAccount(sql.remove.run(account), account);
      return 'removed';
    },
  } satisfies Partial<Operations>;
  return {
    ...operations,
    isLastAdmin: (account: number) => isLastAdmin(sql, account),
    withdraw: (account: number) => withdraw(sql, account),
  };
}

function register(sql: Statements, wanted: NewAccount): RegisterResult {
  const { name, skeleton, password, invite, recovery, at } = wanted;
  // The invite first: without one, nothing is revealed about names.
  const admission: { role: Role } | undefined =
    invite === undefined ? { role: wanted.role ?? 'member' } : sql.validInvite.get(invite, at);
  if (admission === undefined) return { outcome: 'invite-invalid' };
  const conflict = nameConflict(sql, wanted);
  if (conflict !== undefined) return conflict;

  const { role } = admission;
  const { id }: { id: number } = sql.insert.get(name, skeleton, password, role, recovery ?? null, at);
  sql.joinLobby.run(id);
  if (invite !== undefined) sql.useInvite.run(invite);
  // Not for a member, who may come before the operator where registration is open.
  if (role === 'admin') sql.endFirstInvites.run();
  return { outcome: 'created', account: { id, name, role, password } };
}

function nameConflict(
  sql: Statements,
  { name, skeleton }: Pick<NewAccount, 'name' | 'skeleton'>,
): NameConflict | undefined {
  if (sql.taken.get(name) !== undefined) return { outcome: 'name-taken' };
  const like: { name: string } | undefined = sql.bySkeleton.get(skeleton);
  return like && { outcome: 'name-look-alike', like: like.name };
}

function isLastAdmin(sql: Statements, account: number): boolean {
  const row: { role: Role } | undefined = sql.role.get(account);
  const others: { count: number } = sql.otherAdmins.get(account);
  return row?.role === 'admin' && others.count === 0;
}

/** Ends the invites and resets that an account handed out, and its own reset. */
function withdraw(sql: Statements, account: number): void {
  sql.endInvites.run(account);
  sql.endIssuedResets.run(account);
  sql.endReset.run(account);
}

function prepareCredentials(db: Database) {
  return {
    setPassword: db.prepare('UPDATE accounts SET password = ?, reset = NULL WHERE id = ?'),
    changePassword: db.prepare(
      'UPDATE accounts SET password = ?, reset = NULL WHERE id = ? AND password = ?',
    ),
    renewPassword: db.prepare('UPDATE accounts SET password = ? WHERE id = ? AND password = ?'),
    setRecovery: db.prepare(
      'UPDATE accounts SET recovery = ?1 WHERE id = ?2 AND password = coalesce(?3, password)',
    ),
    setReset: db.prepare('UPDATE accounts SET reset = ?, reset_expires = ?, reset_by = ? WHERE id = ?'),
    byRecovery: db.prepare(
      `SELECT ${accountColumns} FROM accounts
       WHERE name = ?1 AND NOT gone AND password <> ''
         AND (recovery = ?2 OR (reset = ?2 AND reset_expires > ?3))`,
    ),
    recover: db.prepare(
      `UPDATE accounts SET password = ?, factor = NULL, reset = NULL, recovery = CASE WHEN recovery = ? THEN NULL ELSE recovery END
       WHERE id = ?`,
    ),
    setFactor: db.prepare('UPDATE accounts SET factor = ? WHERE id = ?'),
    useFactor: db.prepare('UPDATE accounts SET factor_step = ?1 WHERE id = ?2 AND factor_step < ?1'),
  };
}

export function createCredentialOperations(
  db: Database,
  { revokeSessions }: { readonly revokeSessions: Operations['revokeSessions'] },
) {
  const sql = prepareCredentials(db);
  const mayIssue = createIssuerCheck(db);
  return {
    setPassword: (account, password) => requireAccount(sql.setPassword.run(password, account), account),
    changePassword({ account, was, password, except }) {
      if (sql.changePassword.run(password, account, was).changes === 0) return false;
      revokeSessions(account, except);
      return true;
    },
    renewPassword: (account, was, password) => sql.renewPassword.run(password, account, was).changes === 1,
    setRecovery: (account, code, was) => sql.setRecovery.run(code, account, was ?? null).changes > 0,
    addReset({ account, code, expires, at, by }) {
      if (!mayIssue(by, at)) return false;
      requireAccount(sql.setReset.run(code, expires, by?.id ?? null, account), account);
      return true;
    },
    checkRecovery({ name, code, at }) {
      const row: AccountRow | undefined = sql.byRecovery.get(name, code, at);
      return row && accountOf(row);
    },
    recover({ name, code, password, at }): RecoverResult {
      const row: AccountRow | undefined = sql.byRecovery.get(name, code, at);
      if (row === undefined) return { outcome: 'invalid' };
      sql.recover.run(password, code, row.id);
      revokeSessions(row.id);
      return { outcome: 'recovered', account: accountOf({ ...row, password, factor: null }) };
    },
    setFactor: (account, secret) => requireAccount(sql.setFactor.run(secret ?? null, account), account),
    useFactor: (account, step) => sql.useFactor.run(step, account).changes > 0,
  } satisfies Partial<Operations>;
}

export function createInviteOperations(db: Database) {
  const mayIssue = createIssuerCheck(db);
  const insert = db.prepare(
    `INSERT INTO invites (code, role, uses, expires, first, by, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  );
  const endFirst = db.prepare('DELETE FROM invites WHERE first');
  const valid = db.prepare(validInvite);
  const list = db.prepare(
    `SELECT invites.id, invites.role, uses, expires, accounts.name AS by
     FROM invites LEFT JOIN accounts ON accounts.id = by
     WHERE uses > 0 AND expires > ? ORDER BY invites.id DESC`,
  );
  const remove = db.prepare('DELETE FROM invites WHERE id = ? AND uses > 0');

  return {
    createInvite({ code, role, uses, expires, first, besideOthers, by, at }) {
      if (!mayIssue(by, at)) return undefined;
      if (first && !besideOthers) endFirst.run();
      const row: { id: number } = insert.get(code, role, uses, expires, first ? 1 : 0, by?.id ?? null, at);
      return row.id;
    },
    inviteRole(code, at) {
      const row: { role: Role } | undefined = valid.get(code, at);
      return row?.role;
    },
    invites(at) {
      const rows: (Omit<InviteRecord, 'by'> & { by: string | null })[] = list.all(at);
      return rows.map(({ by, ...row }) => ({ ...row, ...(by !== null && { by }) }));
    },
    removeInvite: (id) => remove.run(id).changes > 0,
  } satisfies Partial<Operations>;
}
