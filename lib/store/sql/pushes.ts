/** Where people are notified, in SQL. Knows who may hear of a message, not how. */
import type { PushTarget } from '../push-store.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';

interface PushRow {
  readonly account: number;
  readonly name: string;
  readonly url: string;
  readonly text: number;
  readonly paused: number;
}

const select = `SELECT pushes.account, accounts.name, url, text, paused
  FROM pushes JOIN accounts ON accounts.id = pushes.account AND NOT gone`;

export function createPushOperations(db: Database) {
  const sql = {
    set: db.prepare(
      `INSERT INTO pushes (account, url, text, paused) VALUES (?, ?, ?, FALSE)
       ON CONFLICT (account) DO UPDATE SET url = excluded.url, text = excluded.text, paused = FALSE`,
    ),
    remove: db.prepare('DELETE FROM pushes WHERE account = ?'),
    pause: db.prepare('UPDATE pushes SET paused = TRUE WHERE account = ? AND url = ?'),
    all: db.prepare(`${select} ORDER BY pushes.account`),
    one: db.prepare(
      `${select} WHERE pushes.account = ?1 AND NOT paused
         AND pushes.account NOT IN (
           SELECT account FROM bans WHERE account IS NOT NULL AND (until IS NULL OR until > ?2))
         AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.account = ?1 AND other = ?3)
         AND (CAST(?4 AS INTEGER) IS NULL
           OR EXISTS (SELECT 1 FROM members WHERE members.account = ?1 AND conversation = CAST(?4 AS INTEGER)))`,
    ),
  };
  return {
    setPush: ({ account, url, text }) => void sql.set.run(account, url, text ? 1 : 0),
    removePush: (account) => sql.remove.run(account).changes > 0,
    pausePush: (account, url) => sql.pause.run(account, url).changes > 0,
    pushes() {
      const rows: PushRow[] = sql.all.all();
      return rows.map(targetOf);
    },
    pushFor({ account, by, room, at }) {
      const row: PushRow | undefined = sql.one.get(account, at, by, room ?? null);
      return row && targetOf(row);
    },
  } satisfies Partial<Operations>;
}

function targetOf({ text, paused, ...row }: PushRow): PushTarget {
  return { ...row, text: text === 1, paused: paused === 1 };
}
