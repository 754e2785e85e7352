/** Becoming and being a member of a room: join, leave, invite, appoint. Knows rooms and people, no messages. */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { parseRoomName } from '../../protocol/names.js';
import type { Conversation, RoomRole } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Room, Standing } from '../../store/room-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { inAudit } from '../moderation/audit.js';
import { createRateLimiter } from '../rate-limiter.js';
import { actorIn } from './actor.js';
import type { Subscriber } from './fan-out.js';
import type { Circumstances } from './join-notices.js';
import type { Delivery, LiveRoom, LiveRooms } from './live-rooms.js';
import type { Lookup } from './lookup.js';
import { can, type Policy } from './permissions.js';
import type { Member, Presence } from './presence.js';

export interface Membership {
  /** @throws ProtocolError `name-invalid`, `not-allowed`, `room-name-taken`, `too-many-rooms`, `rate-limited` */
  join(member: Member, request: RequestOf<'join'>): Promise<void>;
  /** @throws ProtocolError `not-allowed`, `room-would-end`, `not-a-member`, `no-such-room` */
  leave(member: Member, request: RequestOf<'leave'>): Promise<void>;
  /** @throws ProtocolError `no-such-room`, `not-a-member`, `no-such-name`, `not-allowed`, `rate-limited` */
  invite(member: Member, request: RequestOf<'invite'>): Promise<void>;
  /** @throws ProtocolError `no-such-room`, `not-a-member`, `no-such-name`, `not-allowed` */
  appoint(member: Member, request: RequestOf<'appoint'>): Promise<void>;
  /**
   * Somebody is in a room no longer, whatever they want.
   * @param end as its last member, too: the room ends then
   * @returns false where they are not in it, or are the last and it is not to end
   */
  expel(
    account: Account,
    room: LiveRoom,
    circumstances: Circumstances,
    options?: { end: boolean },
  ): Promise<boolean>;
}

export interface MembershipDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly seats: LiveRooms;
  readonly places: Lookup;
  readonly delivery: Delivery;
  readonly presence: Presence;
  readonly live: ReadonlyMap<Member, Subscriber>;
  readonly policy: Policy;
  /** A room ended: what was said in it can be cleared away. */
  readonly onEnded: () => void;
}

/** New rooms and invitations of one account: a burst, and this many a minute after it. */
const eagerness = { burst: 20, perSecond: 20 / 60 };

export function conversationOf(standing: Standing): Conversation {
  const { name, last, read, unread, mentions } = standing;
  if (standing.kind === 'direct') return { with: name, last, read, unread, mentions };
  const { role, room } = standing;
  return {
    room: name,
    last,
    read,
    unread,
    mentions,
    role,
    ...(room.private ? { private: true } : {}),
    ...(room.topic === '' ? {} : { topic: room.topic }),
    ...(Object.keys(room.rules).length === 0 ? {} : { rules: room.rules }),
  };
}

