/**
 * Live rooms: which signed-in accounts are in which room, their roles and mutes, and how frames reach their terminals.
 * Knows neither the store nor what is posted.
 */
import { isEntry, type ServerFrame } from '../../protocol/events.js';
import { encodeFrame } from '../../protocol/frame.js';
import type { RoomRole, RoomRules } from '../../protocol/records.js';
import type { ConversationKey } from '../../store/message-store.js';
import type { Mute } from '../../store/moderation-store.js';
import type { ConversationSummary, Room } from '../../store/room-store.js';
import type { Clock } from '../../system/clock.js';
import { afterWrites } from '../net/end-of-turn.js';
import { createFanOut, createSubscriber, type FanOut, type Subscriber } from './fan-out.js';
import { createJoinNotices, type JoinNotices } from './join-notices.js';
import type { Member } from './presence.js';
import {
  createRecentEntries,
  createRecentMemory,
  type RecentEntries,
  type RecentMemory,
} from './recent-entries.js';

export interface LiveRoom extends Omit<Room, 'topic' | 'rules'> {
  topic: string;
  rules: RoomRules;
  /**
   * Terminals of its members that get what is posted in it, each with how many of the waiting frames it does not get: they
   * were sent before it came. To write those out first would, in a rush, be a write to everyone for everyone.
   */
  readonly subscribers: Map<Subscriber, number>;
  /** Ids of its members who are signed in. */
  readonly online: Set<number>;
  readonly fanOut: FanOut;
  readonly joinNotices: JoinNotices;
  readonly recent: RecentEntries;
}

export interface RoomMembership {
  readonly room: LiveRoom;
  readonly role: RoomRole;
}

interface AccountState {
  readonly standings: readonly ConversationSummary[];
  readonly mutes: readonly Mute[];
}

/** What is kept in memory of accounts that are signed in. Changes of others have no effect. */
interface LiveAccounts {
  /** Without effect if the account is loaded already. */
  load(account: number, state: AccountState): void;
  /** Forgets an account, unless a terminal of it is signed in or something holds it. */
  unload(account: number): void;
  /** As `load`, and keeps the account loaded until the returned function is called. */
  hold(account: number, state: AccountState): () => void;
  /** By the room's name. */
  membershipsOf(account: number): ReadonlyMap<string, RoomMembership>;
  setRole(account: number, room: LiveRoom, role: RoomRole): void;
  mutesOf(account: number): readonly Mute[];
  mute(account: number, mute: Mute): void;
  /** @param room undefined for the mute everywhere */
  unmute(account: number, room: number | undefined): void;
}

/** Frames to terminals that have synced. */
interface Delivery {
  /**
   * Holds what is posted from now on for a member; it goes out when the returned function is called. That function
   * returns false if it was too much to hold: then it is in the store only. Without effect for one that is offline by now.
   */
  subscribe(member: Member): () => boolean;
  unsubscribe(member: Member): void;
  /** Whether posts in a conversation reach a member now. */
  reaches(member: Member, target: ConversationKey): boolean;
  sendToMember(member: Member, frame: ServerFrame): void;
  /** All terminals of these accounts but one. */
  sendToAccounts(accounts: readonly number[], frame: ServerFrame, except?: Member): void;
  /** All terminals of an account, including those that have not synced. */
  sendToTerminals(account: number, frame: ServerFrame): void;
  /** Everyone in a conversation; encoded once. */
  sendToConversation(target: ConversationKey, frame: ServerFrame): void;
  /** Members of the rooms that every account is in. */
  sendToEveryone(notice: (room: string) => ServerFrame): void;
  /** Sends at once what is waiting in the rooms' buffers. */
  flush(): void;
  /** Entries were removed from the store. */
  forgetRecent(): void;
}

/** Since the start. */
interface DeliveryCounts {
  /** Times at which a room's waiting frames went out to all of its subscribers. */
  fanOuts: number;
  /** Frames to terminals: one message to a room with 100 of them is 100. */
  deliveries: number;
}

export interface LiveRooms extends LiveAccounts, Delivery {
  readonly counts: Readonly<DeliveryCounts>;
  readonly byId: ReadonlyMap<number, LiveRoom>;
  publicRoom(name: string): LiveRoom | undefined;
  open(room: Room): LiveRoom;
  close(room: LiveRoom): void;
  /** Opens and closes rooms until they are these, with their topics and rules. Tells who was in one that is gone. */
  sync(all: readonly Room[]): void;
  /** The account's terminals get what is posted from now on. Without effect for an account that is not loaded. */
  enter(account: number, membership: RoomMembership): void;
  leave(account: number, room: LiveRoom): void;
}

