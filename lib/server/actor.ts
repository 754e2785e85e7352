/** People as the table of rights sees them. */
import type { Account } from '../store/account-store.js';
import type { Actor } from './can.js';
import type { Membership } from './seats.js';

/** Somebody in a room that they are in, or anywhere else. */
export function actorIn({ role }: Pick<Account, 'role'>, membership?: Membership): Actor {
  if (membership === undefined) return { role };
  return { role, room: membership.role, open: !membership.room.private };
}
