/**
 * Every request, one row each: when it may come and what it does. Knows the session that asks as a Caller,
 * not its socket.
 */
import { ProtocolError } from '../protocol/errors.js';
import type { Conversation, ServerFrameOf } from '../protocol/events.js';
import { limits } from '../protocol/limits.js';
import { reasonText } from '../protocol/message-text.js';
import type { RequestOf, RequestType, SignInMode } from '../protocol/requests.js';
import type { Account, Store } from '../store/store.js';
import type { Accounts, OpenedSession } from './accounts.js';
import { catchUp } from './catch-up.js';
import type { Hub } from './hub.js';
import { messageEvent } from './message-event.js';
import type { Member } from './presence.js';

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
  readonly accounts: Accounts;
  readonly hub: Hub;
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

const pending = {
  needs: 'open' as const,
  async run(): Promise<Answer> {
    throw new ProtocolError('internal', 'Not there yet.');
  },
};

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
      const account = await desk.accounts.register(request, caller.address);
      return admit(desk, caller, account, request);
    },
  },

  resume: {
    needs: 'greeting',
    async run(desk, caller, { token, mode }) {
      const { account, running, ...opened } = await desk.accounts.resume(token, caller.address);
      // Before it takes a seat: a take-over then ends the connection it was on without ending the session.
      caller.opened(opened.session);
      let member: Member;
      try {
        // A session that never ended takes its own seat back; one that did comes like any other.
        member = caller.enter(account, running && mode !== 'take-over' ? 'continue' : mode);
      } catch (error) {
        // Whose connection was lost meanwhile comes again with the same token.
        const lost = error instanceof ProtocolError && error.code === 'signed-out';
        if (!lost) await desk.store.endSession(opened.session);
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

  history: {
    needs: 'open',
    async run({ store, hub }, member, { room, with: peer, before, after, limit = limits.historyPage }) {
      const place = await hub.place(member, where(room, peer));
      await member.drained();
      const entries = await store.history({
        target: place.target,
        limit: limit + 1,
        keep: after !== undefined && before === undefined ? 'oldest' : 'newest',
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      });
      const more = entries.length > limit;
      const fromStart = after !== undefined && before === undefined;
      const page = more ? (fromStart ? entries.slice(0, limit) : entries.slice(1)) : entries;
      return { messages: page.map((entry) => messageEvent(entry, place, member.account)), more };
    },
  },

  read: {
    needs: 'open',
    async run({ store, hub }, member, { room, with: peer, seq }) {
      const { target } = await hub.place(member, where(room, peer));
      await store.markRead(member.account.id, target, seq);
      return {};
    },
  },

  who: {
    needs: 'open',
    async run({ hub }, member) {
      await member.drained();
      return { people: hub.presence.people() };
    },
  },

  edit: pending,
  remove: pending,
  search: pending,
  rooms: pending,
  join: pending,
  leave: pending,
  'set-topic': pending,
  invite: pending,
  appoint: pending,
  block: pending,
  unblock: pending,
  blocks: pending,
  offer: pending,
  withdraw: pending,
  files: pending,
  fetch: pending,

  ping: { needs: 'nothing', run: () => ({}) },

  quit: {
    needs: 'nothing',
    run(caller, { reason }) {
      caller.leave(reason === undefined ? undefined : reasonText(reason));
      return {};
    },
  },
};

function where(room: string | undefined, peer: string | undefined): { room?: string; peer?: string } {
  return { ...(room === undefined ? {} : { room }), ...(peer === undefined ? {} : { peer }) };
}

/** Seats somebody whose password is right and opens the session that their token continues. */
async function admit(
  desk: Desk,
  caller: Caller,
  account: Account,
  { mode, remember = false }: { mode?: SignInMode; remember?: boolean },
): Promise<Answer> {
  const member = caller.enter(account, mode);
  const opened = await desk.accounts.open(account, remember);
  caller.opened(opened.session);
  return seated(desk, member, { ...opened, takeOver: mode === 'take-over' });
}

async function seated(
  { store }: Desk,
  member: Member,
  { session, token, takeOver }: OpenedSession & { takeOver: boolean },
): Promise<Answer> {
  const { account } = member;
  // First: one that was taken over meanwhile must not stop the session that did it.
  if (!member.alive) throw new ProtocolError('signed-out', 'The connection ended during sign-in.');
  if (takeOver) await store.stopSessions(account.id, session);
  const conversations = (await store.standings(account.id)).map(
    ({ kind, name, last, read, unread, mentions }): Conversation =>
      kind === 'room'
        ? { room: name, last, read, unread, mentions }
        : { with: name, last, read, unread, mentions },
  );
  return { name: account.name, role: account.role, token, conversations };
}
