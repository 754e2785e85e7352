/**
 * Every request, one row each: when it may come and what it does. Knows the session that asks as a Caller,
 * not its socket.
 */
import { type ErrorCode, ProtocolError } from '../protocol/errors.js';
import type { ServerFrameOf } from '../protocol/events.js';
import { limits } from '../protocol/limits.js';
import { reasonText } from '../protocol/message-text.js';
import type { RequestOf, RequestType, SignInMode } from '../protocol/requests.js';
import type { Account, Logged, Store } from '../store/store.js';
import type { Accounts, OpenedSession } from './accounts.js';
import type { Bans } from './bans.js';
import type { Policy } from './can.js';
import { catchUp } from './catch-up.js';
import type { Clock } from './clock.js';
import type { FileDesk } from './files/desk.js';
import type { Hub } from './hub.js';
import type { Invites } from './invites.js';
import { conversationOf } from './membership.js';
import type { Moderation } from './moderation.js';
import type { OwnAccount } from './own-account.js';
import { readAudit, setAway, whois } from './people.js';
import type { Member } from './presence.js';
import { listFiles, listMembers, listRooms, readHistory, runSearch } from './reading.js';

/** Fields of the `ok` reply; undefined where something else is the answer. */
type Answer = Partial<ServerFrameOf<'ok'>> | undefined;

/** What the rows may do to the session that asks. */
export interface Caller {
  readonly address: string;
  /**
   * Takes a seat for the account, and ends the connection that the session was on before.
   * @throws ProtocolError `name-in-use`, `too-many-terminals`; `signed-out` where this connection is over
   */
  enter(account: Account, mode: SignInMode | 'continue' | undefined): Member;
  /** The token's session, which ends with this one. */
  opened(session: number): void;
  /** After the reply: leaves gracefully. */
  leave(reason: string | undefined): void;
}

export interface Desk {
  readonly store: Store;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly accounts: Accounts;
  /** What the operator says to everybody who comes. */
  readonly motd: () => string | undefined;
  readonly own: OwnAccount;
  readonly invites: Invites;
  readonly bans: Bans;
  readonly moderation: Moderation;
  readonly hub: Hub;
  readonly files: FileDesk;
}

/** A row for a session that has not signed in yet; while it runs no other request is taken. */
interface DoorRow<T extends RequestType> {
  readonly needs: 'greeting';
  run(desk: Desk, caller: Caller, request: RequestOf<T>): Promise<Answer>;
}

/** A row for a signed-in one. With `together` the next request does not wait for this one's end. */
interface RoomRow<T extends RequestType> {
  readonly needs: 'open';
  readonly together?: true;
  run(desk: Desk, member: Member, request: RequestOf<T>): Promise<Answer>;
}

/** A row for anybody. */
interface PlainRow<T extends RequestType> {
  readonly needs: 'nothing';
  run(caller: Caller, request: RequestOf<T>): Answer;
}

export type Row<T extends RequestType> = DoorRow<T> | RoomRow<T> | PlainRow<T>;

