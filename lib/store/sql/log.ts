/**
 * The log of all messages in SQL, added to and read: one table, one increasing seq; edits, removals, pins and topics are
 * entries too, and so are the reactions of another table. Knows ids of conversations, not what they are.
 */
import type {
  AppendResult,
  ConversationKey,
  EntryKinds,
  HistoryPage,
  LogEntry,
  LogPosition,
  NewEntry,
  QuotedMessage,
  StoredMessage,
} from '../message-store.js';
import type { Database } from './database.js';
import type { MentionRows } from './mentions.js';
import type { Operations } from './methods.js';
import { joinQuote, type QuoteRow, quoteColumns, quotedOf } from './quotes.js';
import { reactionCounts } from './reactions.js';
import type { SearchIndex } from './search.js';

interface EntryRow extends QuoteRow {
  readonly seq: number;
  readonly at: number;
  readonly from: string;
  readonly key: string;
  readonly kind: LogEntry['kind'];
  readonly text: string;
  readonly target: number | null;
  readonly edited: number | null;
  readonly removed: string | null;
  readonly file: string | null;
  readonly size: number | null;
  readonly hash: string | null;
  readonly reactions: string | null;
}

/** The SELECT of an EntryRow, up to its WHERE. */
const selectEntries = (index = '', columns = ''): string =>
  `SELECT ${columns} log.seq, log.at, accounts.name AS "from", log.key, log.kind, CASE WHEN log.kind = 'edit' THEN others.text ELSE log.text END AS text,
     log.target, log.edited, removers.name AS removed, files.name AS file, size, hash, log.reactions, ${quoteColumns}
   FROM log ${index} JOIN accounts ON accounts.id = log.account
   LEFT JOIN accounts AS removers ON removers.id = log.removed
   LEFT JOIN files ON files.seq = log.seq
   ${joinQuote('log.target')}`;

const selectReactions = (
  columns = '',
): string => `SELECT ${columns} reactions.seq, reactions.at, accounts.name AS "from", '' AS key, 'reaction' AS kind, emoji AS text,
     message AS target, NULL AS edited, NULL AS removed, NULL AS file, NULL AS size, NULL AS hash, others.reactions,
     ${quoteColumns}
   FROM reactions JOIN accounts ON accounts.id = reactions.account
   ${joinQuote('message')}`;

const reactionsOf = `${selectReactions()} WHERE reactions.conversation = ? AND reactions.seq > ? AND reactions.seq < ?`;

const kinds = {
  messages: "log.kind IN ('text', 'action', 'file')",
  files: "log.kind = 'file' AND log.removed IS NULL",
  // Without what is about a message that was removed later.
  entries: "(log.kind NOT IN ('edit', 'pin', 'unpin') OR others.seq IS NOT NULL)",
};

type Statements = ReturnType<typeof prepare>;

function preparePage(db: Database, what: keyof typeof kinds) {
  // The index by name: where nearly all of the log is the lobby, the planner might scan the whole of it.
  const select = `${selectEntries(`INDEXED BY ${what === 'files' ? 'log_files' : 'log_conversation'}`)}
    WHERE log.conversation = ? AND log.seq > ? AND log.seq < ? AND ${kinds[what]}`;
  return bothEnds(db, select, 'log.seq');
}

function bothEnds(db: Database, select: string, seq: string) {
  return {
    oldest: db.prepare(`${select} ORDER BY ${seq} ASC LIMIT ?`),
    newest: db.prepare(`${select} ORDER BY ${seq} DESC LIMIT ?`),
  };
}

