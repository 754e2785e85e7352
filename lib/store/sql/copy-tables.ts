/**
 * Copies all that a database keeps into an empty one, of whatever kind, and compares the two. Knows the tables, which are the
 * same in all of them, and their order; blocks meanwhile.
 */
import { createHash } from 'node:crypto';
import type { Database, Value } from './database.js';
import type { SearchIndex } from './search.js';

interface Table {
  readonly name: string;
  /** The columns of its primary key, then the others. */
  readonly key: readonly string[];
  readonly rest: readonly string[];
}

const table = (name: string, key: string, rest: string): Table => ({
  name,
  key: key.split(' '),
  rest: rest.split(' ').filter((column) => column !== ''),
});

/** What a row refers to comes before it. `clock_steps` and the index of words follow from the log. */
const tables: readonly Table[] = [
  table(
    'accounts',
    'id',
    'name skeleton password role created_at gone seen recovery reset reset_expires reset_by factor factor_step',
  ),
  table('invites', 'id', 'code by role uses expires first created_at'),
  table('sessions', 'id', 'account token next remember running expires created_at used_at address bot'),
  table('conversations', 'id', 'kind name private topic low high everybody rules maker maker_address'),
  table('members', 'account conversation', 'read role turn'),
  table('invitations', 'account conversation', 'by at'),
  table('blocks', 'account other', ''),
  table('bans', 'id', 'account address by at until reason'),
  table('mutes', 'account room', 'until'),
  table('audit', 'id', 'at by action target room detail reason hidden'),
  table('log', 'seq', 'conversation at account key kind text target edited removed reactions'),
  table('files', 'seq', 'account name size hash'),
  table('mentions', 'account conversation seq', ''),
  table('reactions', 'seq', 'conversation message account emoji at'),
  table('pins', 'message', 'conversation seq'),
  table('webhooks', 'account', 'room maker code created_at'),
  table('pushes', 'account', 'url text paused'),
];

/** Tables whose ids a database counts up itself. */
export const countedTables = ['accounts', 'invites', 'sessions', 'conversations', 'bans', 'audit'] as const;

type Row = Readonly<Record<string, Value>>;

export interface TableSum {
  readonly name: string;
  readonly rows: number;
  /** SHA-256 of all rows in the order of their keys. */
  readonly sum: string;
}

/** One end of a copy, inside a transaction. */
export interface CopyEnd {
  readonly db: Database;
  readonly index: SearchIndex;
  /** The last seq that the log gave. */
  lastSeq(): number;
  /** From now on ids and seqs are greater than those there are, and than this seq. */
  countOn(lastSeq: number): void;
}

const pageRows = 500;
/** Rows in one statement. */
const togetherRows = 50;

/**
 * @param onTable called before each table, with its name
 * @throws RangeError where the target has accounts
 */
export function copyTables(from: CopyEnd, to: CopyEnd, onTable: (name: string) => void = () => {}): void {
  const { accounts }: { accounts: number } = to.db.prepare('SELECT count(*) AS accounts FROM accounts').get();
  if (accounts > 0) throw new RangeError('there are accounts in it already');
  // The lobby, which every new database has.
  to.db.exec('DELETE FROM conversations');
  for (const each of tables) {
    onTable(each.name);
    copyTable(from.db, to.db, each);
  }
  onTable('the index of words');
  fillIndex(to);
  to.countOn(from.lastSeq());
}

function copyTable(from: Database, to: Database, each: Table): void {
  // An account can be reset by one that was created after it.
  const later = each.name === 'accounts' ? 'reset_by' : undefined;
  const insert = inserter(to, each);
  const update = to.prepare('UPDATE accounts SET reset_by = ? WHERE id = ?');
  const updates: Value[][] = [];
  for (const rows of pages(from, each)) {
    insert(later === undefined ? rows : rows.map((row) => ({ ...row, [later]: null })));
    if (later === undefined) continue;
    for (const row of rows) if (row[later] !== null) updates.push([row[later] ?? null, row.id ?? null]);
  }
  for (const values of updates) update.run(...values);
}

const columnsOf = ({ key, rest }: Table): string[] => [...key, ...rest];

function inserter(db: Database, each: Table): (rows: readonly Row[]) => void {
  const columns = columnsOf(each);
  const prepare = (count: number) => {
    const values = Array(count).fill(`(${columns.map(() => '?').join(', ')})`);
    return db.prepare(`INSERT INTO ${each.name} (${columns.join(', ')}) VALUES ${values.join(', ')}`);
  };
  const [one, many] = [prepare(1), prepare(togetherRows)];
  return (rows) => {
    const valuesOf = (some: readonly Row[]) =>
      some.flatMap((row) => columns.map((column) => row[column] ?? null));
    let start = 0;
    for (; start + togetherRows <= rows.length; start += togetherRows) {
      many.run(...valuesOf(rows.slice(start, start + togetherRows)));
    }
    for (const row of rows.slice(start)) one.run(...valuesOf([row]));
  };
}

/** All rows in the order of their keys. */
function* pages(db: Database, each: Table): Generator<readonly Row[]> {
  const key = each.key.join(', ');
  const select = `SELECT ${columnsOf(each).join(', ')} FROM ${each.name}`;
  const order = `ORDER BY ${key} LIMIT ${pageRows}`;
  const next = db.prepare(`${select} WHERE (${key}) > (${each.key.map(() => '?').join(', ')}) ${order}`);
  let rows: Row[] = db.prepare(`${select} ${order}`).all();
  while (rows.length > 0) {
    yield rows;
    const last = rows.at(-1);
    rows = rows.length < pageRows ? [] : next.all(...each.key.map((column) => last?.[column] ?? null));
  }
}

function fillIndex({ db, index }: CopyEnd): void {
  const select = db.prepare(
    `SELECT seq, text, conversation, account FROM log
     WHERE seq > ? AND removed IS NULL AND kind IN ('text', 'action', 'file') ORDER BY seq LIMIT ${pageRows}`,
  );
  for (let last = 0; ; ) {
    const rows: { seq: number; text: string; conversation: number; account: number }[] = select.all(last);
    for (const row of rows) index.add(row);
    if (rows.length < pageRows) return;
    last = rows.at(-1)?.seq ?? last;
  }
}

/** What each table holds. */
export function sumTables(db: Database): TableSum[] {
  return tables.map((each) => {
    const hash = createHash('sha256');
    let count = 0;
    for (const rows of pages(db, each)) {
      count += rows.length;
      for (const row of rows) hash.update(rowText(each, row));
    }
    return { name: each.name, rows: count, sum: hash.digest('hex') };
  });
}

function rowText(each: Table, row: Row): string {
  const values = columnsOf(each).map((column) => {
    const value = row[column] ?? null;
    return value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('hex') } : value;
  });
  return `${JSON.stringify(values)}\n`;
}
