/** Invites in SQL. Knows hashes of codes, never a code. An invite is good until the instant it expires. */
import type { Role } from '../../protocol/records.js';
import type { InviteRow, Maker } from '../account-store.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';

type InviteMethod = 'createInvite' | 'invite' | 'invites' | 'removeInvite';

/** Whether somebody still is what they were when they asked, and not banned. */
export function createMakers(db: Database): (by: Maker | undefined, at: number) => boolean {
  const standing = db.prepare(
    `SELECT 1 FROM accounts WHERE id = ?1 AND role = ?2 AND NOT gone AND NOT EXISTS (
       SELECT 1 FROM bans WHERE account = ?1 AND (until IS NULL OR until > ?3))`,
  );
  return (by, at) => by === undefined || standing.get(by.id, by.role, at) !== undefined;
}

export function createInvites(db: Database): OperationsOf<InviteMethod> {
  const insert = db.prepare(
    `INSERT INTO invites (code, role, uses, expires, first, by, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  );
  const stands = createMakers(db);
  const endFirst = db.prepare('DELETE FROM invites WHERE first');
  const good = db.prepare('SELECT role FROM invites WHERE code = ? AND uses > 0 AND expires > ?');
  const list = db.prepare(
    `SELECT invites.id, invites.role, uses, expires, accounts.name AS by
     FROM invites LEFT JOIN accounts ON accounts.id = by
     WHERE uses > 0 AND expires > ? ORDER BY invites.id DESC`,
  );
  const remove = db.prepare('DELETE FROM invites WHERE id = ? AND uses > 0');

  return {
    createInvite({ code, role, uses, expires, first, by, at }) {
      if (!stands(by, at)) return undefined;
      if (first) endFirst.run();
      const row: { id: number } = insert.get(code, role, uses, expires, first ? 1 : 0, by?.id ?? null, at);
      return row.id;
    },
    invite(code, at) {
      const row: { role: Role } | undefined = good.get(code, at);
      return row?.role;
    },
    invites(at) {
      const rows: (Omit<InviteRow, 'by'> & { by: string | null })[] = list.all(at);
      return rows.map(({ by, ...row }) => ({ ...row, ...(by !== null && { by }) }));
    },
    removeInvite: (id) => remove.run(id).changes > 0,
  };
}
