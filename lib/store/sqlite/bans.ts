/** Bans and mutes in SQL. Knows accounts and addresses as they are given; what a range covers it does not. */
import type { Ban, BanSubject, Mute } from '../moderation-store.js';
import type { OperationsOf } from './call.js';
import type { Database } from './database.js';

type BanMethod = 'ban' | 'unban' | 'bans' | 'banOf' | 'mute' | 'unmute' | 'mutes';

interface BanRow {
  readonly account: number | null;
  readonly name: string | null;
  readonly address: string | null;
  readonly by: string;
  readonly at: number;
  readonly until: number | null;
  readonly reason: string;
}

interface Owned {
  /** All sessions and tokens of an account. */
  readonly revoke: (account: number) => void;
  readonly lastAdmin: (account: number) => boolean;
  /** What an account handed out, and its own reset. */
  readonly withdraw: (account: number) => void;
}

const everywhere = 0;

export function createBans(db: Database, { revoke, lastAdmin, withdraw }: Owned): OperationsOf<BanMethod> {
  const insert = db.prepare(
    'INSERT OR REPLACE INTO bans (account, address, by, at, until, reason) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const inForce = '(until IS NULL OR until > ?)';
  const remove = db.prepare(`DELETE FROM bans WHERE (account = ? OR address = ?) AND ${inForce}`);
  const columns = 'bans.account, accounts.name, address, by, at, until, reason';
  const list = db.prepare(
    `SELECT ${columns} FROM bans LEFT JOIN accounts ON accounts.id = bans.account
     WHERE ${inForce} ORDER BY at DESC, bans.id DESC`,
  );
  const one = db.prepare(
    `SELECT ${columns} FROM bans JOIN accounts ON accounts.id = bans.account WHERE bans.account = ? AND ${inForce}`,
  );
  const mute = db.prepare('INSERT OR REPLACE INTO mutes (account, room, until) VALUES (?, ?, ?)');
  const unmute = db.prepare(`DELETE FROM mutes WHERE account = ? AND room = ? AND ${inForce}`);
  const mutes = db.prepare(`SELECT room, until FROM mutes WHERE account = ? AND ${inForce} ORDER BY room`);

  function ban(subject: BanSubject, terms: Parameters<OperationsOf<'ban'>['ban']>[1]) {
    const { by, at, until = null, reason } = terms;
    if ('address' in subject) {
      insert.run(null, subject.address, by, at, until, reason);
      return 'banned';
    }
    const { account } = subject;
    if (lastAdmin(account)) return 'last-admin';
    insert.run(account, null, by, at, until, reason);
    revoke(account);
    withdraw(account);
    return 'banned';
  }

  return {
    ban,
    unban(subject, at) {
      const account = 'account' in subject ? subject.account : null;
      const address = 'address' in subject ? subject.address : null;
      return remove.run(account, address, at).changes > 0;
    },
    bans(at) {
      const rows: BanRow[] = list.all(at);
      return rows.map(banOf);
    },
    banOf(account, at) {
      const row: BanRow | undefined = one.get(account, at);
      return row && banOf(row);
    },
    mute: (account, { room, until }) => void mute.run(account, room ?? everywhere, until ?? null),
    unmute: (account, room, at) => unmute.run(account, room ?? everywhere, at).changes > 0,
    mutes(account, at) {
      const rows: { room: number; until: number | null }[] = mutes.all(account, at);
      return rows.map(
        ({ room, until }): Mute => ({
          ...(room !== everywhere && { room }),
          ...(until !== null && { until }),
        }),
      );
    },
  };
}

function banOf({ account, name, address, until, ...terms }: BanRow): Ban {
  const end = until === null ? {} : { until };
  if (account !== null && name !== null) return { ...terms, ...end, account, name };
  return { ...terms, ...end, address: address ?? '' };
}
