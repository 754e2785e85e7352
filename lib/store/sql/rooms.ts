/** Rooms in SQL: creating, joining and leaving them, who owns them, who is invited. Knows no messages. */
import { limits } from '../../protocol/limits.js';
import type { RoomRole } from '../../protocol/records.js';
import type {
  CreateRoomResult,
  JoinRoomResult,
  LeaveRoomResult,
  RoomInvitation,
  RoomMember,
} from '../room-store.js';
import { type AccountRow, accountColumns, accountOf } from './accounts.js';
import { type RoomRow, roleInRoom, roomColumns, roomOf } from './conversations.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';

type Statements = ReturnType<typeof prepare>;

function prepareRooms(db: Database) {
  return {
    room: db.prepare(`SELECT ${roomColumns} FROM conversations WHERE id = ? AND kind = 'room'`),
    countRooms: db.prepare(
      `SELECT count(*) AS rooms, count(*) FILTER (WHERE maker = ?) AS made,
         count(*) FILTER (WHERE maker_address = ?) AS "madeHere"
       FROM conversations INDEXED BY conversations_makers WHERE kind = 'room'`,
    ),
    byName: db.prepare('SELECT 1 FROM conversations WHERE name = ?'),
    insert: db.prepare(
      `INSERT INTO conversations (kind, name, private, maker, maker_address)
       VALUES ('room', ?, ?, ?, ?) RETURNING id`,
    ),
    isWebhook: db.prepare('SELECT 1 FROM webhooks WHERE account = ?'),
    endWebhook: db.prepare('UPDATE webhooks SET code = NULL WHERE account = ? AND room = ?'),
    endWebhooks: db.prepare('UPDATE webhooks SET code = NULL, room = NULL WHERE room = ?'),
    // Its log is removed later, bit by bit, by `prune`.
    end: db.prepare(
      `UPDATE conversations SET kind = 'ended', name = NULL, topic = '', maker = NULL, maker_address = NULL
       WHERE id = ?`,
    ),
  };
}

/** Bots of webhooks neither own a room nor keep it. */
const isPerson = 'members.account NOT IN (SELECT account FROM webhooks)';

const memberColumns = `SELECT ${accountColumns}, ${roleInRoom} AS "roomRole"`;

function prepareMembers(db: Database) {
  return {
    countOwnRooms: db.prepare(
      `SELECT count(*) AS count FROM members JOIN conversations ON conversations.id = conversation
       WHERE account = ? AND kind = 'room'`,
    ),
    ownRoomsButLobby: db.prepare(
      `SELECT conversations.id FROM members JOIN conversations ON conversations.id = conversation
       WHERE account = ? AND kind = 'room' AND NOT everybody`,
    ),
    roleOf: db.prepare('SELECT role FROM members WHERE account = ? AND conversation = ?'),
    // Read up to the newest entry: what was said before is not new to a new member.
    join: db.prepare(
      `INSERT INTO members (account, conversation, role, read, turn)
       SELECT ?1, ?2, ?3, coalesce((SELECT max(seq) FROM log WHERE conversation = ?2), 0),
         coalesce((SELECT max(turn) FROM members WHERE conversation = ?2), 0) + 1`,
    ),
    leave: db.prepare('DELETE FROM members WHERE account = ? AND conversation = ?'),
    leaveTogether: db.prepare('DELETE FROM members WHERE conversation = ?'),
    members: {
      // For a room with a large part of all accounts: from name to name, as far as the page goes.
      walked: db.prepare(
        `${memberColumns} FROM accounts
         CROSS JOIN members ON members.account = accounts.id AND members.conversation = ?
         JOIN conversations ON conversations.id = members.conversation
         WHERE accounts.name > ? ORDER BY accounts.name LIMIT ?`,
      ),
      sorted: db.prepare(
        `${memberColumns} FROM members INDEXED BY members_conversation
         CROSS JOIN accounts ON accounts.id = members.account
         JOIN conversations ON conversations.id = members.conversation
         WHERE members.conversation = ? AND accounts.name > ? ORDER BY accounts.name LIMIT ?`,
      ),
    },
    role: db.prepare(
      `SELECT ${roleInRoom} AS role FROM members JOIN accounts ON accounts.id = account
       JOIN conversations ON conversations.id = conversation WHERE account = ? AND conversation = ?`,
    ),
    shared: db.prepare(
      `SELECT name FROM members AS mine
       JOIN members AS theirs ON theirs.conversation = mine.conversation AND theirs.account = ?
       JOIN conversations ON conversations.id = mine.conversation
       WHERE mine.account = ? AND kind = 'room' ORDER BY mine.turn > 0, mine.turn, conversations.id`,
    ),
    otherOwner: db.prepare(
      `SELECT 1 FROM members WHERE conversation = ? AND account <> ? AND role = 'owner' AND ${isPerson} LIMIT 1`,
    ),
    otherPerson: db.prepare(
      `SELECT 1 FROM members WHERE conversation = ? AND account <> ? AND ${isPerson} LIMIT 1`,
    ),
    countMembers: db.prepare('SELECT count(*) AS count FROM members WHERE conversation = ?'),
    // Accounts are never deleted.
    countAccounts: db.prepare('SELECT max(id) AS count FROM accounts'),
    heir: db.prepare(
      `SELECT ${accountColumns} FROM members JOIN accounts ON accounts.id = account
       WHERE conversation = ? AND ${isPerson} ORDER BY members.role <> 'moderator', turn, account LIMIT 1`,
    ),
    setRole: db.prepare('UPDATE members SET role = ? WHERE account = ? AND conversation = ?'),
  };
}

