/** Webhooks in SQL. Knows hashes of secrets, never a secret; not who may make one. */
import { limits } from '../../protocol/limits.js';
import type { Role, RoomRole } from '../../protocol/records.js';
import type { MakeWebhookResult, NewWebhook, Webhook } from '../webhook-store.js';
import { type AccountRow, accountColumns, accountOf } from './accounts.js';
import { roleInRoom } from './conversations.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';

interface InOtherTables {
  readonly register: Operations['register'];
  readonly nameConflict: Operations['nameConflict'];
  /** Makes an account a member of a room that there is. */
  readonly enter: (account: number, room: number) => void;
}

interface WebhookRow extends AccountRow {
  readonly room: number;
  readonly by: string;
  readonly at: number;
  readonly makerRole: Role;
  readonly makerRoomRole: RoomRole | null;
}

const banned = 'SELECT account FROM bans WHERE account IS NOT NULL AND (until IS NULL OR until > ?1)';

const select = `SELECT ${accountColumns}, webhooks.room, webhooks.created_at AS at, makers.name AS by,
    makers.role AS "makerRole",
    (SELECT ${roleInRoom} FROM members JOIN accounts ON accounts.id = members.account
       JOIN conversations ON conversations.id = members.conversation
       WHERE members.account = webhooks.maker AND members.conversation = webhooks.room AND NOT gone
         AND webhooks.maker NOT IN (${banned}) AND webhooks.account NOT IN (${banned})) AS "makerRoomRole"
  FROM webhooks JOIN accounts ON accounts.id = webhooks.account AND NOT accounts.gone
    JOIN accounts AS makers ON makers.id = webhooks.maker`;

function prepare(db: Database) {
  return {
    room: db.prepare("SELECT 1 FROM conversations WHERE id = ? AND kind = 'room'"),
    count: db.prepare(
      `SELECT count(*) FILTER (WHERE room = ? AND code IS NOT NULL) AS "inRoom", count(*) FILTER (WHERE maker = ?) AS made
       FROM webhooks`,
    ),
    ended: db.prepare(
      `SELECT ${accountColumns} FROM webhooks JOIN accounts ON accounts.id = account AND NOT gone
       WHERE name = ? AND room = ? AND code IS NULL`,
    ),
    insert: db.prepare(
      `INSERT INTO webhooks (account, room, maker, code, created_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (account) DO UPDATE SET maker = excluded.maker, code = excluded.code, created_at = excluded.created_at`,
    ),
    byCode: db.prepare(`${select} WHERE code = ?2`),
    list: db.prepare(
      `${select} WHERE code IS NOT NULL
         AND webhooks.room IN (SELECT conversation FROM members WHERE members.account = ?2)
       ORDER BY accounts.name`,
    ),
    end: db.prepare('UPDATE webhooks SET code = NULL WHERE account = ? AND code IS NOT NULL'),
  };
}

type Statements = ReturnType<typeof prepare>;

export function createWebhookOperations(db: Database, others: InOtherTables) {
  const sql = prepare(db);
  return {
    makeWebhook: (webhook) => makeWebhook(sql, webhook, others),
    webhook(code, at) {
      const row: WebhookRow | undefined = sql.byCode.get(at, code);
      return row && webhookOf(row);
    },
    webhooks(account, at) {
      const rows: WebhookRow[] = sql.list.all(at, account);
      return rows.map(webhookOf);
    },
    endWebhook: (account) => sql.end.run(account).changes > 0,
  } satisfies Partial<Operations>;
}

function makeWebhook(
  sql: Statements,
  { name, skeleton, room, by, code, at, unlimited = false }: NewWebhook,
  { register, nameConflict, enter }: InOtherTables,
): MakeWebhookResult {
  if (sql.room.get(room) === undefined) return { outcome: 'no-such-room' };
  const ended: AccountRow | undefined = sql.ended.get(name, room);
  const conflict = ended === undefined ? nameConflict({ name, skeleton }) : undefined;
  if (conflict !== undefined) return conflict;
  const { inRoom, made }: { inRoom: number; made: number } = sql.count.get(room, by);
  if (inRoom >= limits.webhooksPerRoom) return { outcome: 'too-many', of: 'room' };
  if (made >= limits.webhooksMade && !unlimited) return { outcome: 'too-many', of: 'account' };
  const created =
    ended === undefined ? register({ name, skeleton, password: '', role: 'bot', at }) : undefined;
  if (created !== undefined && created.outcome !== 'created')
    throw new Error(`no account: ${created.outcome}`);
  const account = ended === undefined ? created?.account : accountOf(ended);
  if (account === undefined) throw new Error('a webhook without an account');
  sql.insert.run(account.id, room, by, code, at);
  enter(account.id, room);
  return { outcome: 'made', account };
}

function webhookOf({ room, by, at, makerRole, makerRoomRole, ...account }: WebhookRow): Webhook {
  const maker = makerRoomRole === null ? {} : { maker: { role: makerRole, room: makerRoomRole } };
  return { account: accountOf(account), room, by, at, ...maker };
}
