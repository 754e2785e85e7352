/** What people may know of each other: who somebody is, who is away, what was done to whom. */
import { ProtocolError } from '../../protocol/errors.js';
import { reasonText } from '../../protocol/message-text.js';
import type { AuditEntry, Whois } from '../../protocol/records.js';
import type { RequestOf } from '../../protocol/requests.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import { auditPage } from '../moderation/audit.js';
import { actorIn } from './actor.js';
import type { Hub } from './hub.js';
import { can, type Policy } from './permissions.js';
import type { Member } from './presence.js';

export interface PeopleDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly hub: Hub;
}

/** @throws ProtocolError `no-such-name` */
export async function whois(deps: PeopleDeps, { account: me }: Member, name: string): Promise<Whois> {
  const { store, hub } = deps;
  const other = await hub.places.person(me, name);
  const [info] = await store.directory(other.id);
  const away = hub.presence.awayOf(other.id);
  return {
    ...{ name: other.name, role: other.role },
    since: new Date(info?.at ?? 0).toISOString(),
    terminals: hub.presence.terminals(other.id).size,
    ...(away !== undefined && { away }),
    rooms: [...(await store.sharedRooms(me.id, other.id))],
    ...(can(actorIn(me), 'see-addresses', deps.policy) && (await forModerators(deps, other.id))),
  };
}

async function forModerators({ store, clock, hub }: PeopleDeps, account: number): Promise<Partial<Whois>> {
  const now = clock.now();
  const [sessions, mutes] = await Promise.all([store.sessions(account, now), store.mutes(account, now)]);
  const here = [...hub.presence.terminals(account)].map(({ address }) => address);
  const before = sessions.flatMap(({ address = '' }) => (address === '' ? [] : [address]));
  const muted = mutes.find(({ room }) => room === undefined);
  return {
    addresses: [...new Set([...here, ...before])].slice(0, mostAddresses),
    ...(muted !== undefined && {
      mutedUntil: muted.until === undefined ? '' : new Date(muted.until).toISOString(),
    }),
  };
}

const mostAddresses = 10;

/** @throws ProtocolError `not-allowed` */
export async function readAudit(
  { store, policy }: PeopleDeps,
  { account }: Member,
  { before, limit }: RequestOf<'audit'>,
): Promise<AuditEntry[]> {
  if (!can(actorIn(account), 'see-audit', policy)) {
    throw new ProtocolError('not-allowed', 'Only moderators and admins read that.');
  }
  return auditPage(store, { before, limit, hidden: false });
}

/** @throws ProtocolError `muted`, `room-locked`, `restricted` for a text that they could not say to everybody */
export function setAway({ hub }: PeopleDeps, { account }: Member, typed: string | undefined): void {
  const text = typed === undefined ? undefined : reasonText(typed);
  hub.speech.admitNotice(account, text ?? '');
  hub.presence.away(account.id, text);
}
