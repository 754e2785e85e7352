/** Conversations and how far each member has read, in SQL: rooms, and what two people say to each other. */

import { limits } from '../../protocol/limits.js';
import { mentions } from '../../protocol/mentions.js';
import type { RoomRole } from '../../protocol/records.js';
import type { Target } from '../message-store.js';
import type { Room, Standing } from '../room-store.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';
import type { Words } from './search-index.js';

export interface Conversations extends OperationsOf<'rooms' | 'standings' | 'markRead'> {
  /** The id of a conversation, undefined for a room that is gone and where two people have said nothing yet. */
  find(target: Target): number | undefined;
  /** The same, making what two people begin, with both as members. Throws for a room that is gone. */
  findOrBegin(target: Target): number;
  /** What a conversation's id stands for. */
  target(conversation: number): Target;
}

export interface RoomRow {
  readonly id: number;
  readonly name: string;
  readonly private: number;
  readonly everybody: number;
  readonly topic: string;
  /** JSON. */
  readonly rules: string;
}

interface StandingRow {
  readonly id: number;
  readonly kind: string;
  readonly room: string | null;
  readonly private: number;
  readonly everybody: number;
  readonly topic: string;
  readonly rules: string;
  readonly role: RoomRole;
  readonly me: string;
  readonly other: string | null;
  readonly low: number;
  readonly high: number;
  readonly last: number;
  readonly read: number;
}

// One step at the end of the index log_conversation.
const last = 'coalesce((SELECT max(seq) FROM log WHERE conversation = conversations.id), 0)';

/** What somebody is in a room; in the rooms that everybody is in, what they are on the server. */
export const roleInRoom = `CASE WHEN everybody AND accounts.role = 'admin' THEN 'owner'
  WHEN everybody AND accounts.role = 'moderator' THEN 'moderator' ELSE members.role END`;

/** Columns of a RoomRow. */
export const roomColumns = 'conversations.id, conversations.name, private, everybody, topic, rules';

export function roomOf({ id, name, topic, rules, ...row }: RoomRow): Room {
  return {
    ...{ id, name, topic },
    private: row.private === 1,
    everybody: row.everybody === 1,
    rules: JSON.parse(rules),
  };
}

export function createConversations(db: Database, words: Words): Conversations {
  const between = db.prepare('SELECT id FROM conversations WHERE low = ? AND high = ?');
  const begin = db.prepare(
    "INSERT INTO conversations (kind, low, high) VALUES ('direct', ?, ?) RETURNING id",
  );
  // OR IGNORE: both are one in notes to oneself.
  const enter = db.prepare('INSERT OR IGNORE INTO members (account, conversation) VALUES (?, ?)');
  const room = db.prepare("SELECT id FROM conversations WHERE id = ? AND kind = 'room'");
  const pair = db.prepare('SELECT low, high FROM conversations WHERE id = ?');
  const rooms = db.prepare(
    `SELECT ${roomColumns},
       (SELECT count(*) FROM members WHERE conversation = conversations.id) AS members
     FROM conversations WHERE name IS NOT NULL ORDER BY id`,
  );
  const standings = db.prepare(
    `SELECT conversations.id, kind, conversations.name AS room, private, everybody, topic, rules,
       ${roleInRoom} AS role, accounts.name AS me, others.name AS other, low, high, read, ${last} AS last
     FROM members
     JOIN accounts ON accounts.id = members.account
     JOIN conversations ON conversations.id = members.conversation
     LEFT JOIN accounts AS others ON others.id = iif(low = members.account, high, low)
     WHERE members.account = ? ORDER BY turn > 0, turn, conversations.id`,
  );
  const unread = db.prepare(
    `SELECT count(*) AS unread FROM (
       SELECT 1 FROM log INDEXED BY log_conversation
       WHERE conversation = ? AND seq > ? AND account <> ? AND removed IS NULL
         AND kind IN ('text', 'action', 'file') LIMIT ${limits.unreadCounted})`,
  );
  const textOf = db.prepare('SELECT text FROM log WHERE seq = ? AND account <> ?');
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

  function findRoom(id: number): number | undefined {
    const row: { id: number } | undefined = room.get(id);
    return row?.id;
  }

  function find(target: Target): number | undefined {
    return 'room' in target ? findRoom(target.room) : findPair(...ordered(target.direct));
  }

  function unreadOf(row: StandingRow, account: number): { unread: number; mentions: number } {
    if (row.last <= row.read) return { unread: 0, mentions: 0 };
    const count: { unread: number } = unread.get(row.id, row.read, account);
    if (count.unread === 0) return { unread: 0, mentions: 0 };
    const naming = words.naming(row.me, { conversation: row.id, after: row.read }).filter((seq) => {
      const said: { text: string } | undefined = textOf.get(seq, account);
      return said !== undefined && mentions(said.text, row.me);
    });
    return { unread: count.unread, mentions: naming.length };
  }

  return {
    find,
    findOrBegin(target) {
      const found = find(target);
      if (found !== undefined) return found;
      if ('room' in target) throw new Error(`there is no room ${target.room}`);
      return beginPair(...ordered(target.direct));
    },
    target(conversation) {
      const row: { low: number | null; high: number | null } | undefined = pair.get(conversation);
      if (row === undefined || row.low === null || row.high === null) return { room: conversation };
      return { direct: [row.low, row.high] };
    },
    rooms() {
      const rows: (RoomRow & { members: number })[] = rooms.all();
      return rows.map(({ members, ...row }) => ({ ...roomOf(row), members }));
    },
    standings(account) {
      const rows: StandingRow[] = standings.all(account);
      return rows.map((row) => standing(row, unreadOf(row, account)));
    },
    markRead(account, target, seq) {
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

function standing(row: StandingRow, counts: { unread: number; mentions: number }): Standing {
  const { id, last: newest, read, role } = row;
  const state = { last: newest, read, ...counts };
  if (row.room !== null) {
    const room = roomOf({ ...row, name: row.room });
    return { kind: 'room', name: row.room, target: { room: id }, ...state, room, role };
  }
  return { kind: 'direct', name: row.other ?? '', target: { direct: [row.low, row.high] }, ...state };
}
