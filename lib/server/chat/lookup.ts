/**
 * Finds the conversation, person or message that a request names. What the account must not see does not exist for it.
 * Knows live rooms and names, not what is requested.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { parseName, parseRoomName } from '../../protocol/names.js';
import type { Account } from '../../store/account-store.js';
import type { ConversationKey, StoredMessage } from '../../store/message-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { LiveRooms, RoomMembership } from './live-rooms.js';
import { type Agent, adviceFor } from './permissions.js';

/** A room or a person as a request names it: one of the two. */
export interface ConversationName {
  readonly room?: string | undefined;
  /** The other person in a direct message. */
  readonly peer?: string | undefined;
}

/** A conversation that was found. */
export interface ConversationRef {
  readonly target: ConversationKey;
  /** The room's name; undefined for direct messages. */
  readonly room: string | undefined;
  /** The other person's name; undefined for a room. */
  readonly peer: string | undefined;
}

/** A message that was found, with its conversation. */
export type FoundMessage = StoredMessage & { conversation: ConversationRef; membership?: RoomMembership };

export interface Lookup {
  /**
   * A conversation that the account is in, or can begin.
   * @throws ProtocolError `no-such-room`, `not-a-member`, `no-such-name`, `bad-request`
   */
  conversation(account: Account, name: ConversationName): Promise<ConversationRef>;
  /** @throws ProtocolError `no-such-room`, `not-a-member` */
  membership(account: Account, room: string): RoomMembership;
  /** Whether the account is in a conversation now. */
  isIn(account: Account, target: ConversationKey): boolean;
  /** @throws ProtocolError `no-such-name`, with advice for the agent */
  person(agent: Agent, name: string): Promise<Account>;
  /** A message in a conversation that the account is in. @throws ProtocolError `no-such-message` */
  message(account: Account, seq: number): Promise<FoundMessage>;
  /** Checks that the other person in a direct message has not blocked the account. @throws ProtocolError `not-delivered` */
  checkNotBlocked(account: Account, conversation: ConversationRef): Promise<void>;
  /** Does `work` as if the account were signed in, which it need not be. */
  asSignedIn<Value>(account: Account, work: () => Promise<Value>): Promise<Value>;
}

export function createLookup(store: Store, clock: Clock, rooms: LiveRooms): Lookup {
  function membership(account: Account, room: string): RoomMembership {
    const parsed = parseRoomName(room);
    const name = parsed.ok ? parsed.name : '';
    const found = rooms.membershipsOf(account.id).get(name);
    if (found !== undefined) return found;
    if (rooms.publicRoom(name) === undefined) {
      throw noSuchRoom();
    }
    throw new ProtocolError('not-a-member', `You are not in #${name}. Join it first.`);
  }

  async function person(agent: Agent, typed: string): Promise<Account> {
    const name = parseName(typed);
    const account = name.ok ? await store.account(name.name) : undefined;
    if (account !== undefined) return account;
    const advice = adviceFor(agent, {
      chat: '/who shows who is online.',
      shell: 'secure-chat user list shows all accounts.',
    });
    throw new ProtocolError('no-such-name', `There is no account with that name. ${advice}`);
  }

  return {
    membership,
    person,
    isIn(account, target) {
      if ('direct' in target) return target.direct.includes(account.id);
      return membershipIn(rooms, account, target.room) !== undefined;
    },
    async conversation(account, { room, peer }) {
      if (room !== undefined && peer === undefined) return roomRef(membership(account, room));
      if (peer === undefined || room !== undefined) {
        throw new ProtocolError('bad-request', 'Name either a room or a person.');
      }
      const other = await person(account, peer);
      return { target: { direct: [account.id, other.id] }, room: undefined, peer: other.name };
    },
    async message(account, seq) {
      const located = await store.message(seq);
      const found = located && foundBy(account, located, rooms);
      if (found === undefined) throw noSuchMessage();
      return found;
    },
    async checkNotBlocked({ name }, { peer }) {
      const other = peer === undefined ? undefined : await store.account(peer);
      if (other !== undefined && (await store.blocks(other.id)).includes(name)) throw notDelivered();
    },
    async asSignedIn({ id }, work) {
      const [standings, mutes] = await Promise.all([store.conversations(id), store.mutes(id, clock.now())]);
      const release = rooms.hold(id, { standings, mutes });
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}

function foundBy(account: Account, located: StoredMessage, rooms: LiveRooms): FoundMessage | undefined {
  const { target, entry, to } = located;
  if ('direct' in target) {
    if (!target.direct.includes(account.id)) return undefined;
    const peer = entry.from === account.name ? to : entry.from;
    return { ...located, conversation: { target, room: undefined, peer } };
  }
  const membership = membershipIn(rooms, account, target.room);
  return membership && { ...located, conversation: roomRef(membership), membership };
}

function membershipIn(rooms: LiveRooms, { id }: Account, room: number): RoomMembership | undefined {
  const live = rooms.byId.get(room);
  const membership = live && rooms.membershipsOf(id).get(live.name);
  return membership?.room === live ? membership : undefined;
}

export function roomRef({ room }: Pick<RoomMembership, 'room'>): ConversationRef {
  return { target: { room: room.id }, room: room.name, peer: undefined };
}

/** The same for every reason, so that people don't learn that they are blocked. */
export function notDelivered(): ProtocolError {
  return new ProtocolError('not-delivered', 'Your message was not delivered.');
}

export function noSuchRoom(): ProtocolError {
  return new ProtocolError('no-such-room', 'There is no such room.');
}

export function noSuchMessage(): ProtocolError {
  return new ProtocolError('no-such-message', 'There is no such message.');
}
