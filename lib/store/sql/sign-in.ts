/** What a sign-in or a catch-up reads of sessions, bans, mutes and conversations, in one call each. Adds no rules of its own. */
import type { Account } from '../account-store.js';
import type { SignedInAccount, SignInState } from '../sign-in-store.js';
import { type AccountRow, accountColumns, accountOf } from './accounts.js';
import type { createConversationOperations } from './conversations.js';
import type { Database } from './database.js';
import type { Operations, UnreadCount } from './methods.js';
import type { createSessionOperations } from './sessions.js';

type InOtherTables = Pick<Operations, 'banOf' | 'mutes' | 'conversations' | 'invitations'> &
  Pick<ReturnType<typeof createSessionOperations>, 'resumeRow'> &
  Pick<ReturnType<typeof createConversationOperations>, 'positions'>;

export function createSignInOperations(
  db: Database,
  { resumeRow, banOf, mutes, conversations, positions, invitations }: InOtherTables,
) {
  const accountOfSession = db.prepare(
    `SELECT ${accountColumns} FROM sessions JOIN accounts ON accounts.id = account
     WHERE sessions.id = ? AND account = ? AND expires > ?`,
  );

  function banField(account: number, at: number): Pick<SignInState, 'ban'> {
    const ban = banOf(account, at);
    return ban === undefined ? {} : { ban };
  }

  function stateOf(
    account: Account,
    at: number,
    counted?: readonly UnreadCount[],
  ): SignedInAccount | undefined {
    const standings = conversations(account.id, counted);
    return standings && { account, mutes: mutes(account.id, at), standings };
  }

  return {
    resumeSession(resume) {
      const resumed = resumeRow(resume);
      if (resumed === undefined) return undefined;
      const { account } = resumed;
      return { ...resumed, ...banField(account.id, resume.at), ...stateOf(account, resume.at) };
    },
    signInState(id, session, at, counted) {
      const ban = banField(id, at);
      const row: AccountRow | undefined = accountOfSession.get(session, id, at);
      if (row === undefined) return ban;
      const current = stateOf(accountOf(row), at, counted);
      return current && { ...ban, current };
    },
    catchUpState: (account) => ({
      standings: positions(account),
      invitations: invitations(account),
    }),
  } satisfies Partial<Operations>;
}