export function createMembership(deps: MembershipDeps): Membership {
  const { store, clock, seats, places, delivery, presence, live, policy } = deps;
  const allowance = createRateLimiter<number>(eagerness, clock);

  function hasten({ id }: Account): void {
    const wait = allowance.take(id);
    if (wait > 0) throw new ProtocolError('rate-limited', 'You make and invite too much at once.', wait);
  }

  async function entered(account: Account, room: LiveRoom): Promise<void> {
    const standings = await store.standings(account.id);
    const standing = standings.find((each) => each.kind === 'room' && each.room.id === room.id);
    // Gone again, or known by now, by another terminal of the same person.
    if (standing?.kind !== 'room' || room.people.has(account.id)) return;
    seats.set(account.id, { room, role: standing.role });
    // What waits there was said before.
    room.fanOut.flush();
    delivery.toTerminals(account.id, { type: 'room', conversation: conversationOf(standing) });
    for (const terminal of presence.terminals(account.id)) {
      const gate = live.get(terminal);
      if (gate !== undefined) room.gates.add(gate);
    }
    room.tally.joined(account.name);
  }

  /** @returns false where somebody may not, or cannot any more, enter it as it is */
  async function enter(account: Account, { id }: Pick<Room, 'id'>): Promise<boolean> {
    const { outcome } = await store.enterRoom(account.id, id);
    const room = seats.rooms.get(id);
    switch (outcome) {
      case 'entered':
      case 'member-already':
        if (room !== undefined) await entered(account, room);
        return true;
      case 'not-invited':
        return false;
      case 'name-taken':
        throw nameTaken();
      case 'too-many':
        throw tooMany();
      default:
        return outcome satisfies never;
    }
  }

  async function make(account: Account, name: string, hidden: boolean): Promise<void> {
    if (!can(actorIn(account), 'make-room', policy)) {
      throw new ProtocolError('not-allowed', 'Here only admins make rooms. Ask one of them.');
    }
    hasten(account);
    const made = await store.makeRoom({ name, private: hidden, owner: account.id, at: clock.now() });
    switch (made.outcome) {
      case 'made':
        return entered(account, seats.open(made.room));
      case 'name-taken':
        throw nameTaken();
      case 'too-many':
        throw tooMany();
      default:
        return made satisfies never;
    }
  }

  function left(account: Account, room: LiveRoom, circumstances: Circumstances = {}): void {
    room.fanOut.flush();
    seats.remove(account.id, room);
    for (const terminal of presence.terminals(account.id)) {
      const gate = live.get(terminal);
      if (gate !== undefined) room.gates.delete(gate);
    }
    delivery.toTerminals(account.id, { type: 'parted', room: room.name, ...circumstances });
    room.tally.left(account.name, circumstances);
  }

  function ended(account: Account, room: LiveRoom): void {
    left(account, room);
    seats.close(room);
    deps.onEnded();
  }

  function told(room: LiveRoom, account: Account, { role, by }: { role: RoomRole; by: string }): void {
    if (seats.of(account.id).get(room.name)?.room === room) seats.set(account.id, { room, role });
    const { name } = account;
    delivery.toConversation({ room: room.id }, { type: 'role', room: room.name, name, role, by });
  }

  function ownedBy(account: Account, name: string): LiveRoom {
    const membership = places.membership(account, name);
    const { room } = membership;
    if (room.everybody) {
      throw new ProtocolError('not-allowed', `#${room.name} is everybody's: the admins own it.`);
    }
    if (can(actorIn(account, membership), 'appoint', policy)) return room;
    throw new ProtocolError('not-allowed', `Only owners of #${room.name} may do that.`);
  }

  return {
    async join({ account }, { room, private: hidden = false }) {
      const parsed = parseRoomName(room);
      if (!parsed.ok) throw new ProtocolError(parsed.code, parsed.message);
      const { name } = parsed;
      const mine = seats.of(account.id).get(name)?.room;
      if (mine !== undefined && hidden && !mine.private) throw nameTaken();
      if (mine !== undefined) return;
      const invitations = await store.invitations(account.id);
      const invited = invitations.find((each) => each.room.name === name);
      const open = seats.publicRoom(name);
      if (hidden && open !== undefined) throw nameTaken();
      const known = invited?.room ?? (hidden ? undefined : open);
      if (known !== undefined && (await enter(account, known))) return;
      await make(account, name, hidden);
    },

    async leave({ account }, { room, end = false }) {
      const parsed = parseRoomName(room);
      const name = parsed.ok ? parsed.name : '';
      const mine = seats.of(account.id).get(name);
      if (mine === undefined) {
        const invitations = await store.invitations(account.id);
        const invited = invitations.find((each) => each.room.name === name);
        // Without an invitation either, there is nothing to leave.
        if (invited === undefined) places.membership(account, room);
        else await store.dismissInvitation(account.id, invited.room.id);
        return;
      }
      if (mine.room.everybody) {
        throw new ProtocolError('not-allowed', `Everybody is in #${name}: nobody leaves it.`);
      }
      const leaving = await store.leaveRoom(account.id, mine.room.id, { end });
      switch (leaving.outcome) {
        case 'last': {
          const message = `You are the last one in #${name}: it ends, with all that was said in it, if you leave.`;
          throw new ProtocolError('room-would-end', message);
        }
        case 'left':
          left(account, mine.room);
          if (leaving.heir !== undefined) told(mine.room, leaving.heir, { role: 'owner', by: account.name });
          return;
        case 'ended':
          ended(account, mine.room);
          return;
        case 'not-a-member':
          return;
        default:
          leaving satisfies never;
      }
    },

    async invite({ account }, { room: roomName, name }) {
      places.membership(account, roomName);
      const other = await places.person(account, name);
      // Only now: they may have left while the name was looked up.
      const membership = places.membership(account, roomName);
      const { room } = membership;
      if (!can(actorIn(account, membership), 'invite', policy)) throw notAllowed();
      hasten(account);
      const invitation = { room: room.id, account: other.id, by: account.id, at: clock.now() };
      const invited = await store.inviteToRoom(invitation);
      if (invited === 'member-already') {
        throw new ProtocolError('not-allowed', `${other.name} is in #${room.name} already.`);
      }
      if (invited === 'blocked') return;
      delivery.toAccounts([other.id], {
        type: 'invited',
        room: room.name,
        by: account.name,
        ...topicOf(room),
      });
    },

    async appoint({ account }, { room: roomName, name, role }) {
      ownedBy(account, roomName);
      const other = await places.person(account, name);
      // Once more: they may be an owner no longer since the name was looked up.
      const room = ownedBy(account, roomName);
      const outcome = await store.setRoomRole(other.id, room.id, role);
      switch (outcome) {
        case 'set':
          told(room, other, { role, by: account.name });
          await store.record({
            ...{ at: clock.now(), by: account.name, action: 'appoint', on: other.name, detail: role },
            ...inAudit(room),
          });
          return;
        case 'not-a-member':
          throw new ProtocolError('not-a-member', `${other.name} is not in #${room.name}.`);
        case 'last-owner': {
          const message = `#${room.name} needs an owner: appoint another one first.`;
          throw new ProtocolError('not-allowed', message);
        }
        default:
          outcome satisfies never;
      }
    },

    async expel(account, room, circumstances, { end } = { end: false }) {
      const leaving = await store.leaveRoom(account.id, room.id, { end });
      if (leaving.outcome === 'ended') {
        ended(account, room);
        return true;
      }
      if (leaving.outcome !== 'left') return false;
      left(account, room, circumstances);
      if (leaving.heir !== undefined) {
        told(room, leaving.heir, { role: 'owner', by: circumstances.by ?? account.name });
      }
      return true;
    },
  };
}

export function topicOf({ topic }: Pick<Room, 'topic'>): { topic?: string } {
  return topic === '' ? {} : { topic };
}

export function notAllowed(): ProtocolError {
  return new ProtocolError('not-allowed', 'You may not do that here.');
}

function nameTaken(): ProtocolError {
  return new ProtocolError('room-name-taken', 'Another room has that name: choose another.');
}

function tooMany(): ProtocolError {
  const message = `You can be in ${limits.roomsPerAccount} rooms, and there can be ${limits.rooms}: leave one first.`;
  return new ProtocolError('too-many-rooms', message);
}
