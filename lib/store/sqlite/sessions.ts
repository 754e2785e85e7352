/** Sessions in SQL, and the removal of what has expired. Knows hashes of tokens, never a token. */
import type { Role } from '../../protocol/events.js';
import type { Resume, Resumed } from '../store.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';

interface SessionRow {
  readonly session: number;
  readonly remember: number;
  readonly running: number;
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly password: string;
}

type SessionMethod = 'openSession' | 'resumeSession' | 'endSession' | 'stopSessions' | 'sweep';

export function createSessions(db: Database): OperationsOf<SessionMethod> {
  const insert = db.prepare(
    `INSERT INTO sessions (account, token, remember, running, expires, created_at, used_at)
     VALUES (?, ?, ?, 1, ?, ?, ?) RETURNING id`,
  );
  const byToken = db.prepare(
    `SELECT sessions.id AS session, remember, running, accounts.id, name, role, password
     FROM sessions JOIN accounts ON accounts.id = sessions.account
     WHERE (token = ?1 OR next = ?1) AND expires > ?2`,
  );
  const rotate = db.prepare(
    'UPDATE sessions SET token = ?, next = ?, running = 1, expires = ?, used_at = ? WHERE id = ?',
  );
  const stop = db.prepare('UPDATE sessions SET running = 0 WHERE id = ? AND remember');
  const forget = db.prepare('DELETE FROM sessions WHERE id = ? AND NOT remember');
  const stopOthers = db.prepare('UPDATE sessions SET running = 0 WHERE account = ? AND id <> ? AND remember');
  const forgetOthers = db.prepare('DELETE FROM sessions WHERE account = ? AND id <> ? AND NOT remember');
  const sweepSessions = db.prepare('DELETE FROM sessions WHERE expires <= ?');
  const sweepInvites = db.prepare('DELETE FROM invites WHERE expires <= ? OR uses = 0');

  function resumeSession({ token, next, at, expires }: Resume): Resumed | undefined {
    const row: SessionRow | undefined = byToken.get(token, at);
    if (row === undefined) return undefined;
    const { session, id, name, role, password } = row;
    // The token shown becomes the current one. Where it was the next, the one before it dies here.
    rotate.run(token, next, row.remember ? expires.remembered : expires.passing, at, session);
    return { session, account: { id, name, role, password }, running: row.running === 1 };
  }

  return {
    openSession({ account, token, remember, expires, at }) {
      const row: { id: number } = insert.get(account, token, remember ? 1 : 0, expires, at, at);
      return row.id;
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
    },
  };
}
