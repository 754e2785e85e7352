/** Coming and going: requests of those who have not signed in, and those that anybody may send. */
import { type ErrorCode, ProtocolError } from '../../protocol/errors.js';
import { reasonText } from '../../protocol/message-text.js';
import type { Account } from '../../store/account-store.js';
import type { App } from '../app.js';
import { type OpenedSession, sessionOver } from '../auth/sessions.js';
import { conversationOf } from '../chat/membership.js';
import type { Entrance, Member } from '../chat/presence.js';
import type { Answer, Caller, Rows } from './row.js';

type Door = 'sign-in' | 'register' | 'recover' | 'resume' | 'ping' | 'quit';

export const signInRows: Rows<Door> = {
  'sign-in': {
    needs: 'greeting',
    async run(desk, caller, request) {
      const welcome = (account: Account) => desk.hub.presence.check(account, request.mode);
      const account = await desk.accounts.signIn(request, caller.address, welcome);
      return admit(desk, caller, account, request);
    },
  },

  register: {
    needs: 'greeting',
    async run(desk, caller, request) {
      const welcome = () => {
        caller.check();
        const refusal = desk.bans.refusal(caller.address);
        if (refusal !== undefined) throw new ProtocolError('banned', refusal);
        desk.hub.presence.admit('member');
      };
      const { account, recovery } = await desk.accounts.register(request, caller.address, welcome);
      const { remember } = request;
      return { ...(await admit(desk, caller, account, { mode: 'fresh', remember })), recovery };
    },
  },

  recover: {
    needs: 'greeting',
    async run(desk, caller, request) {
      const welcome = (account: Account) => {
        caller.check();
        desk.hub.presence.check(account, 'take-over');
      };
      const { account, recovery } = await desk.accounts.recover(request, caller.address, welcome);
      desk.own.dismissed(account);
      return { ...(await admit(desk, caller, account, { mode: 'fresh' })), recovery };
    },
  },

  resume: {
    needs: 'greeting',
    async run(desk, caller, { token, mode }) {
      const { account, running, bot, ...opened } = await desk.sessions.resume(token, caller.address);
      await desk.bans.admit(account, caller.address);
      // Before it takes a seat: a take-over then ends the connection it was on without ending the session.
      caller.opened(opened.session, bot);
      let member: Member;
      try {
        // A session that never ended takes its own seat back; one that did comes like any other.
        member = caller.enter(account, running && mode !== 'take-over' ? 'continue' : mode);
      } catch (error) {
        // Whose connection was lost meanwhile, or who finds the server full, comes again with the same token.
        const again = error instanceof ProtocolError && comesAgain.has(error.code);
        if (!again) await desk.store.endSession(opened.session);
        throw error;
      }
      return seated(desk, member, { ...opened, takeOver: mode === 'take-over' });
    },
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

const comesAgain: ReadonlySet<ErrorCode> = new Set(['signed-out', 'server-full']);

/** Seats somebody whose password is right and opens the session that their token continues. */
async function admit(
  desk: App,
  caller: Caller,
  account: Account,
  { mode, remember = false }: { mode?: Entrance | undefined; remember?: boolean | undefined },
): Promise<Answer> {
  // Before the seat, so that nobody hears of a coming that is none.
  await desk.bans.admit(account, caller.address);
  const member = caller.enter(account, mode);
  const opened = await desk.sessions.open(account, { remember, address: caller.address });
  caller.opened(opened.session);
  return seated(desk, member, { ...opened, takeOver: mode === 'take-over' || mode === 'fresh' });
}

async function seated(
  { store, clock, hub, bans, ...desk }: App,
  member: Member,
  { session, token, takeOver }: OpenedSession & { takeOver: boolean },
): Promise<Answer> {
  const { account } = member;
  // First: one that was taken over meanwhile must not stop the session that did it.
  if (!member.alive) throw new ProtocolError('signed-out', 'The connection ended during sign-in.');
  if (takeOver) await store.stopSessions(account.id, session);
  // Once more: a ban or a logout that comes after this finds the seat taken, and empties it.
  await bans.admit(account, member.address);
  // At one moment, as it is by now: whatever is changed after it finds the seat filled.
  const [now, open, mutes, standings] = await Promise.all([
    store.account(account.name),
    store.sessions(account.id, clock.now()),
    store.mutes(account.id, clock.now()),
    store.standings(account.id),
  ]);
  if (now === undefined || !open.some(({ id }) => id === session)) throw sessionOver();
  if (!member.alive) throw new ProtocolError('signed-out', 'The connection ended during sign-in.');
  hub.presence.renewed(now);
  hub.seat(now, { standings, mutes });
  const conversations = standings.map(conversationOf);
  const motd = desk.motd();
  const { name, role } = now;
  return { name, role, token, conversations, ...(motd !== undefined && { motd }) };
}
