/** Search in SQL: what of somebody's conversations has these words. Knows the index and who is in what. */
import type { Hit, Search } from '../message-store.js';
import type { OperationsOf } from './call.js';
import type { Conversations } from './conversations.js';
import type { Database } from './database.js';
import { author, place, type Words } from './search-index.js';
import { excerptOf, matchOf, parseTerms } from './search-query.js';

interface HitRow {
  readonly seq: number;
  readonly at: number;
  readonly from: string;
  readonly text: string;
  readonly room: string | null;
  readonly other: string | null;
}

interface Parts {
  readonly conversations: Conversations;
  readonly words: Words;
  readonly seqBefore: (at: number) => number;
}

export function createSearch(
  db: Database,
  { conversations, words, seqBefore }: Parts,
): OperationsOf<'search'> {
  const mine = db.prepare('SELECT conversation FROM members WHERE account = ?');
  const isMine = db.prepare('SELECT 1 FROM members WHERE account = ? AND conversation = ?');
  const row = db.prepare(
    `SELECT log.seq, at, writers.name AS "from", text, conversations.name AS room, others.name AS other
     FROM log JOIN accounts AS writers ON writers.id = log.account
     JOIN conversations ON conversations.id = conversation
     LEFT JOIN accounts AS others ON others.id = iif(low = ?2, high, low)
     WHERE log.seq = ?1 AND removed IS NULL`,
  );

  function placesOf({ account, target }: Search): number[] {
    if (target === undefined) {
      const rows: { conversation: number }[] = mine.all(account);
      return rows.map(({ conversation }) => conversation);
    }
    const conversation = conversations.find(target);
    const visible = conversation !== undefined && isMine.get(account, conversation) !== undefined;
    return visible ? [conversation] : [];
  }

  return {
    search(search) {
      const { account, from, since, until, before = Number.MAX_SAFE_INTEGER, limit } = search;
      const places = placesOf(search);
      if (places.length === 0) return { hits: [], more: false };
      const terms = parseTerms(search.words);
      const filters = [
        `place : (${places.map(place).join(' OR ')})`,
        ...(from === undefined ? [] : [`author : ${author(from)}`]),
        ...(terms.length === 0 ? [] : [matchOf(terms)]),
      ];
      const seqs = words.match(filters.join(' AND '), {
        after: since === undefined ? 0 : seqBefore(since),
        before: until === undefined ? before : Math.min(before, seqBefore(until) + 1),
        limit: limit + 1,
      });
      const hits = seqs.slice(0, limit).flatMap((seq): Hit[] => {
        const found: HitRow | undefined = row.get(seq, account);
        if (found === undefined) return [];
        const { room, other, text, ...message } = found;
        const where =
          room === null
            ? { kind: 'direct' as const, name: other ?? '' }
            : { kind: 'room' as const, name: room };
        return [{ ...message, ...where, ...excerptOf(text, terms) }];
      });
      return { hits, more: seqs.length > limit };
    },
  };
}