interface LiveAccount {
  readonly memberships: Map<string, RoomMembership>;
  mutes: readonly Mute[];
  holds: number;
}

interface State {
  readonly counts: DeliveryCounts;
  readonly memory: RecentMemory;
  readonly rooms: Map<number, LiveRoom>;
  readonly publicRooms: Map<string, LiveRoom>;
  readonly accounts: Map<number, LiveAccount>;
  /** Terminals that have synced. */
  readonly subscribers: Map<Member, Subscriber>;
  readonly terminals: (account: number) => ReadonlySet<Member>;
}

/** Bytes of recent entries that all rooms may keep together. */
const recentBytes = 16 * 1024 * 1024;

const noMemberships: ReadonlyMap<string, RoomMembership> = new Map();

/** @param terminals those of an account that are signed in */
export function createLiveRooms(clock: Clock, terminals: State['terminals']): LiveRooms {
  const state: State = {
    ...{ rooms: new Map(), publicRooms: new Map(), accounts: new Map(), subscribers: new Map() },
    ...{ memory: createRecentMemory(recentBytes), terminals, counts: { fanOuts: 0, deliveries: 0 } },
  };
  const { rooms, publicRooms, accounts } = state;

  function open(room: Room): LiveRoom {
    const live = createLiveRoom(room, clock, state);
    rooms.set(room.id, live);
    if (!room.private) publicRooms.set(room.name, live);
    return live;
  }

  function close(room: LiveRoom): void {
    room.fanOut.flush();
    room.recent.forget();
    // Bots of webhooks: people have left.
    for (const account of room.online) accounts.get(account)?.memberships.delete(room.name);
    rooms.delete(room.id);
    if (publicRooms.get(room.name) === room) publicRooms.delete(room.name);
  }

  const sends = delivery(state);
  return {
    ...liveAccounts(state),
    ...sends,
    counts: state.counts,
    byId: rooms,
    publicRoom: (name) => publicRooms.get(name),
    ...{ open, close },
    sync(all) {
      const ids = new Set(all.map(({ id }) => id));
      for (const room of [...rooms.values()].filter(({ id }) => !ids.has(id))) {
        for (const account of room.online)
          sends.sendToTerminals(account, { type: 'parted', room: room.name });
        close(room);
      }
      for (const room of all) {
        const { topic, rules } = room;
        Object.assign(rooms.get(room.id) ?? open(room), { topic, rules });
      }
    },
    enter(account, membership) {
      const live = accounts.get(account);
      if (live === undefined) return;
      const { room } = membership;
      live.memberships.set(room.name, membership);
      room.online.add(account);
      for (const subscriber of subscribersOf(state, account)) addSubscriber(room, subscriber);
    },
    leave(account, room) {
      room.fanOut.flush();
      for (const subscriber of subscribersOf(state, account)) room.subscribers.delete(subscriber);
      const memberships = accounts.get(account)?.memberships;
      if (memberships?.get(room.name)?.room !== room) return;
      memberships.delete(room.name);
      room.online.delete(account);
    },
  };
}

function createLiveRoom(room: Room, clock: Clock, { memory, counts }: State): LiveRoom {
  const subscribers = new Map<Subscriber, number>();
  const online = new Set<number>();
  const fanOut = createFanOut({ clock, afterWrites }, (all, frames) => {
    counts.fanOuts++;
    for (const [subscriber, skipped] of subscribers) {
      if (skipped > 0) subscribers.set(subscriber, 0);
      const its = skipped > 0 ? Buffer.concat(frames.slice(skipped)) : all;
      if (its.length > 0) subscriber.send(its);
      counts.deliveries += frames.length - skipped;
    }
  });
  const joinNotices = createJoinNotices(
    clock,
    () => online.size,
    (notice) => fanOut.push(encodeFrame(notice(room.name))),
  );
  return { ...room, subscribers, online, fanOut, joinNotices, recent: createRecentEntries(memory) };
}

