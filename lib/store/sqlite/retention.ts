/** What is no longer kept, in SQL: old entries, rooms that ended, files that nobody refers to. */
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';
import type { Words } from './search-index.js';

interface Doomed {
  readonly seq: number;
  readonly conversation: number;
  readonly account: number;
  readonly text: string;
  readonly kind: string;
  readonly removed: number | null;
}

const columns = 'seq, conversation, account, text, kind, removed';

export function createRetention(
  db: Database,
  { words, seqBefore }: { words: Words; seqBefore: (at: number) => number },
): OperationsOf<'prune' | 'fileBytes' | 'fileHashes' | 'unreferenced'> {
  const ended = db.prepare("SELECT id FROM conversations WHERE kind = 'ended' ORDER BY id LIMIT 1");
  const ofConversation = db.prepare(
    `SELECT ${columns} FROM log WHERE conversation = ? AND seq <= ? ORDER BY seq LIMIT ?`,
  );
  const upTo = db.prepare(`SELECT ${columns} FROM log WHERE seq <= ? ORDER BY seq LIMIT ?`);
  const conversations = db.prepare('SELECT id FROM conversations ORDER BY id < ?, id');
  const nth = db.prepare('SELECT seq FROM log WHERE conversation = ? ORDER BY seq DESC LIMIT 1 OFFSET ?');
  const dropFile = db.prepare('DELETE FROM files WHERE seq = ?');
  const drop = db.prepare('DELETE FROM log WHERE seq = ?');
  const dropConversation = db.prepare('DELETE FROM conversations WHERE id = ?');
  const bytes = db.prepare('SELECT coalesce(sum(size), 0) AS bytes FROM files WHERE account = ?');
  const hashes = db.prepare('SELECT DISTINCT hash FROM files ORDER BY hash');
  const known = db.prepare('SELECT 1 FROM files WHERE hash = ? LIMIT 1');

  function dropAll(rows: readonly Doomed[]): number {
    for (const { kind, removed, ...row } of rows) {
      const indexed = removed === null && (kind === 'text' || kind === 'action' || kind === 'file');
      if (indexed) words.take(row);
      if (kind === 'file') dropFile.run(row.seq);
      drop.run(row.seq);
    }
    return rows.length;
  }

  function dropEnded(limit: number): number {
    let gone = 0;
    while (gone < limit) {
      const row: { id: number } | undefined = ended.get();
      if (row === undefined) break;
      const room = limit - gone;
      const dropped = dropAll(ofConversation.all(row.id, Number.MAX_SAFE_INTEGER, room));
      if (dropped < room) dropConversation.run(row.id);
      gone += dropped;
    }
    return gone;
  }

  // Goes on where it stopped: counting all conversations again for each few entries would take far longer.
  let stopped = 0;

  function dropBeyond(keep: number, limit: number): number {
    const all: { id: number }[] = conversations.all(stopped);
    let gone = 0;
    for (const { id } of all) {
      if (gone >= limit) break;
      stopped = id;
      const row: { seq: number } | undefined = nth.get(id, keep);
      if (row !== undefined) gone += dropAll(ofConversation.all(id, row.seq, limit - gone));
    }
    return gone;
  }

  return {
    prune({ before, keep, limit }) {
      let gone = dropEnded(limit);
      if (before !== undefined && gone < limit) gone += dropAll(upTo.all(seqBefore(before), limit - gone));
      if (keep !== undefined && gone < limit) gone += dropBeyond(keep, limit - gone);
      return gone;
    },
    fileHashes() {
      const rows: { hash: string }[] = hashes.all();
      return rows.map(({ hash }) => hash);
    },
    fileBytes(account) {
      const row: { bytes: number } = bytes.get(account);
      return row.bytes;
    },
    unreferenced: (hashes) => hashes.filter((hash) => known.get(hash) === undefined),
  };
}
