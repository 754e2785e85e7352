/**
 * Moderation: kick, mute, roles, room rules and removed accounts. Each action needs a permission, takes effect on
 * connected members as soon as it is stored, whatever happens to the database next, and is then recorded in the audit log.
 * Knows people and rooms, no sockets.
 */
import { ProtocolError } from '../../protocol/errors.js';
import type { ServerFrame } from '../../protocol/events.js';
import { reasonText } from '../../protocol/message-text.js';
import type { RoomRules } from '../../protocol/records.js';
import type { RequestFields } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { LiveRoom, RoomMembership } from '../chat/live-rooms.js';
import type { Membership } from '../chat/membership.js';
import type { ChatParts } from '../chat/parts.js';
import { type Agent, actorOf } from '../chat/permissions.js';

/** All throw ProtocolError: `not-allowed`, `no-such-name`, `no-such-room`, `not-a-member`, `bad-request`. */
export interface Moderation {
  /** From the server or from a room. */
  kick(agent: Agent, request: RequestFields<'kick'>): Promise<void>;
  mute(agent: Agent, request: RequestFields<'mute'>): Promise<void>;
  unmute(agent: Agent, request: RequestFields<'unmute'>): Promise<void>;
  setRole(agent: Agent, request: RequestFields<'set-role'>): Promise<void>;
  /** Removes an account; its name stays taken. */
  remove(agent: Agent, name: string): Promise<void>;
  setRules(agent: Account, request: RequestFields<'set-rules'>): Promise<void>;
}

interface ModerationDeps extends ChatParts {
  readonly membership: Pick<Membership, 'expel'>;
  /** Revokes all tickets and transfers of an account. */
  readonly revokeFiles: (account: number) => void;
}

export function createModeration(deps: ModerationDeps): Moderation {
  return {
    kick: (agent, request) => kick(deps, agent, request),
    mute: (agent, request) => mute(deps, agent, request),
    unmute: (agent, request) => unmute(deps, agent, request),
    setRole: (agent, request) => setRole(deps, agent, request),
    remove: (agent, name) => removeAccount(deps, agent, name),
    setRules: (agent, request) => setRules(deps, agent, request),
  };
}

async function kick(
  deps: ModerationDeps,
  agent: Agent,
  { name, room, reason: typed = '' }: RequestFields<'kick'>,
): Promise<void> {
  const { presence, announce, audit } = deps;
  const reason = reasonText(typed);
  const target = await deps.lookup.person(agent, name);
  const membership = room === undefined ? undefined : membershipOf(deps, agent, room);
  if (membership !== undefined && !membership.room.lobby) {
    return kickFromRoom(deps, agent, { target, membership, reason });
  }
  deps.permissions.check(actorOf(agent), 'kick', actorOf(target), target.name);
  if (presence.count(target.id) === 0) {
    throw new ProtocolError('not-allowed', `${target.name} is offline. Use /ban to keep them out.`);
  }
  const message = `You were kicked by ${agent.name}${reason === '' ? '.' : `: ${reason}`}`;
  const details = { by: agent.name, ...reasonOf(reason) };
  announce.ended({ account: target.id, code: 'kicked', message, details });
  await audit.record(agent, { action: 'kick', on: target.name, reason });
}

async function kickFromRoom(
  deps: ModerationDeps,
  agent: Agent,
  { target, membership, reason }: { target: Account; membership: RoomMembership; reason: string },
): Promise<void> {
  const { room } = membership;
  const theirs = await storedMembership(deps, target, room);
  deps.permissions.check(actorOf(agent, membership), 'kick-from-room', actorOf(target, theirs), target.name);
  if (!(await deps.membership.expel(target, room, { by: agent.name, ...reasonOf(reason) }))) {
    throw notInRoom(target, room);
  }
  await deps.audit.record(agent, { action: 'kick', on: target.name, room, reason });
}

async function mute(
  deps: ModerationDeps,
  agent: Agent,
  { name, room: roomName, ms, reason: typed = '' }: RequestFields<'mute'>,
): Promise<void> {
  const { store, clock, audit, announce } = deps;
  const reason = reasonText(typed);
  const target = await deps.lookup.person(agent, name);
  const room = await muteScope(deps, agent, target, roomName);
  const mute = {
    ...(room !== undefined && { room: room.id }),
    ...(ms !== undefined && { until: clock.now() + ms }),
  };
  const muted = store.mute(target.id, mute);
  const recorded = audit.record(agent, { action: 'mute', on: target.name, room, ms, reason });
  await Promise.all([muted, recorded]);
  const event: ServerFrame = {
    ...{ type: 'muted', by: agent.name, ...reasonOf(reason) },
    ...(room !== undefined && { room: room.name }),
    ...(ms !== undefined && { ms }),
  };
  announce.muted({ account: target.id, mute, event });
}