function prepareInvitations(db: Database) {
  return {
    invite: db.prepare(
      `INSERT INTO invitations (account, conversation, by, at) VALUES (?, ?, ?, ?)
       ON CONFLICT (account, conversation) DO UPDATE SET by = excluded.by, at = excluded.at`,
    ),
    forgetOldest: db.prepare(
      `DELETE FROM invitations WHERE account = ?1 AND conversation IN (
         SELECT conversation FROM invitations WHERE account = ?1
         ORDER BY at DESC, conversation DESC LIMIT ${Number.MAX_SAFE_INTEGER} OFFSET ${limits.invitations})`,
    ),
    invitations: db.prepare(
      `SELECT ${roomColumns}, accounts.name AS by
       FROM (SELECT conversation, by, at FROM invitations WHERE account = ?) AS mine
       JOIN conversations ON conversations.id = mine.conversation
       JOIN accounts ON accounts.id = mine.by ORDER BY mine.at, conversations.id`,
    ),
    invited: db.prepare('SELECT 1 FROM invitations WHERE account = ? AND conversation = ?'),
    dismiss: db.prepare('DELETE FROM invitations WHERE account = ? AND conversation = ?'),
    dismissAll: db.prepare('DELETE FROM invitations WHERE conversation = ?'),
    blocked: db.prepare('SELECT 1 FROM blocks WHERE account = ? AND other = ?'),
  };
}

function prepare(db: Database) {
  return { ...prepareRooms(db), ...prepareMembers(db), ...prepareInvitations(db) };
}

export function createRoomOperations(db: Database) {
  const sql = prepare(db);
  const operations = {
    createRoom: (room) => createRoom(sql, room),
    joinRoom: (account, room) => joinRoom(sql, account, room),
    leaveRoom: (account, room, options) => leaveRoom(sql, { account, room, ...options }),
    members(room, page) {
      const rows = membersByName(sql, room, page);
      return rows.map((row): RoomMember => ({ account: accountOf(row), role: row.roomRole }));
    },
    roomRole(account, room) {
      const row: { role: RoomRole } | undefined = sql.role.get(account, room);
      return row?.role;
    },
    sharedRooms(one, other) {
      const rows: { name: string }[] = sql.shared.all(other, one);
      return rows.map(({ name }) => name);
    },
    setRoomRole(account, room, role) {
      const before = roleOf(sql, account, room);
      if (before === undefined) return 'not-a-member';
      if (roomRow(sql, room)?.everybody === 1) throw new Error('roles in the lobby are those of the server');
      if (before === 'owner' && role !== 'owner' && sql.otherOwner.get(room, account) === undefined)
        return 'last-owner';
      sql.setRole.run(role, account, room);
      return 'set';
    },
    inviteToRoom({ room, account, by, at }) {
      if (roomRow(sql, room) === undefined) return 'no-such-room';
      if (roleOf(sql, account, room) !== undefined) return 'already-member';
      if (sql.blocked.get(account, by) !== undefined) return 'blocked';
      sql.invite.run(account, room, by, at);
      sql.forgetOldest.run(account);
      return 'invited';
    },
    invitations(account) {
      const rows: (RoomRow & { by: string })[] = sql.invitations.all(account);
      return rows.map(({ by, ...row }): RoomInvitation => ({ room: roomOf(row), by }));
    },
    dismissInvitation: (account, room) => sql.dismiss.run(account, room).changes > 0,
  } satisfies Partial<Operations>;
  return {
    ...operations,
    /** Makes an account a member of a room that there is. */
    enter(account: number, room: number): void {
      if (roleOf(sql, account, room) === undefined) sql.join.run(account, room, 'member');
    },
    /** Leaves every room but the lobby. */
    leaveAll(account: number): void {
      const rows: { id: number }[] = sql.ownRoomsButLobby.all(account);
      for (const { id } of rows) leaveRoom(sql, { account, room: id, end: true });
    },
  };
}

