/** Who wants to hear nothing from whom, in SQL. */
import { limits } from '../../protocol/limits.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';

export function createBlocks(db: Database): OperationsOf<'block' | 'unblock' | 'blocks'> {
  const others = db.prepare('SELECT count(*) AS count FROM blocks WHERE account = ? AND other <> ?');
  const insert = db.prepare('INSERT OR IGNORE INTO blocks (account, other) VALUES (?, ?)');
  const remove = db.prepare('DELETE FROM blocks WHERE account = ? AND other = ?');
  const names = db.prepare(
    `SELECT name FROM blocks JOIN accounts ON accounts.id = other WHERE account = ? ORDER BY name`,
  );
  return {
    block(account, other) {
      const blocked: { count: number } = others.get(account, other);
      if (blocked.count >= limits.blocks) return false;
      insert.run(account, other);
      return true;
    },
    unblock: (account, other) => remove.run(account, other).changes > 0,
    blocks(account) {
      const rows: { name: string }[] = names.all(account);
      return rows.map(({ name }) => name);
    },
  };
}
