/** Sessions in SQL, and the removal of what has expired. Knows hashes of tokens, never a token. */
import { limits } from '../../protocol/limits.js';
import type { NewSession, SessionRecord } from '../account-store.js';
import type { ResumedSession, ResumeSession } from '../sign-in-store.js';
import { type AccountRow, accountColumns, accountOf } from './accounts.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';

/** Without what is in other tables. */
type ResumedRow = Pick<ResumedSession, 'session' | 'account' | 'running' | 'bot'>;

interface ResumeRow extends AccountRow {
  readonly session: number;
  readonly remember: number;
  readonly running: number;
  readonly bot: number;
}

type ListRow = Omit<SessionRecord, 'address' | 'bot'> & {
  readonly address: string | null;
  readonly bot: number;
};

type Statements = ReturnType<typeof prepare>;

function prepare(db: Database) {
  return {
    insert: db.prepare(
      `INSERT INTO sessions (account, token, remember, running, expires, address, bot, created_at, used_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) RETURNING id`,
    ),
    byToken: db.prepare(
      `SELECT sessions.id AS session, remember, running, bot, ${accountColumns}
       FROM sessions JOIN accounts ON accounts.id = sessions.account
       WHERE (token = ?1 OR next = ?1) AND expires > ?2`,
    ),
    rotate: db.prepare(
      `UPDATE sessions SET token = ?, next = ?, running = TRUE, expires = ?, used_at = ?, address = ?
       WHERE id = ?`,
    ),
    use: db.prepare('UPDATE sessions SET used_at = ?, address = ? WHERE id = ?'),
    see: db.prepare('UPDATE accounts SET seen = ? WHERE id = ?'),
    revoke: db.prepare('DELETE FROM sessions WHERE id = ? AND account = ?'),
    revokeOthers: db.prepare('DELETE FROM sessions WHERE account = ? AND id IS DISTINCT FROM ?'),
    revokeOldest: db.prepare(
      `DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE account = ? AND NOT bot
         ORDER BY used_at DESC, id DESC LIMIT ${Number.MAX_SAFE_INTEGER} OFFSET ${limits.sessions})`,
    ),
    list: db.prepare(
      `SELECT id, created_at AS at, used_at AS used, expires, address, bot FROM sessions
       WHERE account = ? AND expires > ? ORDER BY used_at DESC, id DESC`,
    ),
    remember: db.prepare('UPDATE sessions SET remember = ?, expires = ? WHERE id = ?'),
    stop: db.prepare('UPDATE sessions SET running = FALSE WHERE id = ? AND remember'),
    forget: db.prepare('DELETE FROM sessions WHERE id = ? AND NOT remember'),
    stopOthers: db.prepare('UPDATE sessions SET running = FALSE WHERE account = ? AND id <> ? AND remember'),
    forgetOthers: db.prepare('DELETE FROM sessions WHERE account = ? AND id <> ? AND NOT remember'),
    expired: [
      db.prepare('DELETE FROM sessions WHERE expires <= ?'),
      db.prepare('DELETE FROM invites WHERE expires <= ? OR uses = 0'),
      db.prepare('DELETE FROM bans WHERE until <= ?'),
      db.prepare('DELETE FROM mutes WHERE until <= ?'),
    ],
  };
}

export function createSessionOperations(db: Database) {
  const sql = prepare(db);
  const operations = {
    openSession: (session) => openSession(sql, session),
    endSession(session) {
      sql.stop.run(session);
      sql.forget.run(session);
    },
    rememberSession: ({ session, remember, expires }) =>
      sql.remember.run(remember ? 1 : 0, expires, session).changes > 0,
    revokeSession: (account, session) => sql.revoke.run(session, account).changes > 0,
    revokeSessions: (account, except) => void sql.revokeOthers.run(account, except ?? null),
    sessions(account, at) {
      const rows: ListRow[] = sql.list.all(account, at);
      return rows.map(({ address, bot, ...row }): SessionRecord => {
        return { ...row, ...(address !== null && { address }), bot: bot === 1 };
      });
    },
    stopSessions(account, except) {
      sql.stopOthers.run(account, except);
      sql.forgetOthers.run(account, except);
    },
    removeExpired(at) {
      for (const remove of sql.expired) remove.run(at);
    },
  } satisfies Partial<Operations>;
  return { ...operations, resumeRow: (resume: ResumeSession) => resumeRow(sql, resume) };
}

function openSession(sql: Statements, session: NewSession): number {
  const { account, token, remember, expires, at, address = null, bot = false } = session;
  const kept = remember || bot ? 1 : 0;
  const running = bot ? 0 : 1;
  if (!bot) sql.see.run(at, account);
  const row: { id: number } = sql.insert.get(
    account,
    token,
    kept,
    running,
    expires,
    address,
    1 - running,
    at,
  );
  sql.revokeOldest.run(account);
  return row.id;
}

function resumeRow(
  sql: Statements,
  { token, next, at, expires, address }: ResumeSession,
): ResumedRow | undefined {
  const row: ResumeRow | undefined = sql.byToken.get(token, at);
  if (row === undefined) return undefined;
  const { session } = row;
  const account = accountOf(row);
  sql.see.run(at, account.id);
  if (row.bot === 1) {
    sql.use.run(at, address ?? null, session);
    return { session, account, running: false, bot: true };
  }
  // The token shown becomes the current one. Where it was the next one, the one before it dies here.
  const end = row.remember ? expires.remembered : expires.passing;
  sql.rotate.run(token, next, end, at, address ?? null, session);
  return { session, account, running: row.running === 1, bot: false };
}
