/**
 * Reactions in SQL: of each person to a message only the last, which is its own entry for catching up, and how many have
 * reacted with what, which stands beside the message. A row goes with its message, by foreign key. Knows messages by seq.
 */
import { limits } from '../../protocol/limits.js';
import type { ReactionCount } from '../message-store.js';
import type { Database, Dialect } from './database.js';
import type { Operations } from './methods.js';

/** As log.reactions holds them, in JSON. */
type Counts = [emoji: string, count: number][];

interface MessageRow {
  readonly conversation: number;
  readonly reactions: string | null;
}

export function reactionCounts(json: string | null): ReactionCount[] {
  if (json === null) return [];
  const counts: Counts = JSON.parse(json);
  return counts.map(([emoji, count]) => ({ emoji, count }));
}

export function createReactionOperations(db: Database, dialect: Dialect) {
  const message = db.prepare(
    `SELECT conversation, reactions FROM log
     WHERE seq = ? AND removed IS NULL AND kind IN ('text', 'action', 'file')`,
  );
  const own = db.prepare('SELECT emoji FROM reactions WHERE message = ? AND account = ?');
  const setCounts = db.prepare('UPDATE log SET reactions = ? WHERE seq = ?');
  const takeSeq = db.prepare(dialect.takeSeq);
  const put = db.prepare(
    `INSERT INTO reactions (seq, conversation, message, account, emoji, at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (message, account) DO UPDATE SET seq = excluded.seq, emoji = excluded.emoji, at = excluded.at`,
  );
  const by = db.prepare(
    `SELECT message AS of, emoji FROM reactions
     WHERE message IN ${dialect.numbersOf} AND account = ? AND emoji <> '' ORDER BY message`,
  );

  return {
    react({ of, account, at, emoji }) {
      const row: MessageRow | undefined = message.get(of);
      if (row === undefined) return { outcome: 'no-such-message' };
      const before: { emoji: string } | undefined = own.get(of, account);
      const now = before?.emoji === emoji ? '' : emoji;
      const counts = changed(row.reactions, before?.emoji ?? '', now);
      if (counts.length > limits.reactionKinds) return { outcome: 'too-many' };
      const { seq }: { seq: number } = takeSeq.get();
      const json = counts.length === 0 ? null : JSON.stringify(counts);
      setCounts.run(json, of);
      put.run(seq, row.conversation, of, account, now, at);
      return { outcome: 'kept', seq, at, emoji: now, reactions: reactionCounts(json) };
    },
    reactionsBy: (account, messages) => by.all(JSON.stringify(messages), account),
  } satisfies Partial<Operations>;
}

/** @param before, now '' for no reaction */
function changed(json: string | null, before: string, now: string): Counts {
  const counts: Counts = json === null ? [] : JSON.parse(json);
  const less = counts.flatMap(([emoji, count]): Counts => {
    const left = emoji === before ? count - 1 : count;
    return left > 0 ? [[emoji, left]] : [];
  });
  if (now === '') return less;
  if (!less.some(([emoji]) => emoji === now)) return [...less, [now, 1]];
  return less.map(([emoji, count]) => [emoji, emoji === now ? count + 1 : count]);
}
