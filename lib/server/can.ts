/** Who may do what: one table for every path. Knows roles, not people. */
import type { Role, RoomRole } from '../protocol/events.js';

export type Action =
  | 'make-room'
  | 'set-topic'
  | 'invite'
  | 'appoint'
  /** A message of one's own, or of somebody else. */
  | 'edit-own'
  | 'remove-own'
  | 'remove-other';

/** Whoever wants to do something, as far as it matters there. */
export interface Actor {
  readonly role: Role;
  /** In the room that it is about; without it they are not in it, or it is between two people. */
  readonly room?: RoomRole;
}

/** What the operator decided. */
export interface Policy {
  /** Who may make rooms. */
  readonly rooms: 'members' | 'admins';
}

type Rule = (actor: Actor, policy: Policy) => boolean;

const leads: Rule = ({ room }) => room === 'owner' || room === 'moderator';

// Whoever administers the server has no rights in rooms that they are not in: what is private is private.
const rules: Readonly<Record<Action, Rule>> = {
  'make-room': ({ role }, { rooms }) => rooms === 'members' || role === 'admin',
  'set-topic': leads,
  invite: ({ room }) => room !== undefined,
  appoint: ({ room }) => room === 'owner',
  'edit-own': () => true,
  'remove-own': () => true,
  'remove-other': leads,
};

export function can(actor: Actor, action: Action, policy: Policy): boolean {
  return rules[action](actor, policy);
}
