/** The audit log: who did what to whom. Knows entries, not who may read or do what. */
import { limits } from '../../protocol/limits.js';
import { duration } from '../../protocol/quantities.js';
import type { AuditEntry } from '../../protocol/records.js';
import type { Store } from '../../store/store.js';
import type { Clock } from '../../system/clock.js';
import type { Agent } from './permissions.js';

/** One thing that was done. */
interface AuditedAction {
  readonly action: string;
  /** A name or an address. */
  readonly on?: string;
  /** What is done in a private room is recorded for the operator alone. */
  readonly room?: { readonly name: string; readonly private: boolean } | undefined;
  readonly detail?: string;
  /** How long it lasts, in place of `detail`. */
  readonly ms?: number | undefined;
  readonly reason?: string;
}

export interface AuditLog {
  record(agent: Pick<Agent, 'name'>, entry: AuditedAction): Promise<void>;
  /** The newest first. @param hidden including what was done in private rooms */
  page(range: {
    readonly before?: number | undefined;
    readonly limit?: number | undefined;
    readonly hidden: boolean;
  }): Promise<AuditEntry[]>;
}

export function createAuditLog(store: Store, clock: Clock): AuditLog {
  return {
    record({ name: by }, { action, on, room, detail, ms, reason = '' }) {
      const lasting = ms === undefined ? detail : `for ${duration(ms)}`;
      return store.recordAudit({
        ...{ at: clock.now(), by, action },
        ...(on !== undefined && { on }),
        ...(room !== undefined && { room: room.name, ...(room.private && { hidden: true }) }),
        ...(lasting !== undefined && { detail: lasting }),
        ...(reason !== '' && { reason }),
      });
    },

    async page({ before, limit = limits.auditPage, hidden }) {
      const entries = await store.auditLog({ limit, hidden, ...(before !== undefined && { before }) });
      return entries.map(({ hidden: _, at, ...entry }) => ({ ...entry, at: new Date(at).toISOString() }));
    },
  };
}
