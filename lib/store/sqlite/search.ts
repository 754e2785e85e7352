/**
 * Search in SQL: the index of words (SQLite FTS5), and messages with these words in an account's conversations. Knows who
 * is a member.
 */
import type { ConversationKey, SearchHit, SearchQuery } from '../message-store.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';
import { excerptOf, expressionOf, parseTerms, type SearchTerm, spaced } from './search-query.js';

/** A message as it is in the index; to remove it, give it exactly as it was added. */
export interface IndexedMessage {
  readonly seq: number;
  readonly text: string;
  readonly conversation: number;
  readonly account: number;
}

interface SeqRange {
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
}

/** The words by which the index knows the conversation and the author of a message. */
const placeWord = (conversation: number): string => `c${conversation}`;
const authorWord = (account: number): string => `a${account}`;

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
  };
}

interface HitRow {
  readonly seq: number;
  readonly at: number;
  readonly from: string;
  readonly text: string;
  readonly room: string | null;
  readonly other: string | null;
}

interface SearchParts {
  readonly index: SearchIndex;
  readonly find: (target: ConversationKey) => number | undefined;
  readonly seqBefore: Operations['seqBefore'];
}

export function createSearchOperations(db: Database, { index, find, seqBefore }: SearchParts) {
  const conversationsOf = db.prepare('SELECT conversation FROM members WHERE account = ?');
  const isMember = db.prepare('SELECT 1 FROM members WHERE account = ? AND conversation = ?');
  const select = db.prepare(
    `SELECT log.seq, at, writers.name AS "from", text, conversations.name AS room, others.name AS other
     FROM log JOIN accounts AS writers ON writers.id = log.account
     JOIN conversations ON conversations.id = conversation
     LEFT JOIN accounts AS others ON others.id = iif(low = ?2, high, low)
     WHERE log.seq = ?1 AND removed IS NULL`,
  );

  function searchable({ account, target }: SearchQuery): number[] {
    if (target === undefined) {
      const rows: { conversation: number }[] = conversationsOf.all(account);
      return rows.map(({ conversation }) => conversation);
    }
    const conversation = find(target);
    const visible = conversation !== undefined && isMember.get(account, conversation) !== undefined;
    return visible ? [conversation] : [];
  }

  function hitsOf(seq: number, account: number, terms: readonly SearchTerm[]): SearchHit[] {
    const row: HitRow | undefined = select.get(seq, account);
    return row === undefined ? [] : [hitOf(row, terms)];
  }

  return {
    search(query) {
      const { account, from, since, until, now, before = Number.MAX_SAFE_INTEGER, limit } = query;
      const conversations = searchable(query);
      if (conversations.length === 0) return { hits: [], more: false };
      const terms = parseTerms(query.words);
      const filters = [
        `place : (${conversations.map(placeWord).join(' OR ')})`,
        ...(from === undefined ? [] : [`author : ${authorWord(from)}`]),
        ...(terms.length === 0 ? [] : [expressionOf(terms)]),
      ];
      const seqs = index.match(filters.join(' AND '), {
        after: since === undefined ? 0 : seqBefore(since, now),
        before: until === undefined ? before : Math.min(before, seqBefore(until, now) + 1),
        limit: limit + 1,
      });
      const hits = seqs.slice(0, limit).flatMap((seq) => hitsOf(seq, account, terms));
      return { hits, more: seqs.length > limit };
    },
  } satisfies Partial<Operations>;
}

function hitOf({ room, other, text, ...message }: HitRow, terms: readonly SearchTerm[]): SearchHit {
  const excerpt = excerptOf(text, terms);
  if (room === null) return { ...message, kind: 'direct', name: other ?? '', ...excerpt };
  return { ...message, kind: 'room', name: room, ...excerpt };
}
