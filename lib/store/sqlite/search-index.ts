/** The index of words in SQL (SQLite FTS5). Knows which message has which words, not who may see it. */
import { limits } from '../../protocol/limits.js';
import type { Database } from './database.js';
import { spaced } from './tokenizer.js';

/** A message as it is in the index; to remove it, give it exactly as it was added. */
export interface IndexedMessage {
  readonly seq: number;
  readonly text: string;
  readonly conversation: number;
  readonly account: number;
}

export interface SeqRange {
  /** Seqs greater than this only. */
  readonly after: number;
  /** Seqs smaller than this only. */
  readonly before: number;
  readonly limit: number;
}

export interface SearchIndex {
  add(message: IndexedMessage): void;
  remove(message: IndexedMessage): void;
  /** Seqs of the messages that match an FTS5 expression, the newest first. */
  match(expression: string, range: SeqRange): number[];
  /** Messages that may mention a name: they have its words next to each other. */
  naming(name: string, where: { conversation: number; after: number }): number[];
}

/** Text as an FTS5 string, in which nothing is an operator. */
export function quoted(text: string): string {
  // The driver cuts a text at U+0000.
  return `"${spaced(text).replaceAll('\0', ' ').replaceAll('"', '""')}"`;
}

/** The words by which the index knows the conversation and the author of a message. */
export const placeWord = (conversation: number): string => `c${conversation}`;
export const authorWord = (account: number): string => `a${account}`;

export function createSearchIndex(db: Database): SearchIndex {
  const add = db.prepare('INSERT INTO words (rowid, text, place, author) VALUES (?, ?, ?, ?)');
  const remove = db.prepare(
    "INSERT INTO words (words, rowid, text, place, author) VALUES ('delete', ?, ?, ?, ?)",
  );
  const select = db.prepare(
    `SELECT rowid AS seq FROM words WHERE words MATCH ? AND rowid > ? AND rowid < ?
     ORDER BY rowid DESC LIMIT ?`,
  );

  function match(expression: string, { after, before, limit }: SeqRange): number[] {
    const rows: { seq: number }[] = select.all(expression, after, before, limit);
    return rows.map(({ seq }) => seq);
  }

  return {
    add({ seq, text, conversation, account }) {
      add.run(seq, spaced(text), placeWord(conversation), authorWord(account));
    },
    remove({ seq, text, conversation, account }) {
      remove.run(seq, spaced(text), placeWord(conversation), authorWord(account));
    },
    match,
    naming: (name, { conversation, after }) =>
      match(`place : ${placeWord(conversation)} AND text : ${quoted(name)}`, {
        after,
        before: Number.MAX_SAFE_INTEGER,
        limit: limits.unreadCounted,
      }),
  };
}
