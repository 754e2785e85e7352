/**
 * The log of all messages in SQL: one table, one increasing seq; edits, removals and topics are entries too. Knows ids of
 * conversations, not what they are.
 */
import type {
  AppendResult,
  ConversationKey,
  HistoryPage,
  LogEntry,
  LogPosition,
  NewEntry,
  StoredMessage,
} from '../message-store.js';
import type { Database } from './database.js';
import type { MentionRows } from './mentions.js';
import type { Operations } from './methods.js';
import type { SearchIndex } from './search.js';

interface EntryRow {
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
}

/** The SELECT of an EntryRow, up to its WHERE. */
const selectEntries = (index = ''): string =>
  `SELECT log.seq, log.at, accounts.name AS "from", log.key, log.kind, coalesce(changed.text, log.text) AS text,
     log.target, log.edited, removers.name AS removed, files.name AS file, size, hash
   FROM log ${index} JOIN accounts ON accounts.id = log.account
   LEFT JOIN accounts AS removers ON removers.id = log.removed
   LEFT JOIN files ON files.seq = log.seq
   LEFT JOIN log AS changed ON changed.seq = log.target AND log.kind = 'edit'`;

const kinds = {
  messages: "log.kind IN ('text', 'action', 'file')",
  files: "log.kind = 'file' AND log.removed IS NULL",
  // Without the edits of a message that was removed later.
  everything: "(log.kind <> 'edit' OR (changed.seq IS NOT NULL AND changed.removed IS NULL))",
};

type Statements = ReturnType<typeof prepare>;

function preparePage(db: Database, what: keyof typeof kinds) {
  // The index by name: where nearly all of the log is the lobby, the planner might scan the whole of it.
  const select = `${selectEntries(`INDEXED BY ${what === 'files' ? 'log_files' : 'log_conversation'}`)}
    WHERE log.conversation = ? AND log.seq > ? AND log.seq < ? AND ${kinds[what]}`;
  return {
    oldest: db.prepare(`${select} ORDER BY log.seq ASC LIMIT ?`),
    newest: db.prepare(`${select} ORDER BY log.seq DESC LIMIT ?`),
  };
}

function prepare(db: Database) {
  return {
    byKey: db.prepare('SELECT seq, at FROM log WHERE account = ? AND key = ?'),
    insert: db.prepare(
      'INSERT INTO log (conversation, at, account, key, kind, text) VALUES (?, ?, ?, ?, ?, ?) RETURNING seq',
    ),
    insertFile: db.prepare('INSERT INTO files (seq, account, name, size, hash) VALUES (?, ?, ?, ?, ?)'),
    blocked: db.prepare('SELECT 1 FROM blocks WHERE account = ? AND other = ?'),
    pages: {
      messages: preparePage(db, 'messages'),
      files: preparePage(db, 'files'),
      everything: preparePage(db, 'everything'),
    },
    nth: db.prepare(
      'SELECT seq FROM log WHERE conversation = ? AND seq > ? ORDER BY seq DESC LIMIT 1 OFFSET ?',
    ),
    message: db.prepare(`${selectEntries()} WHERE log.seq = ? AND ${kinds.messages}`),
    sender: db.prepare(
      `SELECT conversation, account, others.name AS "to" FROM log
       JOIN conversations ON conversations.id = conversation
       LEFT JOIN accounts AS others ON others.id = iif(low = account, high, low)
       WHERE seq = ? AND conversations.kind <> 'ended'`,
    ),
    atOrAfter: db.prepare('SELECT seq, at FROM log WHERE seq >= ? ORDER BY seq LIMIT 1'),
    newest: db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM log'),
    steps: db.prepare('SELECT seq FROM clock_steps ORDER BY seq'),
    lastOlder: db.prepare('SELECT seq FROM log WHERE seq < ? AND at < ? ORDER BY seq DESC LIMIT 1'),
  };
}

interface LogParts {
  readonly index: SearchIndex;
  readonly mentions: MentionRows;
  readonly find: (target: ConversationKey) => number | undefined;
  readonly findOrBegin: (target: ConversationKey) => number | undefined;
  readonly keyOf: (conversation: number) => ConversationKey;
}

