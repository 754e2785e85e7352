/** The audit log as it is told. Knows entries, not who writes them. */

import { limits } from '../../protocol/limits.js';
import type { AuditEntry } from '../../protocol/records.js';
import type { NewAudit } from '../../store/moderation-store.js';
import type { Store } from '../../store/store.js';
import type { LiveRoom } from '../chat/live-rooms.js';

/** Where something was done, for the audit log: what is done in private rooms is for the operator alone. */
export function inAudit(
  room: Pick<LiveRoom, 'name' | 'private'> | undefined,
): Pick<NewAudit, 'room' | 'hidden'> {
  return room === undefined ? {} : { room: room.name, ...(room.private && { hidden: true }) };
}

/** The newest first. @param hidden what was done in private rooms too */
export async function auditPage(
  store: Pick<Store, 'audit'>,
  {
    before,
    limit = limits.auditPage,
    hidden,
  }: { before?: number | undefined; limit?: number | undefined; hidden: boolean },
): Promise<AuditEntry[]> {
  const page = await store.audit({ limit, hidden, ...(before !== undefined && { before }) });
  return page.map(({ hidden: _, at, ...entry }) => ({ ...entry, at: new Date(at).toISOString() }));
}
