/** What is no longer kept, in SQL: old entries, rooms that ended, files that no message names. */
import type { Database } from './database.js';
import type { Operations } from './methods.js';
import type { SearchIndex } from './search.js';

interface OldRow {
  readonly seq: number;
  readonly conversation: number;
  readonly account: number;
  readonly text: string;
  readonly kind: string;
  readonly removed: number | null;
}

interface Pruning {
  readonly sql: ReturnType<typeof prepare>;
  readonly index: SearchIndex;
  /**
   * The conversation at which the last `dropBeyond` stopped. The next one goes on there: counting all conversations
   * again for each few entries would take far longer.
   */
  last: number;
}

const columns = 'seq, conversation, account, text, kind, removed';

function prepare(db: Database) {
  return {
    ended: db.prepare("SELECT id FROM conversations WHERE kind = 'ended' ORDER BY id LIMIT 1"),
    ofConversation: db.prepare(
      `SELECT ${columns} FROM log WHERE conversation = ? AND seq <= ? ORDER BY seq LIMIT ?`,
    ),
    upTo: db.prepare(`SELECT ${columns} FROM log WHERE seq <= ? ORDER BY seq LIMIT ?`),
    conversationsFrom: db.prepare('SELECT id FROM conversations ORDER BY id < ?, id'),
    nth: db.prepare('SELECT seq FROM log WHERE conversation = ? ORDER BY seq DESC LIMIT 1 OFFSET ?'),
    dropFile: db.prepare('DELETE FROM files WHERE seq = ?'),
    dropReactions: db.prepare('DELETE FROM reactions WHERE message = ?'),
    drop: db.prepare('DELETE FROM log WHERE seq = ?'),
    dropConversation: db.prepare('DELETE FROM conversations WHERE id = ?'),
    bytes: db.prepare('SELECT coalesce(sum(size), 0) AS bytes FROM files WHERE account = ?'),
    hashes: db.prepare('SELECT DISTINCT hash FROM files ORDER BY hash'),
    byHash: db.prepare('SELECT 1 FROM files WHERE hash = ? LIMIT 1'),
  };
}

export function createRetentionOperations(
  db: Database,
  { index, seqBefore }: { readonly index: SearchIndex; readonly seqBefore: Operations['seqBefore'] },
) {
  const sql = prepare(db);
  const pruning: Pruning = { sql, index, last: 0 };
  return {
    prune({ before, now, keep, limit }) {
      let gone = dropEnded(pruning, limit);
      if (before !== undefined && gone < limit) {
        gone += drop(pruning, sql.upTo.all(seqBefore(before, now), limit - gone), limit - gone);
      }
      if (keep !== undefined && gone < limit) gone += dropBeyond(pruning, keep, limit - gone);
      return gone;
    },
    fileHashes() {
      const rows: { hash: string }[] = sql.hashes.all();
      return rows.map(({ hash }) => hash);
    },
    fileBytes(account) {
      const row: { bytes: number } = sql.bytes.get(account);
      return row.bytes;
    },
    unreferenced: (hashes) => hashes.filter((hash) => sql.byHash.get(hash) === undefined),
  } satisfies Partial<Operations>;
}

/** @returns how many rows are gone, reactions included: at most `limit`, and the reactions of one message more */
function drop({ sql, index }: Pruning, rows: readonly OldRow[], limit: number): number {
  let gone = 0;
  for (const { kind, removed, ...row } of rows) {
    if (gone >= limit) break;
    const indexed = removed === null && (kind === 'text' || kind === 'action' || kind === 'file');
    if (indexed) index.remove(row);
    if (kind === 'file') sql.dropFile.run(row.seq);
    gone += 1 + Number(sql.dropReactions.run(row.seq).changes);
    sql.drop.run(row.seq);
  }
  return gone;
}

/** Entries of rooms that ended, and the rooms once they are empty. */
function dropEnded(pruning: Pruning, limit: number): number {
  const { sql } = pruning;
  let gone = 0;
  while (gone < limit) {
    const room: { id: number } | undefined = sql.ended.get();
    if (room === undefined) break;
    const left = limit - gone;
    const dropped = drop(pruning, sql.ofConversation.all(room.id, Number.MAX_SAFE_INTEGER, left), left);
    if (dropped < left) sql.dropConversation.run(room.id);
    gone += dropped;
  }
  return gone;
}

/** Of each conversation, all but its newest `keep` entries. */
function dropBeyond(pruning: Pruning, keep: number, limit: number): number {
  const { sql } = pruning;
  const all: { id: number }[] = sql.conversationsFrom.all(pruning.last);
  let gone = 0;
  for (const { id } of all) {
    if (gone >= limit) break;
    pruning.last = id;
    const newestGone: { seq: number } | undefined = sql.nth.get(id, keep);
    if (newestGone === undefined) continue;
    gone += drop(pruning, sql.ofConversation.all(id, newestGone.seq, limit - gone), limit - gone);
  }
  return gone;
}
