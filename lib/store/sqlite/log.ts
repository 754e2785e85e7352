/** The log of all messages in SQL: one table, one increasing seq. Knows ids of conversations, not what they are. */
import type { Appended, Entry, NewEntry, Page, Target } from '../store.js';
import type { OperationsOf } from './call.js';
import type { Conversations } from './conversations.js';
import type { Database } from './database.js';

type EntryRow = Entry;

export function createLog(
  db: Database,
  conversations: Conversations,
): OperationsOf<'append' | 'floor' | 'history'> {
  const byKey = db.prepare('SELECT seq, at FROM log WHERE account = ? AND key = ?');
  const insert = db.prepare(
    `INSERT INTO log (conversation, at, account, key, kind, text) VALUES (?, ?, ?, ?, ?, ?) RETURNING seq`,
  );
  // The index by name: of a log that is nearly all lobby, the planner might rather read the whole of it.
  const page = (order: 'ASC' | 'DESC') =>
    db.prepare(
      `SELECT seq, at, accounts.name AS "from", key, text, kind
       FROM log INDEXED BY log_conversation JOIN accounts ON accounts.id = log.account
       WHERE conversation = ? AND seq > ? AND seq < ? ORDER BY seq ${order} LIMIT ?`,
    );
  const nth = db.prepare('SELECT seq FROM log WHERE conversation = ? ORDER BY seq DESC LIMIT 1 OFFSET ?');
  const oldest = page('ASC');
  const newest = page('DESC');

  function append({ target, account, key, text, action, at }: NewEntry): Appended {
    if ('direct' in target && !target.direct.includes(account)) {
      throw new Error('somebody who is not part of a conversation cannot write to it');
    }
    // The driver would cut it there without a word, and two keys could become one.
    if (`${key}${text}`.includes('\0')) throw new Error('a key or a text contains U+0000');
    const first: { seq: number; at: number } | undefined = byKey.get(account, key);
    if (first !== undefined) return { outcome: 'kept', seq: first.seq, at: first.at, repeated: true };
    const conversation = conversations.findOrBegin(target);
    const kind = action ? 'action' : 'text';
    const { seq }: { seq: number } = insert.get(conversation, at, account, key, kind, text);
    return { outcome: 'kept', seq, at, repeated: false };
  }

  function floor(target: Target, count: number): number {
    const conversation = conversations.find(target);
    if (conversation === undefined) return 0;
    const row: { seq: number } | undefined = nth.get(conversation, count);
    return row?.seq ?? 0;
  }

  function history({ target, after = 0, before = Number.MAX_SAFE_INTEGER, limit, keep }: Page): Entry[] {
    const conversation = conversations.find(target);
    if (conversation === undefined) return [];
    // SQLite takes a negative limit for none.
    const statement = keep === 'oldest' ? oldest : newest;
    const rows: EntryRow[] = statement.all(conversation, after, before, Math.max(0, limit));
    return keep === 'oldest' ? rows : rows.reverse();
  }

  return { append, floor, history };
}