function roomRow(sql: Statements, room: number): RoomRow | undefined {
  return sql.room.get(room);
}

function roleOf(sql: Statements, account: number, room: number): RoomRole | undefined {
  const row: { role: RoomRole } | undefined = sql.roleOf.get(account, room);
  return row?.role;
}

function membersByName(
  sql: Statements,
  room: number,
  { after, limit }: Parameters<Operations['members']>[1],
): (AccountRow & { roomRole: RoomRole })[] {
  const members = countMembers(sql, room);
  const { count: accounts }: { count: number } = sql.countAccounts.get();
  // The walk passes this many accounts for a page, the sort reads every member.
  const way = members > 0 && (limit * accounts) / members < members ? 'walked' : 'sorted';
  return sql.members[way].all(room, after, limit);
}

function countMembers(sql: Statements, room: number): number {
  const row: { count: number } = sql.countMembers.get(room);
  return row.count;
}

interface RoomCounts {
  readonly rooms: number;
  readonly made: number;
  readonly madeHere: number;
}

function isInTooMany(sql: Statements, account: number): boolean {
  const own: { count: number } = sql.countOwnRooms.get(account);
  return own.count >= limits.roomsPerAccount;
}

function createRoom(
  sql: Statements,
  { name, private: hidden, owner, address, unlimited }: Parameters<Operations['createRoom']>[0],
): CreateRoomResult {
  if (sql.byName.get(name) !== undefined) return { outcome: 'name-taken' };
  const counts: RoomCounts = sql.countRooms.get(owner, address ?? null);
  if (counts.rooms >= limits.rooms) return { outcome: 'too-many', of: 'server' };
  if (isInTooMany(sql, owner)) return { outcome: 'too-many', of: 'memberships' };
  if (!unlimited && counts.made >= limits.roomsMade) return { outcome: 'too-many', of: 'account' };
  if (!unlimited && counts.madeHere >= limits.roomsMadePerAddress) {
    return { outcome: 'too-many', of: 'address' };
  }
  const { id }: { id: number } = sql.insert.get(name, hidden ? 1 : 0, owner, address ?? null);
  sql.join.run(owner, id, 'owner');
  return { outcome: 'created', room: { id, name, private: hidden, lobby: false, topic: '', rules: {} } };
}

function joinRoom(sql: Statements, account: number, room: number): JoinRoomResult {
  const found = roomRow(sql, room);
  if (found === undefined) return { outcome: 'not-invited' };
  if (roleOf(sql, account, room) !== undefined) return { outcome: 'already-member' };
  if (found.private === 1 && sql.invited.get(account, room) === undefined) return { outcome: 'not-invited' };
  if (isInTooMany(sql, account)) return { outcome: 'too-many' };
  sql.join.run(account, room, 'member');
  sql.dismiss.run(account, room);
  return { outcome: 'joined' };
}

function leaveRoom(
  sql: Statements,
  { account, room, end }: { readonly account: number; readonly room: number; readonly end: boolean },
): LeaveRoomResult {
  const role = roleOf(sql, account, room);
  if (role === undefined) return { outcome: 'not-a-member' };
  if (roomRow(sql, room)?.everybody === 1) throw new Error('no account leaves the lobby');
  if (sql.isWebhook.get(account) !== undefined) {
    sql.leave.run(account, room);
    sql.endWebhook.run(account, room);
    return { outcome: 'left' };
  }
  if (sql.otherPerson.get(room, account) === undefined && !end) return { outcome: 'last' };
  sql.leave.run(account, room);
  const heir: AccountRow | undefined = sql.heir.get(room);
  if (heir === undefined) {
    sql.leaveTogether.run(room);
    sql.endWebhooks.run(room);
    sql.dismissAll.run(room);
    sql.end.run(room);
    return { outcome: 'ended' };
  }
  if (role !== 'owner' || sql.otherOwner.get(room, account) !== undefined) return { outcome: 'left' };
  sql.setRole.run('owner', heir.id, room);
  return { outcome: 'left', heir: accountOf(heir) };
}
