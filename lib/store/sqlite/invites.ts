/** Invites in SQL. Knows hashes of codes, never a code. An invite is good until the instant it expires. */
import type { Role } from '../../protocol/events.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';

export function createInvites(db: Database): OperationsOf<'createInvite' | 'invite'> {
  const insert = db.prepare(
    'INSERT INTO invites (code, role, uses, expires, first, created_at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const endFirst = db.prepare('DELETE FROM invites WHERE first');
  const good = db.prepare('SELECT role FROM invites WHERE code = ? AND uses > 0 AND expires > ?');

  return {
    createInvite({ code, role, uses, expires, first, at }) {
      if (first) endFirst.run();
      insert.run(code, role, uses, expires, first ? 1 : 0, at);
    },
    invite(code, at) {
      const row: { role: Role } | undefined = good.get(code, at);
      return row?.role;
    },
  };
}
