/** Whoever does something to others, whether they may, and the record of it. */
import { duration } from '../../protocol/duration.js';
import { ProtocolError } from '../../protocol/errors.js';
import type { Account } from '../../store/account-store.js';
import type { NewAudit } from '../../store/moderation-store.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { Membership } from './live-rooms.js';
import { type Action, type Actor, can, type Policy } from './permissions.js';

/** Somebody who is signed in, or the operator. */
export type Agent = Account | { readonly name: 'operator'; readonly role: 'operator' };

export const operator: Agent = { name: 'operator', role: 'operator' };

export function actorOf(agent: Agent, membership?: Membership): Actor {
  return 'id' in agent ? actorIn(agent, membership) : agent;
}

/** What whoever asks can type: on the operator's shell there are no commands of the chat, and the other way round. */
export function typable(agent: Agent, { chat, shell }: { chat: string; shell: string }): string {
  return 'id' in agent ? chat : shell;
}

export interface Rights {
  /** @param whom the name of the target. @throws ProtocolError `not-allowed` */
  check(actor: Actor, action: Action, target?: Actor, whom?: string): void;
  audit(agent: Agent, entry: Omit<NewAudit, 'at' | 'by'>): Promise<void>;
}

export interface RightsDeps {
  readonly store: Pick<Store, 'record'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly policy: Policy;
}

export function createRights({ store, clock, policy }: RightsDeps): Rights {
  return {
    check(actor, action, target, whom = 'That person') {
      if (can(actor, action, policy, target)) return;
      const message = can(actor, action, policy)
        ? `${whom} is not below you here: you may not do that.`
        : `Only ${whoMay(action, policy)} may do that.`;
      throw new ProtocolError('not-allowed', message);
    },
    audit: (agent, entry) => store.record({ at: clock.now(), by: agent.name, ...entry }),
  };
}

function whoMay(action: Action, policy: Policy): string {
  if (can({ role: 'member', room: 'moderator' }, action, policy)) return 'moderators and owners of the room';
  return can({ role: 'moderator' }, action, policy) ? 'moderators and admins' : 'admins';
}

/** How long a measure lasts, for the audit log. */
export function lastingOf(ms: number | undefined): { detail?: string } {
  return ms === undefined ? {} : { detail: `for ${duration(ms)}` };
}

export function reasonOf(reason: string): { reason?: string } {
  return reason === '' ? {} : { reason };
}

export function lastAdmin(name: string): ProtocolError {
  return new ProtocolError('not-allowed', `${name} is the last admin: make somebody else one first.`);
}

/** Somebody in a room that they are in, or anywhere else. */
export function actorIn({ role }: Pick<Account, 'role'>, membership?: Membership): Actor {
  if (membership === undefined) return { role };
  return { role, room: membership.role, open: !membership.room.private };
}
