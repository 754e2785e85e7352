/**
 * How much is unread. The writer counts what is little, so that its answer is of one moment; the reader counts what would
 * hold up messages, and the writer adds what was posted since. Knows read marks, not what else is in a conversation.
 */
import { limits } from '../../protocol/limits.js';
import type { Store } from '../store.js';
import type { Database } from './database.js';
import type { CallQueue } from './group-commit.js';
import type { Arguments, Calls, Result, UnreadCount } from './methods.js';

type Unread = Pick<UnreadCount, 'id' | 'read' | 'last'>;
export type Counts = Pick<UnreadCount, 'unread' | 'mentions'>;

interface UnreadCounter {
  /** @param counted by the reader. @returns undefined where the writer would take too long to count */
  count<Row extends Unread>(
    account: number,
    rows: readonly Row[],
    counted?: readonly UnreadCount[],
  ): (Row & Counts)[] | undefined;
  /** All of it, of all conversations that have something unread. */
  countUnread(account: number): UnreadCount[];
}

/** Entries that the writer looks at for one answer, each conversation as a few more: 1 ms or less. */
const mostAtOnce = 500;
const eachConversation = 5;
/** Entries of a conversation, the newest, among which the reader counts: they may be the account's own, or edits. */
const mostEntries = 10_000;
/** With some that are not counted, most often enough. */
const pageEntries = limits.unreadCounted + 100;

const nothing: Counts = { unread: 0, mentions: 0 };

export function createUnreadCounter(db: Database): UnreadCounter {
  const sql = prepare(db);

  function countAfter(
    account: number,
    { id, read, last }: Unread,
    most = mostEntries,
  ): Counts & { entries: number } {
    let [unread, entries, before] = [0, 0, last + 1];
    while (entries < most && unread < limits.unreadCounted && before > read + 1) {
      const first: { seq: number } | undefined = sql.nth.get(
        ...[id, read, before, Math.min(pageEntries, most - entries) - 1],
      );
      const after = first === undefined ? read : first.seq - 1;
      const page: { unread: number; entries: number } = sql.count.get(id, account, after, before);
      unread += page.unread;
      entries += page.entries;
      before = after + 1;
    }
    const { mentions }: { mentions: number } = sql.mentions.get(id, account, read, last);
    return { entries, ...atMost(unread, mentions) };
  }

  function countLittle<Row extends Unread>(
    account: number,
    rows: readonly Row[],
  ): (Row & Counts)[] | undefined {
    let left = mostAtOnce;
    const counted: (Row & Counts)[] = [];
    for (const row of rows) {
      if (row.last <= row.read) {
        counted.push({ ...row, ...nothing });
        continue;
      }
      const { entries, ...counts } = countAfter(account, row, left);
      left -= entries + eachConversation;
      if (left <= 0) return undefined;
      counted.push({ ...row, ...counts });
    }
    return counted;
  }

  function countSince(account: number, row: Unread, counted: UnreadCount | undefined): Counts {
    if (row.last <= row.read) return nothing;
    // Another terminal has read some of it meanwhile.
    if (counted?.read !== row.read) return countAfter(account, row);
    if (counted.last === row.last) return counted;
    const { unread, mentions } = countAfter(account, { ...row, read: counted.last });
    return atMost(counted.unread + unread, counted.mentions + mentions);
  }

  return {
    count(account, rows, counted) {
      if (counted === undefined) return countLittle(account, rows);
      const byId = new Map(counted.map((each) => [each.id, each]));
      return rows.map((row) => {
        const { unread, mentions } = countSince(account, row, byId.get(row.id));
        return { ...row, unread, mentions };
      });
    },
    countUnread(account) {
      const rows: Unread[] = sql.unread.all(account);
      return rows.map((row) => {
        const { unread, mentions } = countAfter(account, row);
        return { ...row, unread, mentions };
      });
    },
  };
}

function atMost(unread: number, mentions: number): Counts {
  const most = limits.unreadCounted;
  return { unread: Math.min(unread, most), mentions: Math.min(mentions, most) };
}

function prepare(db: Database) {
  return {
    nth: db.prepare(
      `SELECT seq FROM log INDEXED BY log_conversation WHERE conversation = ? AND seq > ? AND seq < ?
       ORDER BY seq DESC LIMIT 1 OFFSET ?`,
    ),
    count: db.prepare(
      `SELECT count(*) AS entries,
         count(*) FILTER (WHERE account <> ?2 AND removed IS NULL AND kind IN ('text', 'action', 'file')) AS unread
       FROM log INDEXED BY log_conversation WHERE conversation = ?1 AND seq > ?3 AND seq < ?4`,
    ),
    mentions: db.prepare(
      `SELECT count(*) AS mentions FROM (SELECT 1 FROM mentions
         WHERE conversation = ?1 AND account = ?2 AND seq > ?3 AND seq <= ?4 LIMIT ${limits.unreadCounted}) AS counted`,
    ),
    unread: db.prepare(
      `SELECT id, read, last FROM (
         SELECT conversation AS id, read,
           (SELECT max(seq) FROM log WHERE log.conversation = members.conversation) AS last
         FROM members WHERE account = ?) AS marks
       WHERE last > read`,
    ),
  };
}

type Counted = 'conversations' | 'signInState';

interface CountingThreads {
  readonly writer: Pick<CallQueue, 'push'>;
  readonly countUnread: Calls['countUnread'];
}

/** The Store's methods that tell what is unread, and what of them is under way, which the threads must outlive. */
export function createCountedCalls({ writer, countUnread }: CountingThreads) {
  const underWay = new Set<Promise<unknown>>();

  function ask<M extends Counted>(
    method: M,
    account: number,
    argsWith: (counted?: readonly UnreadCount[]) => Arguments<M>,
  ): Promise<NonNullable<Result<M>>> {
    const answer = new Promise<NonNullable<Result<M>>>((resolve, reject) => {
      function push(counted?: readonly UnreadCount[]): void {
        writer.push(method, argsWith(counted), {
          resolve: (value) => (value ? resolve(value) : void countUnread(account).then(push, reject)),
          reject,
        });
      }
      push();
    });
    const settled = answer.catch(() => {}).finally(() => underWay.delete(settled));
    underWay.add(settled);
    return answer;
  }

  const calls: Pick<Store, Counted> = {
    conversations: (account) => ask('conversations', account, (counted) => [account, counted]),
    signInState: (account, session, at) =>
      ask('signInState', account, (counted) => [account, session, at, counted]),
  };
  return { calls, underWay };
}