async function unmute(
  deps: ModerationDeps,
  agent: Agent,
  { name, room: roomName }: RequestFields<'unmute'>,
): Promise<void> {
  const { store, clock, audit, announce } = deps;
  const target = await deps.lookup.person(agent, name);
  const room = await muteScope(deps, agent, target, roomName);
  if (!(await store.unmute(target.id, room?.id, clock.now()))) {
    throw new ProtocolError('no-such-name', `${target.name} is not muted${room ? ` in #${room.name}` : ''}.`);
  }
  const event: ServerFrame = {
    ...{ type: 'unmuted', by: agent.name },
    ...(room !== undefined && { room: room.name }),
  };
  announce.unmuted({ account: target.id, ...(room !== undefined && { room: room.id }), event });
  await audit.record(agent, { action: 'unmute', on: target.name, room });
}

/** Checks the permission to mute. @returns the room; undefined for the whole server, which the lobby stands for */
async function muteScope(
  deps: ModerationDeps,
  agent: Agent,
  target: Account,
  roomName: string | undefined,
): Promise<LiveRoom | undefined> {
  const { check } = deps.permissions;
  const membership = roomName === undefined ? undefined : membershipOf(deps, agent, roomName);
  if (membership === undefined || membership.room.lobby) {
    check(actorOf(agent), 'mute', actorOf(target), target.name);
    return undefined;
  }
  const theirs = await storedMembership(deps, target, membership.room);
  check(actorOf(agent, membership), 'mute-in-room', actorOf(target, theirs), target.name);
  return membership.room;
}

async function setRole(
  deps: ModerationDeps,
  agent: Agent,
  { name, role }: RequestFields<'set-role'>,
): Promise<void> {
  const { store, audit, announce } = deps;
  const target = await deps.lookup.person(agent, name);
  // Anyone who can set roles can step down.
  const self = 'id' in agent && agent.id === target.id;
  deps.permissions.check(
    actorOf(agent),
    'set-role',
    self ? { role: 'member' } : actorOf(target),
    target.name,
  );
  if (target.role === role) return;
  if ((await store.setRole(target.id, role)) === 'last-admin') throw lastAdmin(target.name);
  announce.rank({ account: target.id, role, by: agent.name });
  await audit.record(agent, { action: 'role', on: target.name, detail: `${target.role} to ${role}` });
}

async function removeAccount(deps: ModerationDeps, agent: Agent, name: string): Promise<void> {
  const { store, audit, rooms } = deps;
  const target = await deps.lookup.person(agent, name);
  deps.permissions.check(actorOf(agent), 'ban', actorOf(target), target.name);
  // First, because this can be refused.
  if ((await store.setRole(target.id, 'member')) === 'last-admin') throw lastAdmin(target.name);
  for (const standing of await store.conversations(target.id)) {
    const room = 'room' in standing.target ? rooms.byId.get(standing.target.room) : undefined;
    if (room !== undefined && !room.lobby) {
      await deps.membership.expel(target, room, { by: agent.name }, { end: true });
    }
  }
  await store.removeAccount(target.id);
  deps.revokeFiles(target.id);
  const ending = { code: 'signed-out', message: 'Your account was removed.' } as const;
  deps.announce.ended({ account: target.id, ...ending, details: { by: agent.name } });
  await audit.record(agent, { action: 'remove-account', on: target.name });
}

async function setRules(
  deps: ModerationDeps,
  agent: Account,
  request: RequestFields<'set-rules'>,
): Promise<void> {
  const { store, audit, announce } = deps;
  const membership = deps.lookup.membership(agent, request.room);
  deps.permissions.check(actorOf(agent, membership), 'set-rules');
  const { room } = membership;
  const before = room.rules;
  const rules = changedRules(before, request);
  // Before it is stored, so that a concurrent change adds to it.
  room.rules = rules;
  try {
    const stored = store.setRules(room.id, rules);
    const recorded = audit.record(agent, { action: 'rules', detail: rulesText(rules), room });
    await Promise.all([stored, recorded]);
  } catch (error) {
    room.rules = before;
    throw error;
  }
  announce.rules({ room: room.id, rules, by: agent.name });
}

/** The agent's own membership; the operator acts as an owner of any public room. */
function membershipOf({ lookup, rooms }: ModerationDeps, agent: Agent, name: string): RoomMembership {
  if ('id' in agent) return lookup.membership(agent, name);
  const room = rooms.publicRoom(name);
  if (room === undefined) throw new ProtocolError('no-such-room', 'There is no such room.');
  return { room, role: 'owner' };
}

/** A membership as stored, since the target may be offline. */
async function storedMembership(
  { store }: ModerationDeps,
  account: Account,
  room: LiveRoom,
): Promise<RoomMembership> {
  const role = await store.roomRole(account.id, room.id);
  if (role === undefined) throw notInRoom(account, room);
  return { room, role };
}

function changedRules(before: RoomRules, change: RequestFields<'set-rules'>): RoomRules {
  const restrict = change.restrict === undefined ? (before.restrict ?? []) : [...new Set(change.restrict)];
  const slow = change.slow ?? before.slow ?? 0;
  const locked = change.locked ?? before.locked ?? false;
  return {
    ...(restrict.length > 0 && { restrict }),
    ...(slow > 0 && { slow }),
    ...(locked && { locked }),
  };
}

function rulesText({ restrict = [], slow, locked }: RoomRules): string {
  const words = [
    ...restrict.map((kind) => `no ${kind}`),
    slow === undefined ? '' : `slow ${slow / 1000} s`,
    locked ? 'locked' : '',
  ];
  return words.filter((word) => word !== '').join(', ') || 'none';
}

function notInRoom({ name }: Account, room: LiveRoom): ProtocolError {
  return new ProtocolError('not-a-member', `${name} is not in #${room.name}.`);
}

export function lastAdmin(name: string): ProtocolError {
  return new ProtocolError('not-allowed', `${name} is the last admin. Make someone else an admin first.`);
}

export function reasonOf(reason: string): { reason?: string } {
  return reason === '' ? {} : { reason };
}
