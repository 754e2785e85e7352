/** What proves an account's owner, in SQL: passwords, recovery codes, resets, second factors. Knows hashes only. */
import type { RecoverResult } from '../account-store.js';
import { type AccountRow, accountColumns, accountOf, createIssuerCheck, requireAccount } from './accounts.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';

function prepare(db: Database) {
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
      `UPDATE accounts SET password = ?, factor = NULL, reset = NULL, recovery = iif(recovery = ?, NULL, recovery)
       WHERE id = ?`,
    ),
    setFactor: db.prepare('UPDATE accounts SET factor = ? WHERE id = ?'),
    useFactor: db.prepare('UPDATE accounts SET factor_step = ?1 WHERE id = ?2 AND factor_step < ?1'),
  };
}

export function createCredentials(
  db: Database,
  { revokeSessions }: { readonly revokeSessions: Operations['revokeSessions'] },
) {
  const sql = prepare(db);
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
