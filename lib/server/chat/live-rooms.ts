/**
 * Live rooms, and who of those signed in is in which, as what. Knows gates and names; neither the store nor
 * what is said.
 */
import type { ServerFrame } from '../../protocol/events.js';
import { encodeFrame } from '../../protocol/frame.js';
import type { RoomRole, RoomRules } from '../../protocol/records.js';
import type { Target } from '../../store/message-store.js';
import type { Room, Standing } from '../../store/room-store.js';
import type { Clock } from '../../system/clock.js';
import type { Subscriber } from './fan-out.js';
import { createFanOut, type FanOut } from './fan-out.js';
import { createJoinNotices, type JoinNotices } from './join-notices.js';
import type { Member, Presence } from './presence.js';

export interface LiveRoom extends Omit<Room, 'topic' | 'rules'> {
  topic: string;
  rules: RoomRules;
  /** Terminals of its members that hear what is said in it. */
  readonly gates: Set<Subscriber>;
  /** Its members who are signed in. */
  readonly people: Set<number>;
  readonly fanOut: FanOut;
  /** Who becomes a member and who no longer is. */
  readonly tally: JoinNotices;
}

export interface Membership {
  readonly room: LiveRoom;
  readonly role: RoomRole;
}

export interface LiveRooms {
  readonly rooms: ReadonlyMap<number, LiveRoom>;
  /** The public room of a name. */
  publicRoom(name: string): LiveRoom | undefined;
  open(room: Room): LiveRoom;
  /** The room is no longer. */
  close(room: LiveRoom): void;
  /** Takes note of what an account is in, unless it is known. */
  fill(account: number, standings: readonly Standing[]): void;
  /** Forgets an account that has no terminal here any more. */
  forget(account: number): void;
  /** Rooms of an account that is signed in, by name. */
  of(account: number): ReadonlyMap<string, Membership>;
  /** Without effect for an account that is not signed in. */
  set(account: number, membership: Membership): void;
  remove(account: number, room: LiveRoom): void;
  /** Sends a notice to everybody who is in a room that everybody is in. */
  everybody(notice: (room: string) => ServerFrame): void;
}

const nowhere: ReadonlyMap<string, Membership> = new Map();

export function createLiveRooms(clock: Clock): LiveRooms {
  const rooms = new Map<number, LiveRoom>();
  const named = new Map<string, LiveRoom>();
  const seats = new Map<number, Map<string, Membership>>();

  function open(room: Room): LiveRoom {
    const gates = new Set<Subscriber>();
    const people = new Set<number>();
    const fanOut = createFanOut(clock, (frames) => {
      for (const gate of gates) gate.send(frames);
    });
    const tally = createJoinNotices({
      clock,
      audience: () => people.size,
      online: () => people.size,
      notify: (notice) => fanOut.push(encodeFrame(notice(room.name))),
    });
    const live: LiveRoom = { ...room, gates, people, fanOut, tally };
    rooms.set(room.id, live);
    if (!room.private) named.set(room.name, live);
    return live;
  }

  return {
    rooms,
    publicRoom: (name) => named.get(name),
    open,
    close(room) {
      room.fanOut.flush();
      rooms.delete(room.id);
      if (named.get(room.name) === room) named.delete(room.name);
    },
    fill(account, standings) {
      if (seats.has(account)) return;
      const mine = new Map<string, Membership>();
      for (const standing of standings) {
        const room = standing.kind === 'room' ? rooms.get(standing.room.id) : undefined;
        if (standing.kind !== 'room' || room === undefined) continue;
        mine.set(room.name, { room, role: standing.role });
        room.people.add(account);
      }
      seats.set(account, mine);
    },
    forget(account) {
      for (const { room } of seats.get(account)?.values() ?? []) room.people.delete(account);
      seats.delete(account);
    },
    of: (account) => seats.get(account) ?? nowhere,
    set(account, membership) {
      const mine = seats.get(account);
      if (mine === undefined) return;
      mine.set(membership.room.name, membership);
      membership.room.people.add(account);
    },
    remove(account, room) {
      const mine = seats.get(account);
      if (mine?.get(room.name)?.room !== room) return;
      mine.delete(room.name);
      room.people.delete(account);
    },
    everybody(notice) {
      for (const room of rooms.values()) {
        if (room.everybody) room.fanOut.push(encodeFrame(notice(room.name)));
      }
    },
  };
}

export interface Delivery {
  /** Every terminal of these accounts that is live, but for one. */
  toAccounts(accounts: readonly number[], frame: ServerFrame, except?: Member): void;
  /** Every terminal of an account, also those that have not synced: what they know of it changes. */
  toTerminals(account: number, frame: ServerFrame): void;
  /** Everybody in a conversation; encoded once. */
  toConversation(target: Target, frame: ServerFrame): void;
}

export interface DeliveryDeps {
  readonly seats: LiveRooms;
  readonly presence: Pick<Presence, 'terminals'>;
  readonly live: ReadonlyMap<Member, Subscriber>;
}

export function createDelivery({ seats, presence, live }: DeliveryDeps): Delivery {
  function toAccounts(accounts: readonly number[], bytes: Buffer, except?: Member): void {
    for (const id of new Set(accounts)) {
      for (const terminal of presence.terminals(id)) {
        if (terminal !== except) live.get(terminal)?.send(bytes);
      }
    }
  }
  return {
    toAccounts: (accounts, frame, except) => toAccounts(accounts, encodeFrame(frame), except),
    toTerminals(account, frame) {
      const bytes = encodeFrame(frame);
      for (const terminal of presence.terminals(account)) (live.get(terminal) ?? terminal).send(bytes);
    },
    toConversation(target, frame) {
      const bytes = encodeFrame(frame);
      if ('direct' in target) toAccounts(target.direct, bytes);
      else seats.rooms.get(target.room)?.fanOut.push(bytes);
    },
  };
}
