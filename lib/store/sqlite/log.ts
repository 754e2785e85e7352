/** The log of all messages in SQL: one table, one increasing seq. Knows ids of conversations, not what they are. */
import type { Appended, Entry, Located, Logged, NewEntry, Page, Target } from '../message-store.js';
import type { OperationsOf } from './call.js';
import type { Conversations } from './conversations.js';
import type { Database } from './database.js';
import { type EntryRow, entryOf, selectEntries } from './entry.js';
import type { Words } from './search-index.js';

type LogMethod = 'append' | 'said' | 'floor' | 'history' | 'locate' | 'seqBefore';

// A message that was removed since makes its edits nothing to tell.
const kinds = {
  messages: "log.kind IN ('text', 'action', 'file')",
  files: "log.kind = 'file' AND log.removed IS NULL",
  everything: "(log.kind <> 'edit' OR (changed.seq IS NOT NULL AND changed.removed IS NULL))",
};

export function createLog(
  db: Database,
  { conversations, words }: { conversations: Conversations; words: Words },
): OperationsOf<LogMethod> {
  const byKey = db.prepare('SELECT seq, at FROM log WHERE account = ? AND key = ?');
  const insert = db.prepare(
    `INSERT INTO log (conversation, at, account, key, kind, text) VALUES (?, ?, ?, ?, ?, ?) RETURNING seq`,
  );
  const insertFile = db.prepare('INSERT INTO files (seq, account, name, size, hash) VALUES (?, ?, ?, ?, ?)');
  const blocked = db.prepare('SELECT 1 FROM blocks WHERE account = ? AND other = ?');
  // The index by name: of a log that is nearly all lobby, the planner might rather read the whole of it.
  const page = (what: keyof typeof kinds, order: 'ASC' | 'DESC') =>
    db.prepare(
      `${selectEntries(`INDEXED BY ${what === 'files' ? 'log_files' : 'log_conversation'}`)}
       WHERE log.conversation = ? AND log.seq > ? AND log.seq < ? AND ${kinds[what]}
       ORDER BY log.seq ${order} LIMIT ?`,
    );
  const pages = {
    messages: { oldest: page('messages', 'ASC'), newest: page('messages', 'DESC') },
    files: { oldest: page('files', 'ASC'), newest: page('files', 'DESC') },
    everything: { oldest: page('everything', 'ASC'), newest: page('everything', 'DESC') },
  };
  const nth = db.prepare('SELECT seq FROM log WHERE conversation = ? ORDER BY seq DESC LIMIT 1 OFFSET ?');
  const one = db.prepare(`${selectEntries()} WHERE log.seq = ? AND ${kinds.messages}`);
  const owner = db.prepare(
    `SELECT conversation, account, others.name AS "to" FROM log
     JOIN conversations ON conversations.id = conversation
     LEFT JOIN accounts AS others ON others.id = iif(low = account, high, low)
     WHERE seq = ? AND conversations.kind <> 'ended'`,
  );
  const atOrAfter = db.prepare('SELECT seq, at FROM log WHERE seq >= ? ORDER BY seq LIMIT 1');
  const newest = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM log');

  function append({ target, account, key, text, action, at, file }: NewEntry): Appended {
    if ('direct' in target && !target.direct.includes(account)) {
      throw new Error('somebody who is not part of a conversation cannot write to it');
    }
    // The driver would cut it there without a word, and two keys could become one.
    if (`${key}${text}`.includes('\0')) throw new Error('a key or a text contains U+0000');
    const first = said(account, key);
    if (first !== undefined) return { outcome: 'kept', seq: first.seq, at: first.at, repeated: true };
    if ('direct' in target) {
      const [low, high] = target.direct;
      if (blocked.get(low === account ? high : low, account) !== undefined) return { outcome: 'blocked' };
    }
    const conversation = conversations.findOrBegin(target);
    const kind = file === undefined ? (action ? 'action' : 'text') : 'file';
    const { seq }: { seq: number } = insert.get(conversation, at, account, key, kind, text);
    words.add({ seq, text, conversation, account });
    if (file !== undefined) insertFile.run(seq, account, file.name, file.size, file.hash);
    return { outcome: 'kept', seq, at, repeated: false };
  }

  function floor(target: Target, count: number): number {
    const conversation = conversations.find(target);
    if (conversation === undefined) return 0;
    const row: { seq: number } | undefined = nth.get(conversation, count);
    return row?.seq ?? 0;
  }

  function history(wanted: Page): Entry[] {
    const { target, after = 0, before = Number.MAX_SAFE_INTEGER, limit, keep, what = 'messages' } = wanted;
    const conversation = conversations.find(target);
    if (conversation === undefined) return [];
    // SQLite takes a negative limit for none.
    const rows: EntryRow[] = pages[what][keep].all(conversation, after, before, Math.max(0, limit));
    const entries = rows.map(entryOf);
    return keep === 'oldest' ? entries : entries.reverse();
  }

  function locate(seq: number): Located | undefined {
    const row: EntryRow | undefined = one.get(seq);
    const place: { conversation: number; account: number; to: string | null } | undefined = owner.get(seq);
    if (row === undefined || place === undefined) return undefined;
    const { account, to } = place;
    const target = conversations.target(place.conversation);
    return { entry: entryOf(row), target, account, ...(to === null ? {} : { to }) };
  }

  // Seqs and times increase together, but for clocks that were set back: no index needs to be kept for it.
  function seqBefore(at: number): number {
    const end: { seq: number } = newest.get();
    let low = 0;
    let high = end.seq;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const row: { seq: number; at: number } | undefined = atOrAfter.get(middle);
      if (row !== undefined && row.at < at) low = row.seq;
      else high = middle - 1;
    }
    return low;
  }

  function said(account: number, key: string): Logged | undefined {
    return byKey.get(account, key);
  }

  return { append, said, floor, history, locate, seqBefore };
}
