/**
 * What those who look after a server or a room do to others: kick, mute, roles, rules. Each is checked in one
 * table, takes effect on whoever is here at once, and is written into the audit log. Knows people and rooms, no
 * sockets.
 */
import { ProtocolError } from '../../protocol/errors.js';
import { reasonText } from '../../protocol/message-text.js';
import type { Role, RoomRules } from '../../protocol/records.js';
import type { RequestOf, RequestType } from '../../protocol/requests.js';
import type { Account } from '../../store/account-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { AuditLog } from '../chat/audit.js';
import type { LiveRoom, LiveRooms, RoomMembership } from '../chat/live-rooms.js';
import type { Lookup } from '../chat/lookup.js';
import type { Membership } from '../chat/membership.js';
import { type Agent, actorOf, type Permissions } from '../chat/permissions.js';
import type { Presence } from '../chat/presence.js';

type Asked<T extends RequestType> = Omit<RequestOf<T>, 'type' | 'id'>;

/** All throw ProtocolError: `not-allowed`, `no-such-name`, `no-such-room`, `not-a-member`, `bad-request`. */
export interface Moderation {
  /** Off the server, or out of a room. */
  kick(agent: Agent, request: Asked<'kick'>): Promise<void>;
  mute(agent: Agent, request: Asked<'mute'>): Promise<void>;
  unmute(agent: Agent, request: Asked<'unmute'>): Promise<void>;
  setRole(agent: Agent, request: Asked<'set-role'>): Promise<void>;
  /** The account is no more; its name stays taken. */
  remove(agent: Agent, name: string): Promise<void>;
  setRules(agent: Account, request: Asked<'set-rules'>): Promise<void>;
}

export interface ModerationDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly permissions: Permissions;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly rooms: LiveRooms;
  readonly presence: Presence;
  readonly lookup: Lookup;
  readonly membership: Pick<Membership, 'expel'>;
  /** Ends every ticket and every transfer of an account. */
  readonly revokeFiles: (account: number) => void;
}