export function createLogOperations(db: Database, parts: LogParts) {
  const { find, findOrBegin, keyOf } = parts;
  const sql = prepare(db);
  return {
    append(entry) {
      checkEntry(entry);
      const first = findByKey(sql, entry);
      if (first !== undefined) return { outcome: 'kept', seq: first.seq, at: first.at, repeated: true };
      if (isBlocked(sql, entry)) return { outcome: 'blocked' };
      const conversation = findOrBegin(entry.target);
      if (conversation === undefined) return { outcome: 'no-such-room' };
      return insert(sql, parts, { ...entry, conversation });
    },
    findByKey: (account, key) => findByKey(sql, { account, key }),
    floor(target, count, after = 0) {
      const conversation = find(target);
      if (conversation === undefined) return 0;
      const row: { seq: number } | undefined = sql.nth.get(conversation, after, count);
      return row?.seq ?? 0;
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
    seqBefore: (at, now = Number.POSITIVE_INFINITY) => seqBefore(sql, at, now),
  } satisfies Partial<Operations>;
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

function insert(
  sql: Statements,
  { index, mentions }: LogParts,
  { conversation, account, key, text, action, at, file }: NewEntry & { readonly conversation: number },
): AppendResult {
  const kind = file === undefined ? (action ? 'action' : 'text') : 'file';
  const { seq }: { seq: number } = sql.insert.get(conversation, at, account, key, kind, text);
  index.add({ seq, text, conversation, account });
  mentions.add({ seq, text, conversation, account });
  if (file !== undefined) sql.insertFile.run(seq, account, file.name, file.size, file.hash);
  return { outcome: 'kept', seq, at, repeated: false };
}

function history(sql: Statements, conversation: number, page: HistoryPage): LogEntry[] {
  const { after = 0, before = Number.MAX_SAFE_INTEGER, limit, keep, what = 'messages' } = page;
  // To SQLite a negative limit is none.
  const rows: EntryRow[] = sql.pages[what][keep].all(conversation, after, before, Math.max(0, limit));
  const entries = rows.map(entryOf);
  return keep === 'oldest' ? entries : entries.reverse();
}

function entryOf(row: EntryRow): LogEntry {
  const { seq, at, from, key, kind, text, target, edited, removed, file, size, hash } = row;
  return {
    ...{ seq, at, from, key, kind, text },
    ...(target !== null && { of: target }),
    ...(file !== null && size !== null && hash !== null && { file: { name: file, size, hash } }),
    ...(edited !== null && { edited }),
    ...(removed !== null && { removed }),
  };
}

function seqBefore(sql: Statements, at: number, now: number): number {
  const newest: { seq: number } = sql.newest.get();
  const steps: { seq: number }[] = sql.steps.all();
  const starts = [0, ...steps.map(({ seq }) => seq)];
  let end = newest.seq + 1;
  for (const [index, start] of starts.entries()) {
    const next = starts[index + 1] ?? newest.seq + 1;
    const first = firstSince(sql, at, { start, next });
    if (first === undefined || first.at > now) continue;
    end = first.seq;
    break;
  }
  const older: { seq: number } | undefined = sql.lastOlder.get(end, at);
  return older?.seq ?? 0;
}

/** The first entry since a time among those from `start` to before `next`, whose times increase: by bisection. */
function firstSince(
  sql: Statements,
  at: number,
  { start, next }: { readonly start: number; readonly next: number },
): LogPosition | undefined {
  let found: LogPosition | undefined;
  for (let [low, high] = [start, next]; low < high; ) {
    const middle = low + Math.floor((high - low) / 2);
    const row: LogPosition | undefined = sql.atOrAfter.get(middle);
    const inside = row !== undefined && row.seq < next ? row : undefined;
    if (inside !== undefined && inside.at < at) {
      low = inside.seq + 1;
    } else {
      found = inside ?? found;
      high = middle;
    }
  }
  return found;
}

interface MessageRow {
  readonly conversation: number;
  readonly account: number;
  readonly kind: string;
  readonly text: string;
}

interface ChangeEntry {
  readonly kind: 'edit' | 'removal' | 'topic';
  readonly conversation: number;
  readonly account: number;
  readonly at: number;
  readonly text?: string;
  /** The seq of the message that it changes. */
  readonly of?: number;
}

export function createEditOperations(
  db: Database,
  { index, mentions }: Pick<LogParts, 'index' | 'mentions'>,
) {
  const byId = db.prepare(
    `SELECT conversation, account, kind, text FROM log
     WHERE seq = ? AND removed IS NULL AND kind IN ('text', 'action', 'file')`,
  );
  // A key with a space, which no client can send.
  const insert = db.prepare(
    `INSERT INTO log (conversation, at, account, key, kind, text, target)
     VALUES (?, ?, ?, 'change ' || hex(randomblob(16)), ?, ?, ?) RETURNING seq`,
  );
  const rewrite = db.prepare('UPDATE log SET text = ?, edited = ? WHERE seq = ?');
  const wipe = db.prepare("UPDATE log SET text = '', removed = ? WHERE seq = ?");
  const dropFile = db.prepare('DELETE FROM files WHERE seq = ?');
  const setTopic = db.prepare(
    "UPDATE conversations SET topic = ?2 WHERE id = ?1 AND kind = 'room' AND topic <> ?2",
  );

  function messageOf(seq: number): MessageRow | undefined {
    return byId.get(seq);
  }

  function log({ kind, at, account, conversation, text = '', of }: ChangeEntry): LogPosition {
    const { seq }: { seq: number } = insert.get(conversation, at, account, kind, text, of ?? null);
    return { seq, at };
  }

  return {
    edit({ of, account, at, text }) {
      if (text.includes('\0')) throw new Error('a text contains U+0000');
      const message = messageOf(of);
      if (message === undefined || message.kind === 'file') return undefined;
      index.remove({ seq: of, ...message });
      rewrite.run(text, at, of);
      index.add({ seq: of, ...message, text });
      mentions.remove(of);
      mentions.add({ seq: of, ...message, text });
      // Without the text, which is read from the message: a later removal leaves nothing of it here.
      return log({ kind: 'edit', conversation: message.conversation, account, at, of });
    },
    remove({ of, account, at }) {
      const message = messageOf(of);
      if (message === undefined) return undefined;
      index.remove({ seq: of, ...message });
      mentions.remove(of);
      dropFile.run(of);
      wipe.run(account, of);
      return log({ kind: 'removal', conversation: message.conversation, account, at, of });
    },
    setTopic({ room, account, topic, at }) {
      if (setTopic.run(room, topic).changes === 0) return undefined;
      return log({ kind: 'topic', conversation: room, account, at, text: topic });
    },
  } satisfies Partial<Operations>;
}
