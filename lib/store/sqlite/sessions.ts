/** Sessions in SQL, and the removal of what has expired. Knows hashes of tokens, never a token. */
import { limits } from '../../protocol/limits.js';
import type { SessionRow as Listed, Resume, Resumed } from '../account-store.js';
import { type AccountRow, accountColumns, accountOf } from './accounts.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';

interface SessionRow extends AccountRow {
  readonly session: number;
  readonly remember: number;
  readonly running: number;
  readonly bot: number;
}

interface ListedRow {
  readonly id: number;
  readonly at: number;
  readonly used: number;
  readonly expires: number;
  readonly address: string | null;
  readonly bot: number;
}

type SessionMethod =
  | 'openSession'
  | 'resumeSession'
  | 'endSession'
  | 'revokeSession'
  | 'revokeSessions'
  | 'sessions'
  | 'stopSessions'
  | 'sweep';

export function createSessions(db: Database): OperationsOf<SessionMethod> {
  const insert = db.prepare(
    `INSERT INTO sessions (account, token, remember, running, expires, address, bot, created_at, used_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  );
  const byToken = db.prepare(
    `SELECT sessions.id AS session, remember, running, bot, ${accountColumns}
     FROM sessions JOIN accounts ON accounts.id = sessions.account
     WHERE (token = ?1 OR next = ?1) AND expires > ?2`,
  );
  const rotate = db.prepare(
    `UPDATE sessions SET token = ?, next = ?, running = 1, expires = ?, used_at = ?, address = ?
     WHERE id = ?`,
  );
  const use = db.prepare('UPDATE sessions SET used_at = ?, address = ? WHERE id = ?');
  const see = db.prepare('UPDATE accounts SET seen = ? WHERE id = ?');
  const revoke = db.prepare('DELETE FROM sessions WHERE id = ? AND account = ?');
  const revokeOthers = db.prepare('DELETE FROM sessions WHERE account = ? AND id IS NOT ?');
  const revokeOldest = db.prepare(
    `DELETE FROM sessions WHERE id IN (
       SELECT id FROM sessions WHERE account = ? AND NOT bot
       ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET ${limits.sessions})`,
  );
  const list = db.prepare(
    `SELECT id, created_at AS at, used_at AS used, expires, address, bot FROM sessions
     WHERE account = ? AND expires > ? ORDER BY used_at DESC, id DESC`,
  );
  const stop = db.prepare('UPDATE sessions SET running = 0 WHERE id = ? AND remember');
  const forget = db.prepare('DELETE FROM sessions WHERE id = ? AND NOT remember');
  const stopOthers = db.prepare('UPDATE sessions SET running = 0 WHERE account = ? AND id <> ? AND remember');
  const forgetOthers = db.prepare('DELETE FROM sessions WHERE account = ? AND id <> ? AND NOT remember');
  const sweepSessions = db.prepare('DELETE FROM sessions WHERE expires <= ?');
  const sweepInvites = db.prepare('DELETE FROM invites WHERE expires <= ? OR uses = 0');
  const sweepBans = db.prepare('DELETE FROM bans WHERE until <= ?');
  const sweepMutes = db.prepare('DELETE FROM mutes WHERE until <= ?');

  function resumeSession({ token, next, at, expires, address }: Resume): Resumed | undefined {
    const row: SessionRow | undefined = byToken.get(token, at);
    if (row === undefined) return undefined;
    const { session } = row;
    const account = accountOf(row);
    see.run(at, account.id);
    if (row.bot === 1) {
      use.run(at, address ?? null, session);
      return { session, account, running: false, bot: true };
    }
    // The token shown becomes the current one. Where it was the next, the one before it dies here.
    const end = row.remember ? expires.remembered : expires.passing;
    rotate.run(token, next, end, at, address ?? null, session);
    return { session, account, running: row.running === 1, bot: false };
  }

  return {
    openSession({ account, token, remember, expires, at, address, bot = false }) {
      const kept = remember || bot ? 1 : 0;
      const running = bot ? 0 : 1;
      const from = address ?? null;
      if (!bot) see.run(at, account);
      const row: { id: number } = insert.get(
        account,
        token,
        kept,
        running,
        expires,
        from,
        bot ? 1 : 0,
        at,
        at,
      );
      revokeOldest.run(account);
      return row.id;
    },
    revokeSession: (account, session) => revoke.run(session, account).changes > 0,
    revokeSessions: (account, except) => void revokeOthers.run(account, except ?? null),
    sessions(account, at) {
      const rows: ListedRow[] = list.all(account, at);
      return rows.map(({ address, bot, ...row }): Listed => {
        return { ...row, ...(address !== null && { address }), bot: bot === 1 };
      });
    },
    resumeSession,
    endSession(session) {
      stop.run(session);
      forget.run(session);
    },
    stopSessions(account, except) {
      stopOthers.run(account, except);
      forgetOthers.run(account, except);
    },
    sweep(at) {
      sweepSessions.run(at);
      sweepInvites.run(at);
      sweepBans.run(at);
      sweepMutes.run(at);
    },
  };
}