export function createModeration(deps: ModerationDeps): Moderation {
  const { store, clock, audit, rooms, presence, lookup } = deps;
  const { check } = deps.permissions;

  /** The room that an agent names: one that they are in, or for the operator a public one. */
  function roomOf(agent: Agent, name: string): RoomMembership {
    if ('id' in agent) return lookup.membership(agent, name);
    const room = rooms.publicRoom(name);
    if (room === undefined) throw new ProtocolError('no-such-room', 'There is no such room.');
    return { room, role: 'owner' };
  }

  async function inRoom(account: Account, room: LiveRoom): Promise<RoomMembership> {
    const found = (await store.members(room.id)).find((member) => member.account.id === account.id);
    if (found === undefined)
      throw new ProtocolError('not-a-member', `${account.name} is not in #${room.name}.`);
    return { room, role: found.role };
  }

  function dismiss(
    account: Account,
    code: 'kicked' | 'signed-out',
    message: string,
    by: string,
    reason = '',
  ): void {
    for (const terminal of [...presence.terminals(account.id)]) {
      terminal.dismiss(code, message, { by, ...(reason !== '' && { reason }) });
    }
  }

  async function kickFromRoom(
    agent: Agent,
    target: Account,
    membership: RoomMembership,
    reason: string,
  ): Promise<void> {
    const { room } = membership;
    check(
      actorOf(agent, membership),
      'kick-from-room',
      actorOf(target, await inRoom(target, room)),
      target.name,
    );
    const told = { by: agent.name, ...(reason !== '' && { reason }) };
    if (!(await deps.membership.expel(target, room, told))) {
      throw new ProtocolError('not-a-member', `${target.name} is not in #${room.name} any more.`);
    }
    await audit.record(agent, { action: 'kick', on: target.name, room, reason });
  }

  return {
    async kick(agent, { name, room, reason: typed = '' }) {
      const reason = reasonText(typed);
      const target = await lookup.person(agent, name);
      const membership = room === undefined ? undefined : roomOf(agent, room);
      if (membership !== undefined && !membership.room.everybody) {
        return kickFromRoom(agent, target, membership, reason);
      }
      check(actorOf(agent), 'kick', actorOf(target), target.name);
      if (presence.terminals(target.id).size === 0) {
        throw new ProtocolError('not-allowed', `${target.name} is not here. /ban keeps somebody out.`);
      }
      const words = `${agent.name} threw you out${reason === '' ? '.' : `: ${reason}`}`;
      dismiss(target, 'kicked', words, agent.name, reason);
      await audit.record(agent, { action: 'kick', on: target.name, reason });
    },

    async mute(agent, { name, room, ms, reason: typed = '' }) {
      const reason = reasonText(typed);
      const target = await lookup.person(agent, name);
      const membership = await mutePlace(agent, target, room);
      const end = ms === undefined ? {} : { until: clock.now() + ms };
      const mute = { ...(membership !== undefined && { room: membership.room.id }), ...end };
      const muted = store.mute(target.id, mute);
      const recorded = audit.record(agent, {
        action: 'mute',
        on: target.name,
        room: membership?.room,
        ms,
        reason,
      });
      await Promise.all([muted, recorded]);
      rooms.mute(target.id, mute);
      if (membership === undefined && presence.awayOf(target.id) !== undefined)
        presence.setAway(target.id, '');
      rooms.sendToAccounts([target.id], {
        ...{ type: 'muted', by: agent.name, ...reasonOf(reason) },
        ...(membership !== undefined && { room: membership.room.name }),
        ...(ms !== undefined && { ms }),
      });
    },

    async unmute(agent, { name, room }) {
      const target = await lookup.person(agent, name);
      const membership = await mutePlace(agent, target, room);
      if (!(await store.unmute(target.id, membership?.room.id, clock.now()))) {
        throw new ProtocolError('no-such-name', `${target.name} is not muted there.`);
      }
      await audit.record(agent, { action: 'unmute', on: target.name, room: membership?.room });
      rooms.unmute(target.id, membership?.room.id);
      const where = membership === undefined ? {} : { room: membership.room.name };
      rooms.sendToAccounts([target.id], { type: 'unmuted', by: agent.name, ...where });
    },

    async setRole(agent, { name, role }) {
      const target = await lookup.person(agent, name);
      // Whoever steps down needs nobody above.
      const above = 'id' in agent && agent.id === target.id ? { role: 'member' as const } : actorOf(target);
      check(actorOf(agent), 'set-role', above, target.name);
      if (target.role === role) return;
      const detail = `${target.role} to ${role}`;
      const set = store.setRole(target.id, role);
      if ((await set) === 'last-admin') throw lastAdmin(target.name);
      await audit.record(agent, { action: 'role', on: target.name, detail });
      ranked(target, role, agent.name);
    },

    async remove(agent, name) {
      const target = await lookup.person(agent, name);
      check(actorOf(agent), 'ban', actorOf(target), target.name);
      // First, for this is what may be refused.
      if ((await store.setRole(target.id, 'member')) === 'last-admin') throw lastAdmin(target.name);
      for (const standing of await store.standings(target.id)) {
        const room = 'room' in standing.target ? rooms.byId.get(standing.target.room) : undefined;
        if (room !== undefined && !room.everybody) {
          await deps.membership.expel(target, room, { by: agent.name }, { end: true });
        }
      }
      await store.removeAccount(target.id);
      await audit.record(agent, { action: 'remove-account', on: target.name });
      deps.revokeFiles(target.id);
      dismiss(target, 'signed-out', 'Your account was removed.', agent.name);
    },

    async setRules(agent, request) {
      const membership = lookup.membership(agent, request.room);
      check(actorOf(agent, membership), 'set-rules');
      const { room } = membership;
      const before = room.rules;
      const rules = changedRules(before, request);
      // At once: another change that comes while this one is kept adds to it.
      room.rules = rules;
      try {
        const kept = store.setRules(room.id, rules);
        const recorded = audit.record(agent, { action: 'rules', detail: rulesWords(rules), room });
        await Promise.all([kept, recorded]);
      } catch (error) {
        room.rules = before;
        throw error;
      }
      rooms.sendToConversation({ room: room.id }, { type: 'rules', room: room.name, by: agent.name, rules });
    },
  };

  /** Where somebody is to be muted, checked: undefined for everywhere, which the room that everybody is in means. */
  async function mutePlace(
    agent: Agent,
    target: Account,
    name: string | undefined,
  ): Promise<RoomMembership | undefined> {
    const membership = name === undefined ? undefined : roomOf(agent, name);
    if (membership === undefined || membership.room.everybody) {
      check(actorOf(agent), 'mute', actorOf(target), target.name);
      return undefined;
    }
    const theirs = actorOf(target, await inRoom(target, membership.room));
    check(actorOf(agent, membership), 'mute-in-room', theirs, target.name);
    return membership;
  }

  function ranked({ id }: Account, role: Role, by: string): void {
    presence.setRole(id, role, by);
    const mine = role === 'admin' ? 'owner' : role === 'moderator' ? 'moderator' : 'member';
    for (const { room } of [...rooms.membershipsOf(id).values()]) {
      if (room.everybody) rooms.setRole(id, room, mine);
    }
  }
}

function changedRules(before: RoomRules, change: Asked<'set-rules'>): RoomRules {
  const restrict = change.restrict === undefined ? (before.restrict ?? []) : [...new Set(change.restrict)];
  const slow = change.slow ?? before.slow ?? 0;
  const locked = change.locked ?? before.locked ?? false;
  return {
    ...(restrict.length > 0 && { restrict }),
    ...(slow > 0 && { slow }),
    ...(locked && { locked }),
  };
}

function rulesWords({ restrict = [], slow, locked }: RoomRules): string {
  const words = [
    ...restrict.map((kind) => `no ${kind}`),
    slow === undefined ? '' : `slow ${slow / 1000} s`,
    locked ? 'locked' : '',
  ];
  return words.filter((word) => word !== '').join(', ') || 'none';
}

export function lastAdmin(name: string): ProtocolError {
  return new ProtocolError('not-allowed', `${name} is the last admin. Make someone else an admin first.`);
}

export function reasonOf(reason: string): { reason?: string } {
  return reason === '' ? {} : { reason };
}