function prepare(db: Database) {
  return {
    byKey: db.prepare('SELECT seq, at FROM log WHERE account = ? AND key = ?'),
    insert: db.prepare(
      `INSERT INTO log (conversation, at, account, key, kind, text, target)
       SELECT id, ?3, ?4, ?5, ?6, ?7, ?8 FROM conversations WHERE id = ?1 AND kind = ?2
         AND NOT EXISTS (SELECT 1 FROM log WHERE account = ?4 AND key = ?5)
       RETURNING seq`,
    ),
    quoted: db.prepare(
      `SELECT ${quoteColumns} FROM log AS others JOIN accounts AS authors ON authors.id = others.account
       WHERE others.seq = ? AND conversation = ? AND others.removed IS NULL AND kind IN ('text', 'action', 'file')`,
    ),
    insertFile: db.prepare('INSERT INTO files (seq, account, name, size, hash) VALUES (?, ?, ?, ?, ?)'),
    blocked: db.prepare('SELECT 1 FROM blocks WHERE account = ? AND other = ?'),
    pages: {
      messages: preparePage(db, 'messages'),
      files: preparePage(db, 'files'),
      entries: preparePage(db, 'entries'),
    },
    reactions: bothEnds(db, reactionsOf, 'reactions.seq'),
    nthReaction: db.prepare(
      'SELECT seq FROM reactions WHERE conversation = ? AND seq > ? ORDER BY seq DESC LIMIT 1 OFFSET ?',
    ),
    pins: db.prepare(
      `${selectEntries()} JOIN pins ON pins.message = log.seq WHERE pins.conversation = ? ORDER BY pins.seq`,
    ),
    nth: db.prepare(
      'SELECT seq FROM log WHERE conversation = ? AND seq > ? ORDER BY seq DESC LIMIT 1 OFFSET ?',
    ),
    message: db.prepare(`${selectEntries()} WHERE log.seq = ? AND ${kinds.messages}`),
    sender: db.prepare(
      `SELECT conversation, account, others.name AS "to" FROM log
       JOIN conversations ON conversations.id = conversation
       LEFT JOIN accounts AS others ON others.id = CASE WHEN low = account THEN high ELSE low END
       WHERE seq = ? AND conversations.kind <> 'ended'`,
    ),
  };
}

interface LogParts {
  readonly index: SearchIndex;
  readonly mentions: MentionRows;
  readonly find: (target: ConversationKey) => number | undefined;
  readonly beginDirect: (pair: readonly [number, number]) => number;
  readonly keyOf: (conversation: number) => ConversationKey;
}

export function createLogOperations(db: Database, parts: LogParts) {
  const { find, keyOf } = parts;
  const sql = prepare(db);
  return {
    append(entry) {
      checkEntry(entry);
      const result = insert(sql, parts, entry);
      if (result.outcome === 'kept') return result;
      // What was stored once counts, even where it would be refused by now.
      const first = findByKey(sql, entry);
      return first === undefined ? result : { outcome: 'kept', ...first, repeated: true };
    },
    findByKey: (account, key) => findByKey(sql, { account, key }),
    floor(target, count, after = 0, what: EntryKinds = 'entries') {
      const conversation = find(target);
      if (conversation === undefined) return 0;
      const row: { seq: number } | undefined = sql.nth.get(conversation, after, count);
      const reaction: { seq: number } | undefined =
        what === 'everything' ? sql.nthReaction.get(conversation, after, count) : undefined;
      return Math.max(row?.seq ?? 0, reaction?.seq ?? 0);
    },
    history(page) {
      const conversation = find(page.target);
      return conversation === undefined ? [] : history(sql, conversation, page);
    },
    message(seq): StoredMessage | undefined {
      const row: EntryRow | undefined = sql.message.get(seq);
      const sender: { conversation: number; account: number; to: string | null } | undefined =
        sql.sender.get(seq);
      if (row === undefined || sender === undefined) return undefined;
      const { conversation, account, to } = sender;
      return { entry: entryOf(row), target: keyOf(conversation), account, ...(to !== null && { to }) };
    },
    pins(target) {
      const conversation = find(target);
      const rows: EntryRow[] = conversation === undefined ? [] : sql.pins.all(conversation);
      return rows.map(entryOf);
    },
  } satisfies Partial<Operations>;
}

interface LoggedRow extends EntryRow {
  readonly conversation: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly to: string | null;
}

interface LoggedEntry extends Pick<StoredMessage, 'entry' | 'target' | 'to'> {
  readonly seq: number;
}

/** All entries of all conversations, reactions too, from after a seq up to another one. */
export function createLoggedSince(
  db: Database,
): (after: number, last: number, limit: number) => LoggedEntry[] {
  const columns = 'conversations.id AS conversation, low, high, others_name.name AS "to",';
  const where = (table: string) => `JOIN conversations ON conversations.id = ${table}.conversation
     LEFT JOIN accounts AS others_name
       ON others_name.id = CASE WHEN low = ${table}.account THEN high ELSE low END
     WHERE ${table}.seq > ? AND ${table}.seq <= ? AND conversations.kind <> 'ended'`;
  const end = 'ORDER BY seq LIMIT ?';
  const logged = db.prepare(`${selectEntries('', columns)} ${where('log')} AND ${kinds.entries} ${end}`);
  const reacted = db.prepare(`${selectReactions(columns)} ${where('reactions')} ${end}`);
  return (...range) => {
    const rows: LoggedRow[] = [...logged.all(...range), ...reacted.all(...range)];
    return rows
      .toSorted((one, other) => one.seq - other.seq)
      .slice(0, range[2])
      .map(loggedOf);
  };
}

