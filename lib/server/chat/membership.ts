/** Membership of rooms: join, leave, invite, appoint, expel. Knows rooms and people, no messages. */
import { ProtocolError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import { parseRoomName } from '../../protocol/names.js';
import type { RoomRole } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Room, RoomInvitation } from '../../store/room-store.js';
import { addressKey } from '../net/address.js';
import { createRateLimiter } from '../rate-limiter.js';
import { conversationRecord, topicField } from './frames.js';
import type { LeaveDetails } from './join-notices.js';
import type { LiveRoom } from './live-rooms.js';
import { noSuchRoom } from './lookup.js';
import type { ChatParts } from './parts.js';
import { actorOf, notAllowed } from './permissions.js';
import type { Member } from './presence.js';

export interface Membership {
  /** An account was put into a room in the store: tells everyone online. */
  entered(account: Account, room: number): Promise<void>;
  /**
   * Joins the room of that name if it is public or the account is invited to it, or else creates it.
   * @throws ProtocolError `name-invalid`, `not-allowed`, `room-name-taken`, `too-many-rooms`, `rate-limited`
   */
  join(member: Member, request: RequestOf<'join'>): Promise<void>;
  /**
   * Leaves a room or declines the invitation to it.
   * @throws ProtocolError `not-allowed`, `room-would-end`, `not-a-member`, `no-such-room`
   */
  leave(member: Member, request: RequestOf<'leave'>): Promise<void>;
  /** @throws ProtocolError `no-such-room`, `not-a-member`, `no-such-name`, `not-allowed`, `rate-limited` */
  invite(member: Member, request: RequestOf<'invite'>): Promise<void>;
  /** @throws ProtocolError `no-such-room`, `not-a-member`, `no-such-name`, `not-allowed` */
  appoint(member: Member, request: RequestOf<'appoint'>): Promise<void>;
  /**
   * Takes an account out of a room.
   * @param end even if it is the last member: the room then ends
   * @returns false if it is not a member, or is the last one and `end` is not set
   */
  expel(
    account: Account,
    room: LiveRoom,
    details: LeaveDetails,
    options?: { end: boolean },
  ): Promise<boolean>;
}

interface Internals extends ChatParts {
  /** Counts a new room or an invitation. @throws ProtocolError `rate-limited` */
  readonly countCreation: (account: Account) => void;
}

export function createMembership(deps: ChatParts): Membership {
  const { creationsPerMinute } = limits;
  const creations = createRateLimiter<number>(
    { burst: creationsPerMinute, perSecond: creationsPerMinute / 60 },
    deps.clock,
  );
  const internals: Internals = {
    ...deps,
    countCreation({ id }) {
      const wait = creations.take(id);
      if (wait === 0) return;
      throw new ProtocolError('rate-limited', 'You are creating rooms and inviting people too fast.', wait);
    },
  };
  return {
    join: (member, request) => join(internals, member, request),
    leave: ({ account }, request) => leave(internals, account, request),
    invite: ({ account }, request) => invite(internals, account, request),
    appoint: ({ account }, request) => appoint(internals, account, request),
    entered: (account, room) => announceJoin(internals, account, room),
    expel: (account, room, details, options) => expel(internals, account, room, { ...details, ...options }),
  };
}

async function join(deps: Internals, member: Member, request: RequestOf<'join'>): Promise<void> {
  const parsed = parseRoomName(request.room);
  if (!parsed.ok) throw new ProtocolError(parsed.code, parsed.message);
  const wanted = { name: parsed.name, isPrivate: request.private ?? false };
  if (await joinKnown(deps, member.account, wanted)) return;
  if (await create(deps, member, wanted)) return;
  // Another member created a room of that name meanwhile, perhaps on another server, which has not told yet.
  if (deps.peers.others) deps.rooms.sync(await deps.store.rooms());
  if (!(await joinKnown(deps, member.account, wanted))) throw nameTaken();
}

interface WantedRoom {
  readonly name: string;
  readonly isPrivate: boolean;
}