function liveAccounts({ rooms, accounts, terminals }: State): LiveAccounts {
  function load(account: number, { standings, mutes }: AccountState): LiveAccount {
    const loaded = accounts.get(account);
    if (loaded !== undefined) return loaded;
    const memberships = new Map<string, RoomMembership>();
    for (const standing of standings) {
      const room = standing.kind === 'room' ? rooms.get(standing.room.id) : undefined;
      if (standing.kind !== 'room' || room === undefined) continue;
      memberships.set(room.name, { room, role: standing.role });
      room.online.add(account);
    }
    const live = { memberships, mutes, holds: 0 };
    accounts.set(account, live);
    return live;
  }

  function unload(account: number): void {
    const live = accounts.get(account);
    if (live === undefined || live.holds > 0 || terminals(account).size > 0) return;
    for (const { room } of live.memberships.values()) room.online.delete(account);
    accounts.delete(account);
  }

  return {
    load,
    unload,
    hold(account, state) {
      const live = load(account, state);
      live.holds++;
      return () => {
        live.holds--;
        unload(account);
      };
    },
    membershipsOf: (account) => accounts.get(account)?.memberships ?? noMemberships,
    setRole(account, room, role) {
      const memberships = accounts.get(account)?.memberships;
      if (memberships?.get(room.name)?.room === room) memberships.set(room.name, { room, role });
    },
    mutesOf: (account) => accounts.get(account)?.mutes ?? [],
    mute(account, mute) {
      const live = accounts.get(account);
      if (live !== undefined) live.mutes = [...live.mutes.filter(({ room }) => room !== mute.room), mute];
    },
    unmute(account, room) {
      const live = accounts.get(account);
      if (live !== undefined) live.mutes = live.mutes.filter((mute) => mute.room !== room);
    },
  };
}

function delivery(state: State): Delivery {
  const { rooms, accounts, subscribers, terminals } = state;

  function send(to: readonly number[], bytes: Buffer, except?: Member): void {
    for (const account of new Set(to)) {
      for (const terminal of terminals(account)) {
        const subscriber = terminal === except ? undefined : subscribers.get(terminal);
        if (subscriber === undefined) continue;
        subscriber.send(bytes);
        state.counts.deliveries++;
      }
    }
  }

  function roomsOf({ account: { id } }: Member): LiveRoom[] {
    return [...(accounts.get(id)?.memberships.values() ?? [])].map(({ room }) => room);
  }

  return {
    subscribe(member) {
      if (!terminals(member.account.id).has(member)) return () => true;
      const known = subscribers.get(member);
      const subscriber = known ?? createSubscriber(member);
      subscriber.hold();
      if (known === undefined) {
        subscribers.set(member, subscriber);
        for (const room of roomsOf(member)) addSubscriber(room, subscriber);
      }
      return () => subscriber.release();
    },
    unsubscribe(member) {
      const subscriber = subscribers.get(member);
      if (subscriber === undefined) return;
      subscribers.delete(member);
      for (const room of roomsOf(member)) room.subscribers.delete(subscriber);
    },
    reaches(member, target) {
      const subscriber = subscribers.get(member);
      if (subscriber === undefined || subscriber.holding) return false;
      return 'direct' in target || rooms.get(target.room)?.subscribers.has(subscriber) === true;
    },
    sendToMember: (member, frame) => subscribers.get(member)?.send(encodeFrame(frame)),
    sendToAccounts: (to, frame, except) => send(to, encodeFrame(frame), except),
    sendToTerminals(account, frame) {
      const bytes = encodeFrame(frame);
      for (const terminal of terminals(account)) (subscribers.get(terminal) ?? terminal).send(bytes);
    },
    sendToConversation(target, frame) {
      const bytes = encodeFrame(frame);
      if ('direct' in target) return send(target.direct, bytes);
      const room = rooms.get(target.room);
      if (isEntry(frame)) room?.recent.add(frame, bytes);
      room?.fanOut.push(bytes);
    },
    sendToEveryone(notice) {
      for (const room of rooms.values()) {
        if (room.lobby) room.fanOut.push(encodeFrame(notice(room.name)));
      }
    },
    flush() {
      for (const room of rooms.values()) room.fanOut.flush();
    },
    forgetRecent() {
      for (const room of rooms.values()) room.recent.forget();
    },
  };
}

function addSubscriber({ subscribers, fanOut }: LiveRoom, subscriber: Subscriber): void {
  if (!subscribers.has(subscriber)) subscribers.set(subscriber, fanOut.waiting);
}

/** Of an account's terminals that have synced. */
function subscribersOf({ subscribers, terminals }: State, account: number): Subscriber[] {
  return [...terminals(account)].flatMap((terminal) => subscribers.get(terminal) ?? []);
}
