/** Requests of sessions that have not signed in, and those that any session may send. */
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import { reasonText } from '../../protocol/message-text.js';
import type { SignInMode } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { ResumedSession, SignedInAccount } from '../../store/sign-in-store.js';
import type { App } from '../app.js';
import { type OpenedSession, sessionExpired } from '../auth/sessions.js';
import type { JoinMode, Member } from '../chat/presence.js';
import { currentConversations } from '../chat/queries.js';
import type { Answer, Caller, RequestRows } from './row.js';

type SignInRequest = 'check-name' | 'sign-in' | 'register' | 'recover' | 'resume' | 'ping' | 'quit';

export const signInRows: RequestRows<SignInRequest> = {
  'check-name': {
    needs: 'outside',
    async run(app, caller, request) {
      checkNewcomer(app, caller);
      await app.accounts.checkName(request, caller.address);
      return {};
    },
  },

  'sign-in': {
    needs: 'greeting',
    async run(app, caller, request) {
      const check = async (account: Account) => {
        await app.bans.check(account, caller.address);
        caller.checkSigningIn();
        app.presence.checkJoin(account, request.mode);
      };
      const account = await app.accounts.signIn(request, caller, check);
      return join(app, caller, account, request);
    },
  },

  register: {
    needs: 'greeting',
    async run(app, caller, request) {
      const check = () => {
        caller.checkSigningIn();
        checkNewcomer(app, caller);
      };
      const { account, recovery } = await app.accounts.register(request, caller, check);
      const { remember } = request;
      return { ...(await join(app, caller, account, { mode: 'fresh', remember })), recovery };
    },
  },

  recover: {
    needs: 'greeting',
    async run(app, caller, request) {
      const check = (account: Account) => {
        caller.checkSigningIn();
        app.presence.checkJoin(account, 'take-over');
      };
      const { account, recovery } = await app.accounts.recover(request, caller, check);
      app.ownAccount.passwordReset(account);
      return { ...(await join(app, caller, account, { mode: 'fresh' })), recovery };
    },
  },

  resume: {
    needs: 'greeting',
    run: (app, caller, { token, mode }) =>
      app.sessions.resume(token, caller, (resumed) => comeIn(app, caller, resumed, mode)),
  },

  ping: { needs: 'nothing', run: () => ({}) },

  quit: {
    needs: 'nothing',
    run(caller, { reason }) {
      caller.leave(reason === undefined ? undefined : reasonText(reason));
      return {};
    },
  },
};

/** @throws ProtocolError `banned`, `server-full` */
function checkNewcomer({ bans, presence }: App, { address }: Caller): void {
  const refusal = bans.refusal(address);
  if (refusal !== undefined) throw new ProtocolError('banned', refusal);
  presence.checkCapacity('member');
}

/**
 * All at the moment at which the state was read: changes after it find the account online. Where other servers have to be asked
 * first, it is read again.
 */
async function comeIn(
  app: App,
  caller: Caller,
  { session, token, running, bot, ban, account, mutes, standings }: OpenedSession & ResumedSession,
  mode: SignInMode | undefined,
): Promise<Answer> {
  const { store, bans } = app;
  let entered: Promise<Member> | Member;
  let member: Member;
  bans.checkKnown(ban, caller.address);
  // Before it joins: a take-over then ends the connection that the session was on, not the session.
  caller.useToken(session, { shared: bot });
  const takeOver = mode === 'take-over';
  // A session that never ended continues; one that did joins like any other.
  const joinMode = running && !takeOver ? 'continue' : mode;
  try {
    entered = app.elsewhere.enter(account, joinMode, () => caller.join(account, joinMode));
    member = entered instanceof Promise ? await entered : entered;
  } catch (error) {
    // Where the connection or the database was lost or the server is full, the client tries again with the same token.
    const refused = error instanceof ProtocolError && !keepsToken.has(error.code);
    if (refused) await store.endSession(session);
    throw error;
  }
  if (mutes === undefined || standings === undefined || entered instanceof Promise)
    return finishSignIn(app, member, { session, token, takeOver });
  const answer = signedIn(app, { account, mutes, standings }, token);
  if (takeOver) await store.stopSessions(account.id, session);
  return answer;
}

const keepsToken: ReadonlySet<ErrorCode> = new Set(['signed-out', 'server-full']);

/** Brings an account online whose password is right, and opens the session that its token continues. */
async function join(
  app: App,
  caller: Caller,
  account: Account,
  { mode, remember = false }: { mode?: JoinMode | undefined; remember?: boolean | undefined },
): Promise<Answer> {
  // Before it joins, so that others don't see a banned account come and go.
  await app.bans.check(account, caller.address);
  const member = await app.elsewhere.enter(account, mode, () => caller.join(account, mode));
  const opened = await app.sessions.open(account, { remember, address: caller.address });
  caller.useToken(opened.session);
  return finishSignIn(app, member, { ...opened, takeOver: mode === 'take-over' || mode === 'fresh' });
}

async function finishSignIn(
  app: App,
  member: Member,
  { session, token, takeOver }: OpenedSession & { takeOver: boolean },
): Promise<Answer> {
  const { store, clock, bans } = app;
  const { account } = member;
  // First: a session that was taken over meanwhile must not stop the one that did it.
  checkAlive(member);
  const stopped = takeOver ? store.stopSessions(account.id, session) : undefined;
  // All at one moment: changes after it find the account loaded.
  const answered = store.signInState(account.id, session, clock.now()).then(({ ban, current }) => {
    // Once more: a ban or logout after this finds the terminal online and dismisses it.
    bans.checkKnown(ban, member.address);
    if (current === undefined) throw sessionExpired();
    checkAlive(member);
    return signedIn(app, current, token);
  });
  const [answer] = await Promise.all([answered, stopped]);
  return answer;
}

/** The reply to someone who has come online, whose state is from now on kept up to date in memory. */
function signedIn(
  { clock, presence, rooms, motd, notices, push }: App,
  state: SignedInAccount,
  token: string,
): Answer {
  const { account, standings } = state;
  presence.update(account);
  rooms.load(account.id, state);
  const conversations = currentConversations(standings, clock.now());
  const { name, role } = account;
  const about = [...(role === 'admin' ? notices.texts : []), push.note(account) ?? ''];
  const texts = [...about, motd() ?? ''].filter((text) => text !== '');
  return { name, role, token, conversations, ...(texts.length > 0 && { motd: texts.join('\n\n') }) };
}

function checkAlive({ alive }: Member): void {
  if (!alive) throw new ProtocolError('signed-out', 'The connection ended during sign-in.');
}
