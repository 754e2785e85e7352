/** Rooms in SQL: who makes, enters and leaves them, who owns them, who is invited. Knows no messages. */

import { limits } from '../../protocol/limits.js';
import type { RoomRole } from '../../protocol/records.js';
import type { Entered, LeftRoom, Made, RoomInvitation, RoomMember } from '../room-store.js';
import { type AccountRow, accountColumns, accountOf } from './accounts.js';
import type { OperationsOf } from './call.js';
import { type RoomRow, roleInRoom, roomColumns, roomOf } from './conversations.js';
import type { Database } from './database.js';

type RoomMethod =
  | 'makeRoom'
  | 'enterRoom'
  | 'leaveRoom'
  | 'members'
  | 'sharedRooms'
  | 'setRoomRole'
  | 'inviteToRoom'
  | 'invitations'
  | 'dismissInvitation'
  | 'setRules';

export function createRooms(db: Database): OperationsOf<RoomMethod> & { leaveAll(account: number): void } {
  const room = db.prepare(`SELECT ${roomColumns} FROM conversations WHERE id = ? AND kind = 'room'`);
  const rooms = db.prepare("SELECT count(*) AS count FROM conversations WHERE kind = 'room'");
  const publicRoom = db.prepare('SELECT 1 FROM conversations WHERE name = ? AND NOT private');
  const ownRooms = db.prepare(
    `SELECT count(*) AS count, count(*) FILTER (WHERE name = ?2) AS same
     FROM members JOIN conversations ON conversations.id = conversation
     WHERE account = ?1 AND kind = 'room'`,
  );
  const mine = db.prepare(
    `SELECT conversations.id FROM members JOIN conversations ON conversations.id = conversation
     WHERE account = ? AND kind = 'room' AND NOT everybody`,
  );
  const insert = db.prepare(
    "INSERT INTO conversations (kind, name, private) VALUES ('room', ?, ?) RETURNING id",
  );
  const member = db.prepare('SELECT role FROM members WHERE account = ? AND conversation = ?');
  const enter = db.prepare(
    // What was said before somebody came is not new to them.
    `INSERT INTO members (account, conversation, role, read, turn)
     SELECT ?1, ?2, ?3, coalesce((SELECT max(seq) FROM log WHERE conversation = ?2), 0),
       coalesce((SELECT max(turn) FROM members WHERE conversation = ?2), 0) + 1`,
  );
  const leave = db.prepare('DELETE FROM members WHERE account = ? AND conversation = ?');
  const members = db.prepare(
    `SELECT ${accountColumns}, ${roleInRoom} AS roomRole
     FROM members JOIN accounts ON accounts.id = account
     JOIN conversations ON conversations.id = conversation
     WHERE conversation = ? ORDER BY turn, account`,
  );
  const shared = db.prepare(
    `SELECT name FROM members AS mine
     JOIN members AS theirs ON theirs.conversation = mine.conversation AND theirs.account = ?
     JOIN conversations ON conversations.id = mine.conversation
     WHERE mine.account = ? AND kind = 'room' ORDER BY mine.turn > 0, mine.turn, conversations.id`,
  );
  const owners = db.prepare(
    "SELECT count(*) AS count FROM members WHERE conversation = ? AND role = 'owner'",
  );
  const crowd = db.prepare('SELECT count(*) AS count FROM members WHERE conversation = ?');
  const heir = db.prepare(
    `SELECT account FROM members WHERE conversation = ?
     ORDER BY role <> 'moderator', turn, account LIMIT 1`,
  );
  const setRole = db.prepare('UPDATE members SET role = ? WHERE account = ? AND conversation = ?');
  const invite = db.prepare(
    'INSERT OR REPLACE INTO invitations (account, conversation, by, at) VALUES (?, ?, ?, ?)',
  );
  const forgetOldest = db.prepare(
    `DELETE FROM invitations WHERE account = ?1 AND conversation IN (
       SELECT conversation FROM invitations WHERE account = ?1
       ORDER BY at DESC, conversation DESC LIMIT -1 OFFSET ${limits.invitations})`,
  );
  const invitations = db.prepare(
    `SELECT ${roomColumns}, accounts.name AS by
     FROM (SELECT conversation, by, at FROM invitations WHERE account = ?) AS mine
     JOIN conversations ON conversations.id = mine.conversation
     JOIN accounts ON accounts.id = mine.by ORDER BY mine.at, conversations.id`,
  );
  const blocked = db.prepare('SELECT 1 FROM blocks WHERE account = ? AND other = ?');
  const dismiss = db.prepare('DELETE FROM invitations WHERE account = ? AND conversation = ?');
  const dismissAll = db.prepare('DELETE FROM invitations WHERE conversation = ?');
  // What was said in it goes bit by bit: prune does it.
  const end = db.prepare("UPDATE conversations SET kind = 'ended', name = NULL, topic = '' WHERE id = ?");
  const account = db.prepare(`SELECT ${accountColumns} FROM accounts WHERE id = ?`);
  const setRules = db.prepare('UPDATE conversations SET rules = ? WHERE id = ?');

  const roomRow = (id: number): RoomRow | undefined => room.get(id);
  const roleOf = (who: number, id: number): RoomRole | undefined => {
    const row: { role: RoomRole } | undefined = member.get(who, id);
    return row?.role;
  };
  const countOf = (statement: { get(id: number): { count: number } }, id: number): number =>
    statement.get(id).count;

  function makeRoom({ name, private: hidden, owner }: Parameters<typeof operations.makeRoom>[0]): Made {
    const own: { count: number; same: number } = ownRooms.get(owner, name);
    if (own.same > 0 || (!hidden && publicRoom.get(name) !== undefined)) return { outcome: 'name-taken' };
    const all: { count: number } = rooms.get();
    if (own.count >= limits.roomsPerAccount || all.count >= limits.rooms) return { outcome: 'too-many' };
    const { id }: { id: number } = insert.get(name, hidden ? 1 : 0);
    enter.run(owner, id, 'owner');
    return { outcome: 'made', room: { id, name, private: hidden, everybody: false, topic: '', rules: {} } };
  }

  function enterRoom(who: number, id: number): Entered {
    const found = roomRow(id);
    if (found === undefined) return { outcome: 'not-invited' };
    if (roleOf(who, id) !== undefined) return { outcome: 'member-already' };
    const mine: (RoomRow & { by: string })[] = invitations.all(who);
    const invited = mine.some((each) => each.id === id);
    if (found.private === 1 && !invited) return { outcome: 'not-invited' };
    const own: { count: number; same: number } = ownRooms.get(who, found.name);
    if (own.same > 0) return { outcome: 'name-taken' };
    if (own.count >= limits.roomsPerAccount) return { outcome: 'too-many' };
    enter.run(who, id, 'member');
    dismiss.run(who, id);
    return { outcome: 'entered' };
  }

  function leaveRoom(who: number, id: number, options: { end: boolean }): LeftRoom {
    const role = roleOf(who, id);
    if (role === undefined) return { outcome: 'not-a-member' };
    if (roomRow(id)?.everybody === 1) throw new Error('nobody leaves the room that everybody is in');
    const last = countOf(crowd, id) === 1;
    if (last && !options.end) return { outcome: 'last' };
    leave.run(who, id);
    const next: { account: number } | undefined = heir.get(id);
    if (next === undefined) {
      dismissAll.run(id);
      end.run(id);
      return { outcome: 'ended' };
    }
    if (role !== 'owner' || countOf(owners, id) > 0) return { outcome: 'left' };
    setRole.run('owner', next.account, id);
    const inherits: AccountRow = account.get(next.account);
    return { outcome: 'left', heir: accountOf(inherits) };
  }

  const operations: OperationsOf<RoomMethod> = {
    makeRoom,
    enterRoom,
    leaveRoom,
    members(id) {
      const rows: (AccountRow & { roomRole: RoomRole })[] = members.all(id);
      return rows.map((row): RoomMember => ({ account: accountOf(row), role: row.roomRole }));
    },
    sharedRooms(one, other) {
      const rows: { name: string }[] = shared.all(other, one);
      return rows.map(({ name }) => name);
    },
    setRoomRole(who, id, role) {
      const before = roleOf(who, id);
      if (before === undefined) return 'not-a-member';
      if (roomRow(id)?.everybody === 1) throw new Error('nobody is given the room that everybody is in');
      if (before === 'owner' && role !== 'owner' && countOf(owners, id) === 1) return 'last-owner';
      setRole.run(role, who, id);
      return 'set';
    },
    inviteToRoom({ room: id, account: who, by, at }) {
      if (roomRow(id) === undefined) throw new Error(`there is no room ${id}`);
      if (roleOf(who, id) !== undefined) return 'member-already';
      if (blocked.get(who, by) !== undefined) return 'blocked';
      invite.run(who, id, by, at);
      forgetOldest.run(who);
      return 'invited';
    },
    invitations(who) {
      const rows: (RoomRow & { by: string })[] = invitations.all(who);
      return rows.map(({ by, ...row }): RoomInvitation => ({ room: roomOf(row), by }));
    },
    dismissInvitation: (who, id) => dismiss.run(who, id).changes > 0,
    setRules: (id, rules) => void setRules.run(JSON.stringify(rules), id),
  };
  return {
    ...operations,
    leaveAll(who) {
      const rows: { id: number }[] = mine.all(who);
      for (const { id } of rows) leaveRoom(who, id, { end: true });
    },
  };
}