export const requestTable: { readonly [T in RequestType]: Row<T> } = {
  'sign-in': {
    needs: 'greeting',
    async run(desk, caller, request) {
      const account = await desk.accounts.signIn(request, caller.address);
      return admit(desk, caller, account, request);
    },
  },

  register: {
    needs: 'greeting',
    async run(desk, caller, request) {
      // First: an account that is made and does not get in has used up its invite, and lost its recovery code.
      desk.hub.presence.admit('member');
      const { account, recovery } = await desk.accounts.register(request, caller.address);
      return { ...(await admit(desk, caller, account, request)), recovery };
    },
  },

  recover: {
    needs: 'greeting',
    async run(desk, caller, request) {
      desk.hub.presence.admit('member');
      const { account, recovery } = await desk.accounts.recover(request, caller.address);
      desk.own.dismissed(account);
      return { ...(await admit(desk, caller, account, {})), recovery };
    },
  },

  resume: {
    needs: 'greeting',
    async run(desk, caller, { token, mode }) {
      const { account, running, ...opened } = await desk.accounts.resume(token, caller.address);
      await desk.bans.admit(account, caller.address);
      // Before it takes a seat: a take-over then ends the connection it was on without ending the session.
      caller.opened(opened.session);
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

  sync: {
    needs: 'open',
    async run({ store, hub }, member, request) {
      await catchUp(member, request, { store, hub });
      return {};
    },
  },

  say: {
    needs: 'open',
    together: true,
    run: ({ hub }, member, request) => hub.say(member, request),
  },

  edit: {
    needs: 'open',
    async run({ hub }, member, request) {
      hub.count(member.account);
      return receipt(await hub.changes.edit(member, request));
    },
  },

  remove: {
    needs: 'open',
    async run({ hub }, member, request) {
      hub.count(member.account);
      return receipt(await hub.changes.remove(member, request));
    },
  },

  history: { needs: 'open', run: readHistory },

  search: { needs: 'open', run: runSearch },

  read: {
    needs: 'open',
    async run({ hub }, member, { room, with: peer, seq }) {
      await hub.read(member, await hub.places.find(member.account, { room, peer }), seq);
      return {};
    },
  },

  rooms: {
    needs: 'open',
    async run({ store }, member) {
      await member.drained();
      return { rooms: await listRooms(store, member.account) };
    },
  },

  join: {
    needs: 'open',
    async run({ hub }, member, request) {
      await hub.membership.join(member, request);
      return {};
    },
  },

  leave: {
    needs: 'open',
    async run({ hub }, member, request) {
      await hub.membership.leave(member, request);
      return {};
    },
  },

  'set-topic': {
    needs: 'open',
    async run({ hub }, member, request) {
      const logged = await hub.changes.setTopic(member, request);
      return logged === undefined ? {} : receipt(logged);
    },
  },

  invite: {
    needs: 'open',
    async run({ hub }, member, request) {
      await hub.membership.invite(member, request);
      return {};
    },
  },

  appoint: {
    needs: 'open',
    async run({ hub }, member, request) {
      await hub.membership.appoint(member, request);
      return {};
    },
  },

  who: {
    needs: 'open',
    async run({ store, hub }, member, { room: name }) {
      await member.drained();
      if (name === undefined) return { people: hub.presence.people() };
      const { room } = hub.places.membership(member.account, name);
      return { people: await listMembers(store, hub, room.id) };
    },
  },

  block: {
    needs: 'open',
    async run({ store, hub }, { account }, { name }) {
      const other = await hub.places.person(name);
      if (other.id === account.id) throw new ProtocolError('not-allowed', 'You cannot block yourself.');
      if (await store.block(account.id, other.id)) return {};
      throw new ProtocolError('limit-reached', `You block ${limits.blocks} people: unblock somebody first.`);
    },
  },

  unblock: {
    needs: 'open',
    async run({ store, hub }, { account }, { name }) {
      await store.unblock(account.id, (await hub.places.person(name)).id);
      return {};
    },
  },

  blocks: {
    needs: 'open',
    run: async ({ store }, { account }) => ({ names: [...(await store.blocks(account.id))] }),
  },

  offer: { needs: 'open', run: ({ files }, { account }, request) => files.offer(account, request) },

  withdraw: {
    needs: 'open',
    async run({ files }, { account }, { key }) {
      await files.withdraw(account, key);
      return {};
    },
  },

  files: { needs: 'open', run: listFiles },

  fetch: { needs: 'open', run: ({ files }, { account }, { of }) => files.fetch(account, of) },

  kick: moderated('kick'),
  ban: {
    needs: 'open',
    async run({ bans }, { account }, request) {
      await bans.ban(account, request);
      return {};
    },
  },

  unban: {
    needs: 'open',
    async run({ bans }, { account }, request) {
      await bans.unban(account, request);
      return {};
    },
  },

  mute: moderated('mute'),
  unmute: moderated('unmute'),
  'set-role': moderated('setRole'),
  'set-rules': moderated('setRules'),

  bans: {
    needs: 'open',
    run: async ({ bans }, { account }) => ({ bans: await bans.list(account) }),
  },

  audit: {
    needs: 'open',
    run: async (desk, member, request) => ({ audit: await readAudit(desk, member, request) }),
  },

  whois: {
    needs: 'open',
    run: async (desk, member, { name }) => ({ whois: await whois(desk, member, name) }),
  },

  away: {
    needs: 'open',
    async run(desk, member, { text }) {
      setAway(desk, member, text);
      return {};
    },
  },

  back: {
    needs: 'open',
    async run(desk, member) {
      setAway(desk, member, undefined);
      return {};
    },
  },

  'make-invite': {
    needs: 'open',
    run: async ({ invites }, { account }, request) => invites.make(account, request),
  },

  invites: {
    needs: 'open',
    run: async ({ invites }, { account }) => ({ invites: await invites.list(account) }),
  },

  uninvite: {
    needs: 'open',
    async run({ invites }, { account }, { invite }) {
      await invites.remove(account, invite);
      return {};
    },
  },

  'make-reset': {
    needs: 'open',
    run: async ({ invites }, { account }, { name }) => invites.reset(account, name),
  },

  'set-password': {
    needs: 'open',
    async run({ own }, member, request) {
      await own.setPassword(member, request);
      return {};
    },
  },

  sessions: { needs: 'open', run: async ({ own }, member) => ({ sessions: await own.sessions(member) }) },

  logout: {
    needs: 'open',
    async run({ own }, member, request) {
      await own.logout(member, request);
      return {};
    },
  },

  'make-recovery': {
    needs: 'open',
    run: async ({ own }, member, { password }) => ({ recovery: await own.makeRecovery(member, password) }),
  },

  'begin-factor': {
    needs: 'open',
    run: ({ own }, member, { password }) => own.beginFactor(member, password),
  },

  'confirm-factor': {
    needs: 'open',
    async run({ own }, member, { otp }) {
      await own.confirmFactor(member, otp);
      return {};
    },
  },

  'end-factor': {
    needs: 'open',
    async run({ own }, member, { password }) {
      await own.endFactor(member, password);
      return {};
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

type Deed = 'kick' | 'mute' | 'unmute' | 'setRole' | 'setRules';

/** Something that is done to others, and answered with no more than that it was. */
function moderated<D extends Deed>(deed: D) {
  return {
    needs: 'open' as const,
    async run({ moderation }: Desk, { account }: Member, request: Parameters<Moderation[D]>[1]) {
      const act = moderation[deed] as (agent: Account, asked: typeof request) => Promise<void>;
      await act(account, request);
      return {};
    },
  };
}

function receipt({ seq, at }: Logged): { seq: number; at: string } {
  return { seq, at: new Date(at).toISOString() };
}

/** Seats somebody whose password is right and opens the session that their token continues. */
async function admit(
  desk: Desk,
  caller: Caller,
  account: Account,
  { mode, remember = false }: { mode?: SignInMode; remember?: boolean },
): Promise<Answer> {
  // Before the seat, so that nobody hears of a coming that is none.
  await desk.bans.admit(account, caller.address);
  const member = caller.enter(account, mode);
  const opened = await desk.accounts.open(account, { remember, address: caller.address });
  caller.opened(opened.session);
  return seated(desk, member, { ...opened, takeOver: mode === 'take-over' });
}

async function seated(
  { store, clock, hub, bans, ...desk }: Desk,
  member: Member,
  { session, token, takeOver }: OpenedSession & { takeOver: boolean },
): Promise<Answer> {
  const { account } = member;
  // First: one that was taken over meanwhile must not stop the session that did it.
  if (!member.alive) throw new ProtocolError('signed-out', 'The connection ended during sign-in.');
  if (takeOver) await store.stopSessions(account.id, session);
  // Once more: a ban that comes after this finds the seat taken, and empties it.
  await bans.admit(account, member.address);
  const mutes = await store.mutes(account.id, clock.now());
  const standings = await store.standings(account.id);
  hub.seat(account, { standings, mutes });
  const conversations = standings.map(conversationOf);
  const motd = desk.motd();
  const { name, role } = account;
  return { name, role, token, conversations, ...(motd !== undefined && { motd }) };
}
