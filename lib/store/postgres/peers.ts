/**
 * Servers that share the database, in SQL: which there are, who is signed in on which, and what each commits, which the others
 * follow. Entries of the log and news have one sequence: who knows how far it came has missed nothing.
 */
import { limits } from '../../protocol/limits.js';
import type { Change, PeerStore, SignedInThere, StoredAccount } from '../peer-store.js';
import { type AccountRow, accountColumns, accountOf } from '../sql/accounts.js';
import { roleInRoom } from '../sql/conversations.js';
import type { Database } from '../sql/database.js';
import type { Follower } from '../sql/group-commit.js';
import { createLoggedSince } from '../sql/log.js';
import type { Operations } from '../sql/methods.js';
import { type MuteRow, muteOf } from '../sql/moderation.js';
import { lastGiven } from './transactions.js';

/** On which the database calls those that listen, whenever there is something new. */
export const channel = 'secure_chat';

/** Rows read at a time. */
const together = 1_000;

/**
 * Seqs that a server may be behind, some minutes of a busy chat. One that stood still for hours would hold the lock for writing
 * while it reads them all, and may not have the memory for them.
 */
const mostBehind = 20_000;

interface NewsRow {
  readonly seq: number;
  readonly server: string;
  readonly news: string;
}

export interface PeerFollower extends Follower {
  /** Reads what the others committed by now. In a transaction that only reads. */
  look(): void;
  /** It has seen everything up to here. */
  readonly seen: number;
}

/** @param server which does not follow itself */
export function createFollower(db: Database, server: string): PeerFollower {
  const entries = createLoggedSince(db);
  const news = db.prepare(
    `SELECT seq, server, news FROM news WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${together}`,
  );
  const newest = db.prepare(
    `SELECT greatest((SELECT max(seq) FROM log), (SELECT max(seq) FROM reactions), (SELECT max(seq) FROM news)) AS seq`,
  );
  const note = db.prepare(
    `SELECT ${lastGiven} AS seq, CASE WHEN ${lastGiven} > ? THEN pg_notify('${channel}', '') END AS told`,
  );
  const start: { seq: number } = db.prepare(`SELECT ${lastGiven} AS seq`).get();
  let { seq: seen } = start;
  let noted = seen;
  let writing = false;
  let found: Change[] = [];

  /** @param last up to which everything is committed that will be */
  function read(last: number): void {
    for (;;) {
      const logged = entries(seen, last, together);
      const rows: NewsRow[] = news.all(seen, last);
      const full = [logged, rows].filter(({ length }) => length === together);
      // Where one of them goes on, the other may not run ahead of it.
      const end = Math.min(...full.map((page) => page.at(-1)?.seq ?? 0));
      const told = rows.filter((row) => row.server !== server);
      const changes = [
        ...logged.map(({ seq, ...change }) => ({ seq, change: { kind: 'entry', ...change } as const })),
        ...told.map((row) => ({ seq: row.seq, change: newsOf(row) })),
      ].filter(({ seq }) => seq <= end);
      found.push(...changes.toSorted((one, other) => one.seq - other.seq).map(({ change }) => change));
      seen = full.length > 0 ? end : Math.max(seen, logged.at(-1)?.seq ?? 0, rows.at(-1)?.seq ?? 0);
      if (full.length === 0) return;
      const { seq: there }: { seq: number } = newest.get();
      if (there - seen <= mostBehind) continue;
      found = [{ kind: 'too-much' }];
      seen = there;
    }
  }

  return {
    get seen() {
      return seen;
    },
    begun(begun) {
      writing = begun !== undefined;
      if (!writing) return;
      const { seq: last } = begun as { seq: number };
      // A standby without the end of the log may have become the primary.
      seen = Math.min(seen, last);
      // Not to `last` itself: what was given to a transaction that was undone may be given again after a failover.
      if (last > seen) read(last);
    },
    committing() {
      const row: { seq: number } = note.get(seen);
      noted = row.seq;
    },
    committed() {
      seen = noted;
    },
    look() {
      if (!writing) read(Number.MAX_SAFE_INTEGER);
    },
    take() {
      const taken = found;
      found = [];
      return taken;
    },
  };
}

function newsOf({ server, news }: NewsRow): Change {
  return { kind: 'news', server, news: JSON.parse(news) };
}

