/** What signing in reads, in one call for each step: of sessions, bans, mutes and conversations. Adds no rules of its own. */
import type { SignInState } from '../store.js';
import { type AccountRow, accountColumns, accountOf } from './accounts.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';

type InOtherTables = Pick<Operations, 'resumeSession' | 'banOf' | 'mutes' | 'conversations'>;

export function createSignInOperations(
  db: Database,
  { resumeSession, banOf, mutes, conversations }: InOtherTables,
) {
  const accountOfSession = db.prepare(
    `SELECT ${accountColumns} FROM sessions JOIN accounts ON accounts.id = account
     WHERE sessions.id = ? AND account = ? AND expires > ?`,
  );

  function banField(account: number, at: number): Pick<SignInState, 'ban'> {
    const ban = banOf(account, at);
    return ban === undefined ? {} : { ban };
  }

  return {
    resumeSession(resume) {
      const resumed = resumeSession(resume);
      return resumed && { ...resumed, ...banField(resumed.account.id, resume.at) };
    },
    signInState(id, session, at, counted) {
      const ban = banField(id, at);
      const row: AccountRow | undefined = accountOfSession.get(session, id, at);
      if (row === undefined) return ban;
      const standings = conversations(id, counted);
      return standings && { ...ban, current: { account: accountOf(row), mutes: mutes(id, at), standings } };
    },
  } satisfies Partial<Operations>;
}
