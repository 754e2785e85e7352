/** Conversations and how far each member has read, in SQL: rooms and direct messages alike. */
import type { RoomRole } from '../../protocol/records.js';
import type { ConversationKey } from '../message-store.js';
import type { ConversationPosition, ConversationSummary, Room } from '../room-store.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';
import { type Counts, createUnreadCounter } from './unread.js';

export interface RoomRow {
  readonly id: number;
  readonly name: string;
  readonly private: number;
  /** It is the lobby. */
  readonly everybody: number;
  readonly topic: string;
  /** JSON. */
  readonly rules: string;
}

interface SummaryRow extends Omit<RoomRow, 'name'> {
  readonly room: string | null;
  readonly role: RoomRole;
  readonly other: string | null;
  readonly low: number;
  readonly high: number;
  /** Of the newest entry of the log; 0 for none. */
  readonly last: number;
  /** Its time; null for none. */
  readonly at: number | null;
  /** Of the newest reaction; 0 for none. */
  readonly reacted: number;
  readonly read: number;
}

/** A member's role in a room; in the lobby it follows from the account's role. */
export const roleInRoom = `CASE WHEN everybody AND accounts.role = 'admin' THEN 'owner'
  WHEN everybody AND accounts.role = 'moderator' THEN 'moderator' ELSE members.role END`;

/** Columns of a RoomRow. */
export const roomColumns = 'conversations.id, conversations.name, private, everybody, topic, rules';

export function roomOf({ id, name, topic, rules, ...row }: RoomRow): Room {
  return {
    ...{ id, name, topic },
    private: row.private === 1,
    lobby: row.everybody === 1,
    rules: JSON.parse(rules),
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: Database) {
  return {
    direct: db.prepare('SELECT id FROM conversations WHERE low = ? AND high = ?'),
    beginDirect: db.prepare(
      "INSERT INTO conversations (kind, low, high) VALUES ('direct', ?, ?) RETURNING id",
    ),
    // In notes to oneself both members are the same account.
    join: db.prepare('INSERT INTO members (account, conversation) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    room: db.prepare("SELECT id FROM conversations WHERE id = ? AND kind = 'room'"),
    pair: db.prepare('SELECT low, high FROM conversations WHERE id = ?'),
    rooms: db.prepare(
      `SELECT ${roomColumns},
         (SELECT count(*) FROM members WHERE conversation = conversations.id) AS members
       FROM conversations WHERE name IS NOT NULL ORDER BY id`,
    ),
    // `last` and `reacted` are one step each at the end of an index.
    summaries: db.prepare(
      `SELECT conversations.id, conversations.name AS room, private, everybody, topic, rules,
         ${roleInRoom} AS role, others.name AS other, low, high, read, coalesce(newest.seq, 0) AS last, newest.at,
         coalesce((SELECT max(seq) FROM reactions WHERE conversation = conversations.id), 0) AS reacted
       FROM members
       JOIN accounts ON accounts.id = members.account
       JOIN conversations ON conversations.id = members.conversation
       LEFT JOIN accounts AS others ON others.id = CASE WHEN low = members.account THEN high ELSE low END
       LEFT JOIN log AS newest ON newest.seq =
         (SELECT max(seq) FROM log WHERE conversation = conversations.id)
       WHERE members.account = ? ORDER BY turn > 0, turn, conversations.id`,
    ),
    markRead: db.prepare(
      'UPDATE members SET read = ?3 WHERE account = ?1 AND conversation = ?2 AND read < ?3',
    ),
    forgetMentions: db.prepare('DELETE FROM mentions WHERE account = ? AND conversation = ? AND seq <= ?'),
    newest: db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM log WHERE conversation = ?'),
  };
}

export function createConversationOperations(db: Database) {
  const sql = prepare(db);
  const counter = createUnreadCounter(db);
  const operations = {
    rooms() {
      const rows: (RoomRow & { members: number })[] = sql.rooms.all();
      return rows.map(({ members, ...row }) => ({ ...roomOf(row), members }));
    },
    countUnread: counter.countUnread,
    conversations(account, counted) {
      const rows: SummaryRow[] = sql.summaries.all(account);
      return counter.count(account, rows, counted)?.map(summaryOf);
    },
    markRead(account, target, seq) {
      const conversation = find(sql, target);
      if (conversation === undefined) return undefined;
      const newest: { seq: number } = sql.newest.get(conversation);
      const mark = Math.min(seq, newest.seq);
      if (sql.markRead.run(account, conversation, mark).changes === 0) return undefined;
      sql.forgetMentions.run(account, conversation, mark);
      return mark;
    },
  } satisfies Partial<Operations>;
  return {
    ...operations,
    positions(account: number): ConversationPosition[] {
      const rows: SummaryRow[] = sql.summaries.all(account);
      return rows.map(positionOf);
    },
    /** The id of a conversation; undefined for a room that is gone, and before the first direct message. */
    find: (target: ConversationKey) => find(sql, target),
    /** The same, beginning direct messages, with both as members. */
    beginDirect: (pair: Pair) => beginDirect(sql, pair),
    keyOf(conversation: number): ConversationKey {
      const row: { low: number | null; high: number | null } | undefined = sql.pair.get(conversation);
      if (row === undefined || row.low === null || row.high === null) return { room: conversation };
      return { direct: [row.low, row.high] };
    },
  };
}

function find(sql: Statements, target: ConversationKey): number | undefined {
  const row: { id: number } | undefined =
    'room' in target ? sql.room.get(target.room) : sql.direct.get(...ordered(target.direct));
  return row?.id;
}

function beginDirect(sql: Statements, pair: Pair): number {
  const [low, high] = ordered(pair);
  const { id }: { id: number } = sql.beginDirect.get(low, high);
  sql.join.run(low, id);
  sql.join.run(high, id);
  return id;
}

/** The two accounts of a direct conversation, in any order. */
type Pair = readonly [number, number];

function ordered([one, other]: Pair): [low: number, high: number] {
  return one < other ? [one, other] : [other, one];
}

function summaryOf({ unread, mentions, ...row }: SummaryRow & Counts): ConversationSummary {
  return { ...positionOf(row), unread, mentions };
}

function positionOf(row: SummaryRow): ConversationPosition {
  const { id, at, read, role } = row;
  const last = Math.max(row.last, row.reacted);
  const state = { last, read, ...(at !== null && { at }) };
  if (row.room !== null) {
    const room = roomOf({ ...row, name: row.room });
    return { kind: 'room', name: row.room, target: { room: id }, ...state, room, role };
  }
  return { kind: 'direct', name: row.other ?? '', target: { direct: [row.low, row.high] }, ...state };
}
