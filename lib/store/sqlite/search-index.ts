/** The index of words in SQL (SQLite FTS5). Knows which words stand in which message; not who may see it. */
import { limits } from '../../protocol/limits.js';
import type { Database } from './database.js';
import { spaced } from './tokenizer.js';

/** A message as the index has it; to take one out again it has to be given as it was put in. */
export interface Indexed {
  readonly seq: number;
  readonly text: string;
  readonly conversation: number;
  readonly account: number;
}

export interface Range {
  /** Seqs greater than this only. */
  readonly after: number;
  /** Seqs smaller than this only. */
  readonly before: number;
  readonly limit: number;
}

export interface Words {
  add(message: Indexed): void;
  take(message: Indexed): void;
  /** Seqs of messages with these terms, the newest first. */
  match(terms: string, range: Range): number[];
  /** Those that may name somebody: the words of the name stand in them, next to each other. */
  naming(name: string, where: { conversation: number; after: number }): number[];
}

/** Text as an FTS5 string, in which nothing is an operator. */
export function quoted(text: string): string {
  // The driver cuts a text at U+0000.
  return `"${spaced(text).replaceAll('\0', ' ').replaceAll('"', '""')}"`;
}

export const place = (conversation: number): string => `c${conversation}`;
export const author = (account: number): string => `a${account}`;

export function createWords(db: Database): Words {
  const add = db.prepare('INSERT INTO words (rowid, text, place, author) VALUES (?, ?, ?, ?)');
  const take = db.prepare(
    "INSERT INTO words (words, rowid, text, place, author) VALUES ('delete', ?, ?, ?, ?)",
  );
  const match = db.prepare(
    `SELECT rowid AS seq FROM words WHERE words MATCH ? AND rowid > ? AND rowid < ?
     ORDER BY rowid DESC LIMIT ?`,
  );

  function find(terms: string, { after, before, limit }: Range): number[] {
    const rows: { seq: number }[] = match.all(terms, after, before, limit);
    return rows.map(({ seq }) => seq);
  }

  return {
    add({ seq, text, conversation, account }) {
      add.run(seq, spaced(text), place(conversation), author(account));
    },
    take({ seq, text, conversation, account }) {
      take.run(seq, spaced(text), place(conversation), author(account));
    },
    match: find,
    naming: (name, { conversation, after }) =>
      find(`place : ${place(conversation)} AND text : ${quoted(name)}`, {
        after,
        before: Number.MAX_SAFE_INTEGER,
        limit: limits.unreadCounted,
      }),
  };
}
