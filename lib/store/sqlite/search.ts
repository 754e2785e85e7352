/** The index of words in SQLite (FTS5). Knows who is a member. */
import type { Database } from '../sql/database.js';
import {
  blockOf,
  type IndexedMessage,
  type SearchFilter,
  type SearchIndex,
  type SeqRange,
} from '../sql/search.js';
import { expressionOf, spaced } from '../sql/search-query.js';

/** The words by which the index knows the conversation, the block and the author of a message. */
const conversationWord = (conversation: number): string => `c${conversation}`;
const blockWord = (block: number): string => `b${block}`;
const authorWord = (account: number): string => `a${account}`;

const anyOf = (words: readonly string[]): string => `place : (${words.join(' OR ')})`;
const placeOf = ({ conversation, seq }: IndexedMessage): string =>
  `${conversationWord(conversation)} ${blockWord(blockOf(seq))}`;

export function createSearchIndex(db: Database): SearchIndex {
  const add = db.prepare('INSERT INTO words (rowid, text, place, author) VALUES (?, ?, ?, ?)');
  const remove = db.prepare(
    "INSERT INTO words (words, rowid, text, place, author) VALUES ('delete', ?, ?, ?, ?)",
  );
  const select = db.prepare(
    `SELECT rowid AS seq FROM words WHERE words MATCH ? AND rowid > ? AND rowid < ?
     ORDER BY rowid DESC LIMIT ?`,
  );

  const selectOf = db.prepare(
    `SELECT words.rowid AS seq FROM words CROSS JOIN log ON log.seq = words.rowid
     WHERE words MATCH ? AND words.rowid > ? AND words.rowid < ?
       AND conversation IN (SELECT conversation FROM members WHERE members.account = ?)
     ORDER BY words.rowid DESC LIMIT ?`,
  );

  function match({ terms, conversations, member, author }: SearchFilter, range: SeqRange): number[] {
    const { after, before, limit } = range;
    const first = blockOf(after + 1);
    const blocks = Array.from({ length: blockOf(before - 1) - first + 1 }, (_, n) => blockWord(first + n));
    const expression = [
      anyOf(blocks),
      ...(conversations === undefined ? [] : [anyOf(conversations.map(conversationWord))]),
      ...(author === undefined ? [] : [`author : ${authorWord(author)}`]),
      ...(terms.length === 0 ? [] : [expressionOf(terms)]),
    ].join(' AND ');
    const rows: { seq: number }[] =
      conversations === undefined
        ? selectOf.all(expression, after, before, member, limit)
        : select.all(expression, after, before, limit);
    return rows.map(({ seq }) => seq);
  }

  return {
    add(message) {
      add.run(message.seq, spaced(message.text), placeOf(message), authorWord(message.account));
    },
    remove(message) {
      remove.run(message.seq, spaced(message.text), placeOf(message), authorWord(message.account));
    },
    match,
  };
}