/** @returns false if there is no such room that the account may enter */
async function joinKnown(
  deps: Internals,
  account: Account,
  { name, isPrivate }: WantedRoom,
): Promise<boolean> {
  const { rooms } = deps;
  const mine = rooms.membershipsOf(account.id).get(name)?.room;
  if (mine !== undefined && isPrivate && !mine.private) throw nameTaken();
  if (mine !== undefined) return true;
  const publicRoom = rooms.publicRoom(name);
  if (isPrivate && publicRoom !== undefined) throw nameTaken();
  const known = publicRoom ?? (await invitationTo(deps, account, name))?.room;
  return known !== undefined && enter(deps, account, known);
}

/** @returns false if the account is not or no longer allowed to enter the room */
async function enter(deps: Internals, account: Account, { id }: Pick<Room, 'id'>): Promise<boolean> {
  const { outcome } = await deps.store.joinRoom(account.id, id);
  switch (outcome) {
    case 'joined':
    case 'already-member':
      await announceJoin(deps, account, id);
      return true;
    case 'not-invited':
      return false;
    case 'too-many':
      throw tooManyRooms('memberships');
    default:
      return outcome satisfies never;
  }
}

/** @returns false if the name is taken */
async function create(
  deps: Internals,
  { account, address }: Member,
  { name, isPrivate }: WantedRoom,
): Promise<boolean> {
  const { store, clock, announce, permissions } = deps;
  if (!permissions.allows(actorOf(account), 'make-room')) {
    throw notAllowed('Only admins can create rooms on this server.');
  }
  deps.countCreation(account);
  const made = await store.createRoom({
    ...{ name, private: isPrivate, owner: account.id, at: clock.now() },
    ...{ address: addressKey(address), unlimited: account.role === 'admin' },
  });
  switch (made.outcome) {
    case 'created':
      announce.opened(made.room);
      await announceJoin(deps, account, made.room.id);
      return true;
    case 'name-taken':
      return false;
    case 'too-many':
      throw tooManyRooms(made.of);
    default:
      return made satisfies never;
  }
}

async function announceJoin(
  { store, rooms, announce }: Internals,
  account: Account,
  room: number,
): Promise<void> {
  const { id, name } = account;
  const standings = await store.conversations(id);
  const standing = standings.find((each) => each.kind === 'room' && each.room.id === room);
  // It left again, or another terminal of the same account was faster.
  if (standing?.kind !== 'room' || rooms.membershipsOf(id).has(standing.name)) return;
  const conversation = conversationRecord(standing);
  announce.entered({ account: id, name, room, role: standing.role, conversation });
}

async function leave(deps: Internals, account: Account, request: RequestOf<'leave'>): Promise<void> {
  const parsed = parseRoomName(request.room);
  const name = parsed.ok ? parsed.name : '';
  const room = deps.rooms.membershipsOf(account.id).get(name)?.room;
  if (room === undefined) {
    const invitation = await invitationTo(deps, account, name);
    // Throws: without an invitation there is nothing to leave.
    if (invitation === undefined) deps.lookup.membership(account, request.room);
    else await deps.store.dismissInvitation(account.id, invitation.room.id);
    return;
  }
  if (room.lobby) throw notAllowed(`You can't leave #${name}.`);
  if ((await leaveRoom(deps, account, room, { end: request.end ?? false })) !== 'last') return;
  const message = `You are the last member of #${name}. Leaving it deletes the room and its messages.`;
  throw new ProtocolError('room-would-end', message);
}

async function expel(
  deps: Internals,
  account: Account,
  room: LiveRoom,
  options: LeaveDetails & { end?: boolean },
): Promise<boolean> {
  const outcome = await leaveRoom(deps, account, room, options);
  return outcome === 'left' || outcome === 'ended';
}

/** Takes an account out of a room in the store, then for everyone online. */
async function leaveRoom(
  deps: Internals,
  account: Account,
  room: LiveRoom,
  { end = false, ...details }: LeaveDetails & { end?: boolean },
): Promise<'left' | 'ended' | 'last' | 'not-a-member'> {
  const { id, name } = account;
  const parted = (shown: LeaveDetails) =>
    deps.announce.parted({ account: id, name, room: room.id, details: shown });
  const leaving = await deps.store.leaveRoom(id, room.id, { end });
  switch (leaving.outcome) {
    case 'left':
      parted(details);
      if (leaving.heir !== undefined) {
        announceRole(deps, leaving.heir, room, { role: 'owner', by: details.by ?? name });
      }
      break;
    case 'ended':
      parted({});
      deps.announce.closed({ id: room.id });
      deps.onRemoved();
      break;
    case 'last':
    case 'not-a-member':
      break;
    default:
      leaving satisfies never;
  }
  return leaving.outcome;
}

