/** Who may do what to whom: one table for every path. Knows roles, not people. */
import type { Role, RoomRole } from '../../protocol/records.js';

export type Action =
  // in a conversation
  /** What the room's rules refuse to others. */
  | 'say-restricted'
  | 'edit-own'
  | 'remove-own'
  | 'remove-other'
  // in a room
  | 'make-room'
  | 'set-topic'
  | 'set-rules'
  | 'invite'
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

/** Somebody, as far as it matters there. The operator, on the server's own machine, outranks everybody. */
export interface Actor {
  readonly role: Role | 'operator';
  /** In the room that it is about; without it they are not in it, or it is between two people. */
  readonly room?: RoomRole;
  /** Everybody may enter that room: whoever looks after the server leads there too. */
  readonly open?: boolean;
}

/** What the operator decided. */
export interface Policy {
  /** Who may make rooms. */
  readonly rooms: 'members' | 'admins';
}

/** @param target whom it is done to, or for a role: what they would become */
type Rule = (actor: Actor, target: Actor, policy: Policy) => boolean;

const ranks: Readonly<Record<Actor['role'], number>> = {
  bot: 0,
  member: 0,
  moderator: 1,
  admin: 2,
  operator: 3,
};
const roomRanks: Readonly<Record<RoomRole, number>> = { member: 0, moderator: 1, owner: 2 };

function staff({ role }: Actor): boolean {
  return ranks[role] >= ranks.moderator;
}

/** In a private room, those who look after the server are members like any other: what is private is private. */
function roomRank(actor: Actor): number {
  const { role, room, open = false } = actor;
  if (role === 'operator') return roomRanks.owner + 1;
  if (room === undefined) return -1;
  return Math.max(roomRanks[room], open ? ranks[role] : 0);
}

const leads: Rule = (actor) => roomRank(actor) >= roomRanks.moderator;
const owns: Rule = (actor) => roomRank(actor) >= roomRanks.owner;
const anybody: Rule = () => true;
const overMembers: Rule = (actor, target) => staff(actor) && ranks[actor.role] > ranks[target.role];
const overRoomMembers: Rule = (actor, target) =>
  roomRank(actor) >= roomRanks.moderator && roomRank(actor) > roomRank(target);
const administers: Rule = ({ role }) => ranks[role] >= ranks.admin;

const rules: Readonly<Record<Action, Rule>> = {
  'say-restricted': leads,
  'edit-own': anybody,
  'remove-own': anybody,
  'remove-other': leads,
  'make-room': ({ role }, _, { rooms }) =>
    role !== 'bot' && (rooms === 'members' || ranks[role] >= ranks.admin),
  'set-topic': leads,
  'set-rules': leads,
  invite: ({ role, room }) => room !== undefined && role !== 'bot',
  appoint: owns,
  'kick-from-room': overRoomMembers,
  'mute-in-room': overRoomMembers,
  kick: overMembers,
  ban: overMembers,
  'ban-address': staff,
  mute: overMembers,
  // An admin can make others admins; only the operator takes an admin's role away.
  'set-role': (actor, target, policy) =>
    administers(actor, target, policy) && ranks[actor.role] > ranks[target.role],
  'see-bans': staff,
  'see-audit': staff,
  'see-addresses': staff,
  // Nobody makes others more than they are themselves; a bot is made by the operator, with its token.
  'make-invite': (actor, target) =>
    staff(actor) &&
    target.role !== 'bot' &&
    (administers(actor, target, { rooms: 'admins' }) || ranks[target.role] < ranks[actor.role]),
  'see-invites': staff,
  'make-reset': (actor, target) =>
    administers(actor, target, { rooms: 'admins' }) && ranks[actor.role] > ranks[target.role],
};

const nobody: Actor = { role: 'member' };

export function can(actor: Actor, action: Action, policy: Policy, target: Actor = nobody): boolean {
  return rules[action](actor, target, policy);
}