function loggedOf(row: LoggedRow): LoggedEntry {
  const { seq, conversation, low, high, to } = row;
  const target = low === null || high === null ? { room: conversation } : { direct: [low, high] as const };
  return { seq, entry: entryOf(row), target, ...(to !== null && { to }) };
}

/** @throws where the entry cannot be stored as it is */
function checkEntry({ target, account, key, text }: NewEntry): void {
  if ('direct' in target && !target.direct.includes(account)) {
    throw new Error('the sender is not in this conversation');
  }
  // The driver silently cuts a text there, and two keys could become one.
  if (`${key}${text}`.includes('\0')) throw new Error('a key or a text contains U+0000');
}

function findByKey(
  sql: Statements,
  { account, key }: Pick<NewEntry, 'account' | 'key'>,
): LogPosition | undefined {
  return sql.byKey.get(account, key);
}

function isBlocked(sql: Statements, { target, account }: NewEntry): boolean {
  if (!('direct' in target)) return false;
  const [one, other] = target.direct;
  return sql.blocked.get(one === account ? other : one, account) !== undefined;
}

function quotedMessage(sql: Statements, of: number, conversation: number): QuotedMessage | undefined {
  const row: QuoteRow | undefined = sql.quoted.get(of, conversation);
  return row && quotedOf(row);
}

/** A new direct conversation begins with a message, not with one that is repeated. */
function conversationOf(
  sql: Statements,
  { find, beginDirect }: LogParts,
  entry: NewEntry,
): number | undefined {
  const { target } = entry;
  if ('room' in target) return target.room;
  const found = find(target);
  return found ?? (findByKey(sql, entry) === undefined ? beginDirect(target.direct) : undefined);
}

/** An entry whose key there is already ends as one for a room that is gone. */
function insert(sql: Statements, parts: LogParts, entry: NewEntry): AppendResult {
  const { account, key, text, action, at, file, of } = entry;
  if (isBlocked(sql, entry)) return { outcome: 'blocked' };
  const conversation = conversationOf(sql, parts, entry);
  if (conversation === undefined) return { outcome: 'no-such-room' };
  const quoted = of === undefined ? undefined : quotedMessage(sql, of, conversation);
  if (of !== undefined && quoted === undefined) return { outcome: 'no-such-message' };
  const kind = file === undefined ? (action ? 'action' : 'text') : 'file';
  const place = [conversation, 'room' in entry.target ? 'room' : 'direct'] as const;
  const row: { seq: number } | undefined = sql.insert.get(...place, at, account, key, kind, text, of ?? null);
  if (row === undefined) return { outcome: 'no-such-room' };
  const { seq } = row;
  parts.index.add({ seq, text, conversation, account });
  parts.mentions.add({ seq, text, conversation, account });
  if (file !== undefined) sql.insertFile.run(seq, account, file.name, file.size, file.hash);
  return { outcome: 'kept', seq, at, repeated: false, ...(quoted !== undefined && { quoted }) };
}

function history(sql: Statements, conversation: number, page: HistoryPage): LogEntry[] {
  const { after = 0, before = Number.MAX_SAFE_INTEGER, limit, keep, what = 'messages' } = page;
  // To SQLite a negative limit is none.
  const range = [conversation, after, before, Math.max(0, limit)] as const;
  const rows: EntryRow[] = sql.pages[what === 'everything' ? 'entries' : what][keep].all(...range);
  if (what === 'everything') rows.push(...(sql.reactions[keep].all(...range) as EntryRow[]));
  const sorted = rows.toSorted((one, other) => one.seq - other.seq);
  return (keep === 'oldest' ? sorted.slice(0, range[3]) : sorted.slice(-range[3])).map(entryOf);
}

function entryOf(row: EntryRow): LogEntry {
  const { seq, at, from, key, kind, text, target, edited, removed, file, size, hash } = row;
  const quoted = kind === 'edit' || kind === 'removal' ? undefined : quotedOf(row);
  return {
    ...{ seq, at, from, key, kind, text },
    ...(target !== null && { of: target }),
    ...(file !== null && size !== null && hash !== null && { file: { name: file, size, hash } }),
    ...(edited !== null && { edited }),
    ...(removed !== null && { removed }),
    ...(quoted !== undefined && { quoted }),
    ...((row.reactions !== null || kind === 'reaction') && { reactions: reactionCounts(row.reactions) }),
  };
}
