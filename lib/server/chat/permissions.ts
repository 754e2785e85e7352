/** Who may do what to whom: one table for every request and command. Knows roles, not people. */
import { ProtocolError } from '../../protocol/errors.js';
import type { Role, RoomRole } from '../../protocol/records.js';
import type { Account } from '../../store/account-store.js';

export type Action =
  // in a conversation
  /** Posting what the room's rules forbid to others. */
  | 'say-restricted'
  | 'edit-own'
  | 'remove-own'
  | 'remove-other'
  // in a room
  | 'make-room'
  | 'set-topic'
  | 'pin'
  | 'set-rules'
  | 'invite'
  | 'make-webhook'
  | 'appoint'
  | 'kick-from-room'
  | 'mute-in-room'
  // on the server
  | 'kick'
  | 'ban'
  | 'ban-address'
  | 'mute'
  | 'set-role'
  | 'see-bans'
  | 'see-audit'
  | 'see-addresses'
  | 'make-invite'
  | 'see-invites'
  | 'make-reset';

/** The roles of an account or of the operator, who is above everyone. */
export interface Actor {
  readonly role: Role | 'operator';
  /** In the room in question; undefined outside it and in direct messages. */
  readonly room?: RoomRole;
  /** That room is public, so server roles count in it. */
  readonly open?: boolean;
}

/** Who asks: an account, or the operator on the server's machine. */
export type Agent = Account | { readonly name: 'operator'; readonly role: 'operator' };

export const operator: Agent = { name: 'operator', role: 'operator' };

/** Chosen by the operator; may change. */
export interface Policy {
  /** Who may create rooms. */
  readonly rooms: 'members' | 'admins';
}

export interface Permissions {
  /** @param target whom it is done to, or when a role is given: what they would become */
  allows(actor: Actor, action: Action, target?: Actor): boolean;
  /** @param name the target's. @throws ProtocolError `not-allowed` */
  check(actor: Actor, action: Action, target?: Actor, name?: string): void;
}

type Rule = (actor: Actor, target: Actor, policy: Policy) => boolean;

const ranks: Readonly<Record<Actor['role'], number>> = {
  bot: 0,
  member: 0,
  moderator: 1,
  admin: 2,
  operator: 3,
};
const roomRanks: Readonly<Record<RoomRole, number>> = { member: 0, moderator: 1, owner: 2 };

function isStaff({ role }: Actor): boolean {
  return ranks[role] >= ranks.moderator;
}

function isAdmin({ role }: Actor): boolean {
  return ranks[role] >= ranks.admin;
}

/** Server roles don't count in a private room. */
function roomRank(actor: Actor): number {
  const { role, room, open = false } = actor;
  if (role === 'operator') return roomRanks.owner + 1;
  if (room === undefined) return -1;
  return Math.max(roomRanks[room], open ? ranks[role] : 0);
}

const leads: Rule = (actor) => roomRank(actor) >= roomRanks.moderator;
const owns: Rule = (actor) => roomRank(actor) >= roomRanks.owner;
const anyone: Rule = () => true;
const overMembers: Rule = (actor, target) => isStaff(actor) && ranks[actor.role] > ranks[target.role];
const overRoomMembers: Rule = (actor, target) =>
  roomRank(actor) >= roomRanks.moderator && roomRank(actor) > roomRank(target);

const rules: Readonly<Record<Action, Rule>> = {
  'say-restricted': leads,
  'edit-own': anyone,
  'remove-own': anyone,
  'remove-other': leads,
  'make-room': (actor, _, { rooms }) => actor.role !== 'bot' && (rooms === 'members' || isAdmin(actor)),
  'set-topic': leads,
  pin: leads,
  'set-rules': leads,
  invite: ({ role, room }) => room !== undefined && role !== 'bot',
  'make-webhook': (actor, ...rest) => actor.role !== 'bot' && leads(actor, ...rest),
  appoint: owns,
  'kick-from-room': overRoomMembers,
  'mute-in-room': overRoomMembers,
  kick: overMembers,
  ban: overMembers,
  'ban-address': isStaff,
  mute: overMembers,
  // An admin can promote others to admin; only the operator can demote an admin.
  'set-role': (actor, target) => isAdmin(actor) && ranks[actor.role] > ranks[target.role],
  'see-bans': isStaff,
  'see-audit': isStaff,
  'see-addresses': isStaff,
  // Not for a role above one's own. Bots are created by the operator, with a token.
  'make-invite': (actor, target) =>
    isStaff(actor) && target.role !== 'bot' && (isAdmin(actor) || ranks[target.role] < ranks[actor.role]),
  'see-invites': isStaff,
  'make-reset': (actor, target) => isAdmin(actor) && ranks[actor.role] > ranks[target.role],
};

const anyMember: Actor = { role: 'member' };

export function createPermissions(policy: Policy): Permissions {
  function allows(actor: Actor, action: Action, target: Actor = anyMember): boolean {
    return rules[action](actor, target, policy);
  }

  function whoMay(action: Action): string {
    if (allows({ role: 'member', room: 'moderator' }, action)) return 'moderators and owners of the room';
    return allows({ role: 'moderator' }, action) ? 'moderators and admins' : 'admins';
  }

  return {
    allows,
    check(actor, action, target, name) {
      if (allows(actor, action, target)) return;
      if (!allows(actor, action)) throw notAllowed(`Only ${whoMay(action)} can do that.`);
      throw notAllowed(`You don't have permission to do that${name === undefined ? '.' : ` to ${name}.`}`);
    },
  };
}

/** @param membership in the room in question */
export function actorOf(
  { role }: Pick<Agent, 'role'>,
  membership?: { readonly role: RoomRole; readonly room: { readonly private: boolean } },
): Actor {
  if (membership === undefined) return { role };
  return { role, room: membership.role, open: !membership.room.private };
}

export function notAllowed(message = "You don't have permission to do that here."): ProtocolError {
  return new ProtocolError('not-allowed', message);
}

/** Advice that the agent can follow: the operator has a shell, everyone else the chat's commands. */
export function adviceFor(agent: Agent, { chat, shell }: { chat: string; shell: string }): string {
  return 'id' in agent ? chat : shell;
}