async function invite(
  deps: Internals,
  account: Account,
  { room: roomName, name }: RequestOf<'invite'>,
): Promise<void> {
  const { store, clock, announce, lookup, permissions } = deps;
  lookup.membership(account, roomName);
  const other = await lookup.person(account, name);
  // Once more: the account may have left while the name was looked up.
  const membership = lookup.membership(account, roomName);
  const { room } = membership;
  if (!permissions.allows(actorOf(account, membership), 'invite')) throw notAllowed();
  deps.countCreation(account);
  const invited = await store.inviteToRoom({
    room: room.id,
    account: other.id,
    by: account.id,
    at: clock.now(),
  });
  if (invited === 'no-such-room') throw noSuchRoom();
  if (invited === 'already-member') throw notAllowed(`${other.name} is already in #${room.name}.`);
  if (invited === 'blocked') return;
  announce.told({ account: other.id, event: invitedEvent({ room, by: account.name }) });
}

async function appoint(
  deps: Internals,
  account: Account,
  { room: roomName, name, role }: RequestOf<'appoint'>,
): Promise<void> {
  const { store, lookup, audit } = deps;
  ownedRoom(deps, account, roomName);
  const other = await lookup.person(account, name);
  // Once more: the account may have lost its role while the name was looked up.
  const room = ownedRoom(deps, account, roomName);
  const outcome = await store.setRoomRole(other.id, room.id, role);
  switch (outcome) {
    case 'set':
      announceRole(deps, other, room, { role, by: account.name });
      return audit.record(account, { action: 'appoint', on: other.name, detail: role, room });
    case 'not-a-member':
      throw new ProtocolError('not-a-member', `${other.name} is not in #${room.name}.`);
    case 'last-owner':
      throw notAllowed(`#${room.name} needs an owner. Appoint another one first.`);
    default:
      outcome satisfies never;
  }
}

function ownedRoom({ lookup, permissions }: Internals, account: Account, name: string): LiveRoom {
  const membership = lookup.membership(account, name);
  const { room } = membership;
  if (room.lobby) throw notAllowed(`The roles in #${room.name} are those of the server.`);
  if (permissions.allows(actorOf(account, membership), 'appoint')) return room;
  throw notAllowed(`Only owners of #${room.name} can do that.`);
}

function announceRole(
  { announce }: Internals,
  { id, name }: Account,
  room: LiveRoom,
  { role, by }: { role: RoomRole; by: string },
): void {
  announce.roomRole({ account: id, name, room: room.id, role, by });
}

async function invitationTo(
  { store }: Internals,
  account: Account,
  name: string,
): Promise<RoomInvitation | undefined> {
  const invitations = await store.invitations(account.id);
  return invitations.find(({ room }) => room.name === name);
}

export function invitedEvent({ room, by }: { room: Pick<Room, 'name' | 'topic'>; by: string }) {
  return { type: 'invited', room: room.name, by, ...topicField(room) } as const;
}

/**
 * The same for public and private rooms: were they allowed to share a name, people could be invited into a room that
 * poses as another. So anyone who may create rooms can find out that a name is in use; a private room's name is no secret.
 */
function nameTaken(): ProtocolError {
  const message = 'Another room has that name; it may be a private one. Choose another.';
  return new ProtocolError('room-name-taken', message);
}

const tooMany = {
  server: `This server is full: it can have ${limits.rooms} rooms.`,
  memberships: `You can be in ${limits.roomsPerAccount} rooms. Leave one first.`,
  account: `You can make ${limits.roomsMade} rooms. Ask an admin to make this one.`,
  address: `${limits.roomsMadePerAddress} rooms were made from your address. Ask an admin to make this one.`,
};

function tooManyRooms(of: keyof typeof tooMany): ProtocolError {
  return new ProtocolError('too-many-rooms', tooMany[of]);
}
