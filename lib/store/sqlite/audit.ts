/** Who did what, in SQL: a log that only grows. */
import type { Audited } from '../moderation-store.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';

interface AuditRow {
  readonly id: number;
  readonly at: number;
  readonly by: string;
  readonly action: string;
  readonly target: string | null;
  readonly room: string | null;
  readonly detail: string | null;
  readonly reason: string | null;
  readonly hidden: number;
}

export function createAudit(db: Database): OperationsOf<'record' | 'audit'> {
  const insert = db.prepare(
    `INSERT INTO audit (at, by, action, target, room, detail, reason, hidden) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const page = db.prepare('SELECT * FROM audit WHERE id < ? AND hidden <= ? ORDER BY id DESC LIMIT ?');
  return {
    record({ at, by, action, on, room, detail, reason, hidden = false }) {
      const rest = [on, room, detail, reason].map((text) => text ?? null);
      insert.run(at, by, action, ...rest, hidden ? 1 : 0);
    },
    audit({ before = Number.MAX_SAFE_INTEGER, limit, hidden }) {
      const rows: AuditRow[] = page.all(before, hidden ? 1 : 0, limit);
      return rows.map(audited);
    },
  };
}

function audited({ id, at, by, action, target, room, detail, reason, hidden }: AuditRow): Audited {
  return {
    ...{ id, at, by, action },
    ...(target !== null && { on: target }),
    ...(room !== null && { room }),
    ...(detail !== null && { detail }),
    ...(reason !== null && { reason }),
    ...(hidden === 1 && { hidden: true as const }),
  };
}
