/**
 * The index of words in PostgreSQL: a tsvector for each message, of the words that search-query.ts finds in it, so that both
 * databases find the same. Knows who is a member.
 */
import type { Database } from '../sql/database.js';
import type { IndexedMessage, SearchFilter, SearchIndex } from '../sql/search.js';
import { foldedWords, type SearchTerm } from '../sql/search-query.js';

// In no word of a message.
const conversationWord = (conversation: number): string => `=c${conversation}`;
const authorWord = (account: number): string => `=a${account}`;

/** PostgreSQL counts no positions beyond this one. */
const mostPositions = 16_383;

export function createVectorIndex(db: Database): SearchIndex {
  const add = db.prepare('INSERT INTO words (seq, words) VALUES (?, CAST(? AS tsvector))');
  const remove = db.prepare('DELETE FROM words WHERE seq = ?');
  const select = db.prepare(
    `SELECT seq FROM words WHERE words @@ CAST(? AS tsquery) AND seq > ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  const selectOf = db.prepare(
    `SELECT words.seq FROM words JOIN log ON log.seq = words.seq
     WHERE words @@ CAST(? AS tsquery) AND words.seq > ? AND words.seq < ?
       AND conversation IN (SELECT conversation FROM members WHERE members.account = ?)
     ORDER BY words.seq DESC LIMIT ?`,
  );
  const selectAll = db.prepare(
    `SELECT seq FROM log WHERE seq > ? AND seq < ? AND removed IS NULL AND kind IN ('text', 'action', 'file')
       AND conversation IN (SELECT conversation FROM members WHERE account = ?)
     ORDER BY seq DESC LIMIT ?`,
  );

  return {
    add: (message) => void add.run(message.seq, vectorOf(message)),
    remove: ({ seq }) => void remove.run(seq),
    match({ terms, conversations, member, author }: SearchFilter, { after, before, limit }) {
      const query = [
        ...(conversations === undefined ? [] : [anyOf(conversations.map(conversationWord))]),
        ...(author === undefined ? [] : [quoted(authorWord(author))]),
        ...terms.map(termQuery),
      ].join(' & ');
      const rows: { seq: number }[] =
        query === ''
          ? selectAll.all(after, before, member, limit)
          : conversations === undefined
            ? selectOf.all(query, after, before, member, limit)
            : select.all(query, after, before, limit);
      return rows.map(({ seq }) => seq);
    },
  };
}

const anyOf = (words: readonly string[]): string => `(${words.map(quoted).join(' | ')})`;
/** PostgreSQL takes words of 2,046 bytes at most. */
const mostLetters = 500;
const quoted = (word: string): string =>
  `'${word.slice(0, mostLetters).replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

function termQuery({ words, open }: SearchTerm): string {
  const last = words.length - 1;
  return `(${words.map((word, index) => quoted(word) + (open && index === last ? ':*' : '')).join(' <-> ')})`;
}

function vectorOf({ text, conversation, account }: IndexedMessage): string {
  const places = foldedWords(text).map(
    (word, index) => `${quoted(word)}:${Math.min(index + 1, mostPositions)}`,
  );
  return [...places, quoted(conversationWord(conversation)), quoted(authorWord(account))].join(' ');
}
