/** Bans, mutes, blocks and the audit log, in SQL. Knows addresses as given, not what an address range covers. */
import { limits } from '../../protocol/limits.js';
import type { AuditRecord, BanRecord, Mute } from '../moderation-store.js';
import type { Database } from './database.js';
import type { Operations } from './methods.js';

interface InOtherTables {
  readonly revokeSessions: Operations['revokeSessions'];
  readonly isLastAdmin: (account: number) => boolean;
  /** Ends the invites and resets that an account handed out, and its own reset. */
  readonly withdraw: (account: number) => void;
}

interface BanRow {
  readonly account: number | null;
  readonly name: string | null;
  readonly address: string | null;
  readonly by: string;
  readonly at: number;
  readonly until: number | null;
  readonly reason: string;
}

/** The room of a mute that holds in every room. */
const everywhere = 0;

const inForce = '(until IS NULL OR until > ?)';
const banColumns = 'bans.account, accounts.name, address, by, at, until, reason';

function prepareBans(db: Database) {
  return {
    replace: db.prepare('DELETE FROM bans WHERE account = ? OR address = ?'),
    insert: db.prepare(
      'INSERT INTO bans (account, address, by, at, until, reason) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    remove: db.prepare(`DELETE FROM bans WHERE (account = ? OR address = ?) AND ${inForce}`),
    list: db.prepare(
      `SELECT ${banColumns} FROM bans LEFT JOIN accounts ON accounts.id = bans.account
       WHERE ${inForce} ORDER BY at DESC, bans.id DESC`,
    ),
    one: db.prepare(
      `SELECT ${banColumns} FROM bans JOIN accounts ON accounts.id = bans.account
       WHERE bans.account = ? AND ${inForce}`,
    ),
    mute: db.prepare(`INSERT INTO mutes (account, room, until) VALUES (?, ?, ?)
       ON CONFLICT (account, room) DO UPDATE SET until = excluded.until`),
    unmute: db.prepare(`DELETE FROM mutes WHERE account = ? AND room = ? AND ${inForce}`),
    mutes: db.prepare(`SELECT room, until FROM mutes WHERE account = ? AND ${inForce} ORDER BY room`),
    setRules: db.prepare('UPDATE conversations SET rules = ? WHERE id = ?'),
  };
}

export function createBanOperations(db: Database, { revokeSessions, isLastAdmin, withdraw }: InOtherTables) {
  const sql = prepareBans(db);
  return {
    ban(subject, { by, at, until = null, reason }) {
      if ('address' in subject) {
        sql.replace.run(null, subject.address);
        sql.insert.run(null, subject.address, by, at, until, reason);
        return 'banned';
      }
      const { account } = subject;
      if (isLastAdmin(account)) return 'last-admin';
      sql.replace.run(account, null);
      sql.insert.run(account, null, by, at, until, reason);
      revokeSessions(account);
      withdraw(account);
      return 'banned';
    },
    unban(subject, at) {
      const account = 'account' in subject ? subject.account : null;
      const address = 'address' in subject ? subject.address : null;
      return sql.remove.run(account, address, at).changes > 0;
    },
    bans(at) {
      const rows: BanRow[] = sql.list.all(at);
      return rows.map(banOf);
    },
    banOf(account, at) {
      const row: BanRow | undefined = sql.one.get(account, at);
      return row && banOf(row);
    },
    mute: (account, { room, until }) => void sql.mute.run(account, room ?? everywhere, until ?? null),
    unmute: (account, room, at) => sql.unmute.run(account, room ?? everywhere, at).changes > 0,
    mutes(account, at) {
      const rows: MuteRow[] = sql.mutes.all(account, at);
      return rows.map(muteOf);
    },
    setRules: (room, rules) => void sql.setRules.run(JSON.stringify(rules), room),
  } satisfies Partial<Operations>;
}

export interface MuteRow {
  readonly room: number;
  readonly until: number | null;
}

export function muteOf({ room, until }: MuteRow): Mute {
  return { ...(room !== everywhere && { room }), ...(until !== null && { until }) };
}

function banOf({ account, name, address, until, ...terms }: BanRow): BanRecord {
  const end = until === null ? {} : { until };
  if (account !== null && name !== null) return { ...terms, ...end, account, name };
  return { ...terms, ...end, address: address ?? '' };
}

export function createBlockOperations(db: Database) {
  const others = db.prepare('SELECT count(*) AS count FROM blocks WHERE account = ? AND other <> ?');
  const insert = db.prepare('INSERT INTO blocks (account, other) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const remove = db.prepare('DELETE FROM blocks WHERE account = ? AND other = ?');
  const names = db.prepare(
    'SELECT name FROM blocks JOIN accounts ON accounts.id = other WHERE account = ? ORDER BY name',
  );
  return {
    block(account, other) {
      const blocked: { count: number } = others.get(account, other);
      if (blocked.count >= limits.blocks) return false;
      insert.run(account, other);
      return true;
    },
    unblock: (account, other) => remove.run(account, other).changes > 0,
    blocks(account) {
      const rows: { name: string }[] = names.all(account);
      return rows.map(({ name }) => name);
    },
  } satisfies Partial<Operations>;
}

interface AuditRow {
  readonly id: number;
  readonly at: number;
  readonly by: string;
  readonly action: string;
  readonly target: string | null;
  readonly room: string | null;
  readonly detail: string | null;
  readonly reason: string | null;
  readonly hidden: number;
}

export function createAuditOperations(db: Database) {
  const insert = db.prepare(
    'INSERT INTO audit (at, by, action, target, room, detail, reason, hidden) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const page = db.prepare('SELECT * FROM audit WHERE id < ? AND hidden <= ? ORDER BY id DESC LIMIT ?');
  return {
    recordAudit({ at, by, action, on, room, detail, reason, hidden = false }) {
      const rest = [on, room, detail, reason].map((text) => text ?? null);
      insert.run(at, by, action, ...rest, hidden ? 1 : 0);
    },
    auditLog({ before = Number.MAX_SAFE_INTEGER, limit, hidden }) {
      const rows: AuditRow[] = page.all(before, hidden ? 1 : 0, limit);
      return rows.map(auditOf);
    },
  } satisfies Partial<Operations>;
}

function auditOf({ id, at, by, action, target, room, detail, reason, hidden }: AuditRow): AuditRecord {
  return {
    ...{ id, at, by, action },
    ...(target !== null && { on: target }),
    ...(room !== null && { room }),
    ...(detail !== null && { detail }),
    ...(reason !== null && { reason }),
    ...(hidden === 1 && { hidden: true as const }),
  };
}
