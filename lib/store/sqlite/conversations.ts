/** Conversations and their members in SQL: rooms, and what two people say to each other. Knows no texts. */
import type { Room, Standing, Target } from '../store.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';

export interface Conversations extends OperationsOf<'rooms' | 'standings' | 'markRead'> {
  /** The id of a conversation, undefined where two people have said nothing yet. A room's id is taken as it is. */
  find(target: Target): number | undefined;
  /** The same, making what two people begin, with both as members. */
  findOrBegin(target: Target): number;
}

interface StandingRow {
  readonly id: number;
  readonly room: string | null;
  readonly other: string | null;
  readonly low: number;
  readonly high: number;
  readonly last: number;
  readonly read: number;
}

// One step at the end of the index log_conversation.
const last = 'coalesce((SELECT max(seq) FROM log WHERE conversation = conversations.id), 0)';

export function createConversations(db: Database): Conversations {
  const between = db.prepare('SELECT id FROM conversations WHERE low = ? AND high = ?');
  const begin = db.prepare(
    "INSERT INTO conversations (kind, low, high) VALUES ('direct', ?, ?) RETURNING id",
  );
  // OR IGNORE: both are one in notes to oneself.
  const enter = db.prepare('INSERT OR IGNORE INTO members (account, conversation) VALUES (?, ?)');
  const rooms = db.prepare(
    `SELECT id, name, ${last} AS last FROM conversations WHERE name IS NOT NULL ORDER BY id`,
  );
  const standings = db.prepare(
    `SELECT conversations.id, conversations.name AS room, accounts.name AS other, low, high, read, ${last} AS last
     FROM members
     JOIN conversations ON conversations.id = members.conversation
     LEFT JOIN accounts ON accounts.id = iif(low = members.account, high, low)
     WHERE members.account = ? ORDER BY conversations.id`,
  );
  const markRead = db.prepare(
    `UPDATE members SET read = ?3 WHERE account = ?1 AND conversation = ?2 AND read < ?3`,
  );
  const newest = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM log WHERE conversation = ?');

  function findPair(low: number, high: number): number | undefined {
    const row: { id: number } | undefined = between.get(low, high);
    return row?.id;
  }

  function beginPair(low: number, high: number): number {
    const { id }: { id: number } = begin.get(low, high);
    enter.run(low, id);
    enter.run(high, id);
    return id;
  }

  function find(target: Target): number | undefined {
    return 'room' in target ? target.room : findPair(...ordered(target.direct));
  }

  return {
    find,
    findOrBegin(target) {
      if ('room' in target) return target.room;
      const pair = ordered(target.direct);
      return findPair(...pair) ?? beginPair(...pair);
    },
    rooms() {
      const rows: Room[] = rooms.all();
      return rows;
    },
    standings(account) {
      const rows: StandingRow[] = standings.all(account);
      return rows.map(standing);
    },
    markRead(account, target, seq): number | undefined {
      const conversation = find(target);
      if (conversation === undefined) return undefined;
      const end: { seq: number } = newest.get(conversation);
      const mark = Math.min(seq, end.seq);
      return markRead.run(account, conversation, mark).changes > 0 ? mark : undefined;
    },
  };
}

function ordered([one, other]: readonly [number, number]): [low: number, high: number] {
  return one < other ? [one, other] : [other, one];
}

function standing(row: StandingRow): Standing {
  const { id, last, read } = row;
  const counts = { last, read, unread: 0, mentions: 0 };
  if (row.room !== null) {
    const room = { id, name: row.room, private: false, everybody: true, topic: '' };
    return { kind: 'room', name: row.room, target: { room: id }, ...counts, room, role: 'member' };
  }
  return { kind: 'direct', name: row.other ?? '', target: { direct: [row.low, row.high] }, ...counts };
}