export function createPeerOperations(
  db: Database,
  { server, follower }: { readonly server: string; readonly follower: PeerFollower },
): Pick<Operations, keyof PeerStore> {
  const servers = db.prepare('SELECT id AS server, registered AS serves, beat FROM servers ORDER BY id');
  const beat = db.prepare('UPDATE servers SET beat = beat + 1, seen = ? WHERE id = ? AND registered');
  const register = db.prepare('UPDATE servers SET registered = TRUE, seen = ? WHERE id = ?');
  const now = db.prepare('SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) AS at');
  const forget = db.prepare('DELETE FROM news WHERE seq <= (SELECT min(seen) FROM servers WHERE registered)');
  const bury = db.prepare('DELETE FROM servers WHERE id = ? AND beat = ?');
  const terminals = db.prepare('SELECT id, server FROM terminals WHERE account = ?');
  const enter = db.prepare('INSERT INTO terminals (id, server, account) VALUES (?, ?, ?)');
  const leave = db.prepare('DELETE FROM terminals WHERE id = ?');
  const tell = db.prepare(
    'INSERT INTO news (server, news) SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM servers WHERE id <> ?1)',
  );
  const setAway = db.prepare('UPDATE terminals SET away = ? WHERE account = ?');
  const inForce = '(until IS NULL OR until > ?2)';
  const stored = db.prepare(
    `SELECT ${accountColumns},
       EXISTS (SELECT 1 FROM bans WHERE bans.account = accounts.id AND ${inForce}) AS banned,
       ARRAY(SELECT sessions.id FROM sessions WHERE sessions.account = accounts.id AND expires > ?2) AS sessions,
       (SELECT json_agg(json_build_object('room', room, 'until', until)) FROM mutes
         WHERE mutes.account = accounts.id AND ${inForce}) AS mutes,
       (SELECT json_agg(json_build_object('room', conversation, 'role', ${roleInRoom}))
         FROM members JOIN conversations ON conversations.id = conversation
         WHERE members.account = accounts.id AND kind = 'room') AS rooms
     FROM accounts WHERE accounts.id = ANY (CAST(?1 AS INTEGER[]))`,
  );
  const signedIn = db.prepare(
    `SELECT server, account, name, role, json_agg(terminals.id) AS ids, max(away) AS away
     FROM terminals JOIN accounts ON accounts.id = account
     GROUP BY server, account, name, role ORDER BY name, server`,
  );

  return {
    look() {
      follower.look();
      return servers.all();
    },
    beat() {
      forget.run();
      if (beat.run(follower.seen, server).changes > 0) return true;
      register.run(follower.seen, server);
      return false;
    },
    now() {
      const { at }: { at: number } = now.get();
      return at;
    },
    bury: (dead) => bury.run(dead.server, dead.beat).changes > 0,
    enter({ id, account, mode }) {
      const all: { id: string; server: string }[] = terminals.all(account);
      const elsewhere = all.filter((each) => each.server !== server);
      if (mode === undefined && elsewhere.length > 0) return { outcome: 'in-use' };
      if (mode === 'attach' && all.length >= limits.terminalsPerName) return { outcome: 'too-many' };
      const replaced = mode === 'take-over' ? elsewhere : [];
      for (const each of replaced) leave.run(each.id);
      enter.run(id, server, account);
      return { outcome: 'entered', replaced: replaced.map((each) => each.id) };
    },
    tell({ news, left }) {
      for (const each of left) leave.run(each);
      for (const each of news) tell.run(server, JSON.stringify(each));
    },
    stored(accounts, at) {
      type Row = AccountRow & { banned: number; mutes: MuteRow[] | null } & Pick<
          StoredAccount,
          'sessions'
        > & {
          rooms: StoredAccount['rooms'] | null;
        };
      const rows: Row[] = stored.all(`{${accounts.join(',')}}`, at);
      return rows.map(({ banned, sessions, mutes, rooms, ...account }) => ({
        ...{ account: accountOf(account), sessions },
        banned: banned === 1,
        mutes: (mutes ?? []).map(muteOf),
        rooms: rooms ?? [],
      }));
    },
    setAway: (account, text) => void setAway.run(text ?? null, account),
    signedIn() {
      type Row = { server: string; account: number; name: string; role: SignedInThere['account']['role'] } & {
        ids: string[];
        away: string | null;
      };
      const rows: Row[] = signedIn.all();
      return rows.map(({ server, account: id, name, role, ids, away }) => ({
        ...{ server, account: { id, name, role }, terminals: ids },
        ...(away !== null && { away }),
      }));
    },
  };
}
