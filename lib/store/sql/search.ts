/**
 * Search in SQL: messages with some words in an account's conversations, for a limited time, by an index that each database
 * has of its own. Knows who is a member.
 */
import type { Clock } from '../../system/clock.js';
import type { ConversationKey, SearchHit, SearchQuery } from '../message-store.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';
import { joinQuote, type QuoteRow, quoteColumns, quotedOf } from './quotes.js';
import { excerptOf, parseTerms, type SearchTerm } from './search-query.js';

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
  /** Seqs smaller than this only; above `after`. */
  readonly before: number;
  readonly limit: number;
}

export interface SearchFilter {
  readonly terms: readonly SearchTerm[];
  /** Undefined: all of the member's. */
  readonly conversations?: readonly number[];
  readonly member: number;
  readonly author?: number;
}

export interface SearchIndex {
  add(message: IndexedMessage): void;
  remove(message: IndexedMessage): void;
  /** Seqs of messages, the newest first. Takes as long as the range is. */
  match(filter: SearchFilter, range: SeqRange): number[];
}

/**
 * Seqs of a block, as in migrations.ts. Looking for the next match, FTS5 does not stop at the end of a range of rowids, but
 * it does where a word has no more messages: with the words of its blocks, a range takes no longer than it is long. The
 * most expensive search takes 25 ms in a block.
 */
const blockSize = 8_192;
export const blockOf = (seq: number): number => Math.floor(seq / blockSize);

interface HitRow extends QuoteRow {
  readonly seq: number;
  readonly at: number;
  readonly from: string;
  readonly text: string;
  readonly room: string | null;
  readonly other: string | null;
  readonly of: number | null;
}

interface SearchParts {
  readonly index: SearchIndex;
  readonly find: (target: ConversationKey) => number | undefined;
  readonly seqBefore: Operations['seqBefore'];
  readonly ticks: Clock['ticks'];
}

/** So long a search takes its turn; what it has begun may end later. */
const turnMs = 40;
/** A range that took no longer is followed by one of four times as many blocks, up to this many. */
const shortMs = turnMs / 4;
const mostBlocks = 16;
/** In a range, the words of more conversations take longer to look up than the conversations of its messages. */
const mostConversations = 16;

export function createSearchOperations(db: Database, { index, find, seqBefore, ticks }: SearchParts) {
  const conversationsOf = db.prepare('SELECT conversation FROM members WHERE account = ?');
  const isMember = db.prepare('SELECT 1 FROM members WHERE account = ? AND conversation = ?');
  const ends = db.prepare(
    `SELECT coalesce((SELECT min(seq) FROM log), 0) AS oldest, coalesce((SELECT max(seq) FROM log), 0) AS newest`,
  );
  const timeOf = db.prepare('SELECT at FROM log WHERE seq >= ? ORDER BY seq LIMIT 1');
  const select = db.prepare(
    `SELECT log.seq, log.at, writers.name AS "from", log.text, conversations.name AS room, peers.name AS other,
       log.target AS of, ${quoteColumns}
     FROM log JOIN accounts AS writers ON writers.id = log.account
     JOIN conversations ON conversations.id = log.conversation
     LEFT JOIN accounts AS peers ON peers.id = CASE WHEN low = ?2 THEN high ELSE low END
     ${joinQuote('log.target')}
     WHERE log.seq = ?1 AND log.removed IS NULL`,
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
      const few = conversations.length <= mostConversations;
      const filter = {
        ...{ terms, member: account },
        ...(few && { conversations }),
        ...(from !== undefined && { author: from }),
      };
      const { oldest, newest }: { oldest: number; newest: number } = ends.get();
      const end = Math.min(before, newest + 1, until === undefined ? before : seqBefore(until, now) + 1);
      const match = (range: SeqRange) => index.match(filter, range);
      const { seqs, reached, blocks } = matchForATurn(match, ticks, {
        ...{ blocks: query.blocks ?? 1 },
        after: Math.max(oldest - 1, since === undefined ? 0 : seqBefore(since, now)),
        ...{ before: end, limit: limit + 1 },
      });
      const hits = seqs.slice(0, limit).flatMap((seq) => hitsOf(seq, account, terms));
      if (reached === undefined || seqs.length > limit) return { hits, more: seqs.length > limit };
      const { at }: { at: number } = timeOf.get(reached);
      return { hits, more: true, reached: { seq: reached, at }, blocks };
    },
  } satisfies Partial<Operations>;
}

/** The newest first. @returns what matches and, unless all of the range was searched, the seq from which on it was */
function matchForATurn(
  match: (range: SeqRange) => number[],
  ticks: Clock['ticks'],
  { after, before, limit, ...range }: SeqRange & { readonly blocks: number },
): { seqs: number[]; reached?: number; blocks: number } {
  const seqs: number[] = [];
  const end = ticks() + turnMs;
  let [reached, blocks] = [before, range.blocks];
  while (reached > after + 1 && seqs.length < limit) {
    const start = ticks();
    if (reached < before && start >= end) return { seqs, reached, blocks };
    const next = Math.max(after, (blockOf(reached - 1) - blocks + 1) * blockSize - 1);
    seqs.push(...match({ after: next, before: reached, limit: limit - seqs.length }));
    reached = next + 1;
    if (ticks() - start <= shortMs) blocks = Math.min(blocks * 4, mostBlocks);
    else if (ticks() - start > turnMs) blocks = Math.max(blocks / 4, 1);
  }
  return { seqs, blocks };
}

function hitOf(row: HitRow, terms: readonly SearchTerm[]): SearchHit {
  const { seq, at, from, room, other, of } = row;
  const quoted = quotedOf(row);
  return {
    ...{ seq, at, from, ...excerptOf(row.text, terms) },
    ...(room === null ? { kind: 'direct', name: other ?? '' } : { kind: 'room', name: room }),
    ...(of !== null && { of }),
    ...(quoted !== undefined && { quoted }),
  };
}
