/**
 * Where a request means, for whoever asks: what is not for them does not exist. Knows seats and names, not
 * what is asked.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { parseName, parseRoomName } from '../../protocol/names.js';
import type { Account } from '../../store/account-store.js';
import type { Located, Target } from '../../store/message-store.js';
import type { Store } from '../../store/store.js';
import { type Agent, typable } from './actor.js';
import type { Place } from './entry-event.js';
import type { LiveRooms, Membership } from './live-rooms.js';

/** A room or a person, as requests name them: one of the two. */
export interface Where {
  readonly room?: string | undefined;
  readonly peer?: string | undefined;
}

export interface Lookup {
  /**
   * A conversation that the account is in, or can begin.
   * @throws ProtocolError `no-such-room`, `not-a-member`, `no-such-name`, `bad-request`
   */
  find(account: Account, where: Where): Promise<Place>;
  /** @throws ProtocolError `no-such-room`, `not-a-member` */
  membership(account: Account, room: string): Membership;
  /** Whether a conversation is the account's, by now. */
  isIn(account: Account, target: Target): boolean;
  /** @throws ProtocolError `no-such-name`, which tells the agent how to look */
  person(agent: Agent, name: string): Promise<Account>;
  /**
   * Makes sure that the other one of two takes what is said.
   * @throws ProtocolError `not-delivered`
   */
  deliverable(account: Account, place: Place): Promise<void>;
  /**
   * A message in a conversation that the account is in.
   * @throws ProtocolError `no-such-message`
   */
  message(account: Account, seq: number): Promise<Located & { place: Place; membership?: Membership }>;
}

export function createLookup({ store, seats }: { store: Store; seats: LiveRooms }): Lookup {
  function membership(account: Account, room: string): Membership {
    const parsed = parseRoomName(room);
    const name = parsed.ok ? parsed.name : '';
    const found = seats.of(account.id).get(name);
    if (found !== undefined) return found;
    if (seats.publicRoom(name) !== undefined) {
      throw new ProtocolError('not-a-member', `You are not in #${name}. Join it first.`);
    }
    throw new ProtocolError('no-such-room', 'There is no such room.');
  }

  async function person(agent: Agent, typed: string): Promise<Account> {
    const name = parseName(typed);
    const account = name.ok ? await store.account(name.name) : undefined;
    if (account !== undefined) return account;
    const look = typable(agent, {
      chat: '/list shows who is here.',
      shell: 'secure-chat user list shows all accounts.',
    });
    throw new ProtocolError('no-such-name', `Nobody here has that name. ${look}`);
  }

  function mineOf({ id }: Account, room: number): Membership | undefined {
    const live = seats.rooms.get(room);
    const mine = live === undefined ? undefined : seats.of(id).get(live.name);
    return mine?.room === live ? mine : undefined;
  }

  return {
    membership,
    person,
    isIn(account, target) {
      if ('direct' in target) return target.direct.includes(account.id);
      return mineOf(account, target.room) !== undefined;
    },
    async deliverable({ name }, { peer }) {
      const other = peer === undefined ? undefined : await store.account(peer);
      if (other !== undefined && (await store.blocks(other.id)).includes(name)) throw notDelivered();
    },
    async find(account, { room, peer }) {
      if (room !== undefined && peer === undefined) return placeOf(membership(account, room));
      if (peer === undefined || room !== undefined) {
        throw new ProtocolError('bad-request', 'Name either a room or a person.');
      }
      const other = await person(account, peer);
      return { target: { direct: [account.id, other.id] }, room: undefined, peer: other.name };
    },
    async message(account, seq) {
      const found = await store.locate(seq);
      if (found !== undefined && 'direct' in found.target && found.target.direct.includes(account.id)) {
        const { entry, to } = found;
        const peer = entry.from === account.name ? to : entry.from;
        return { ...found, place: { target: found.target, room: undefined, peer } };
      }
      if (found !== undefined && 'room' in found.target) {
        const mine = mineOf(account, found.target.room);
        if (mine !== undefined) return { ...found, place: placeOf(mine), membership: mine };
      }
      throw new ProtocolError('no-such-message', 'There is no such message.');
    },
  };
}

export function placeOf({ room }: Membership): Place {
  return { target: { room: room.id }, room: room.name, peer: undefined };
}

/** The same whatever the reason: whoever is blocked learns nothing more. */
export function notDelivered(): ProtocolError {
  return new ProtocolError('not-delivered', 'It was not delivered.');
}
