/** Every step from an empty file to today's tables, oldest first. Knows SQL, not when it runs. */

/** "SCht" in the file's header (PRAGMA application_id): a database of this program. */
export const applicationId = 0x53436874;

/** The room that exists from the start. */
const lobby = 'lobby';

/**
 * The step at index N leads from `user_version` N to N + 1, in one transaction and with foreign keys checked
 * at its end. A step that was released is never edited (test/fixtures/store-v1.db holds the first): add one.
 *
 * `spaced` is a function of search-query.ts.
 *
 * Kinds and roles carry no CHECK, because a table would have to be rebuilt for each new one.
 */
export const migrations: readonly string[] = [
  `
  PRAGMA application_id = ${applicationId};

  -- Rows stay for ever: a name once used stays taken.
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    skeleton TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE invites (
    code BLOB PRIMARY KEY,
    role TEXT NOT NULL,
    uses INTEGER NOT NULL CHECK (uses >= 0),
    expires INTEGER NOT NULL,
    first INTEGER NOT NULL CHECK (first IN (0, 1)),
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- AUTOINCREMENT: a connection may still hold the id of a session that is gone.
  CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES accounts (id),
    token BLOB NOT NULL UNIQUE,
    next BLOB UNIQUE,
    remember INTEGER NOT NULL CHECK (remember IN (0, 1)),
    running INTEGER NOT NULL CHECK (running IN (0, 1)),
    expires INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX sessions_account ON sessions (account);

  -- A room has a name; what two people say to each other has their ids, the lower one first.
  CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT UNIQUE,
    low INTEGER REFERENCES accounts (id),
    high INTEGER REFERENCES accounts (id),
    everybody INTEGER NOT NULL DEFAULT 0 CHECK (everybody IN (0, 1)),
    UNIQUE (low, high),
    CHECK ((kind = 'room') = (name IS NOT NULL)),
    CHECK ((kind = 'direct') = (low IS NOT NULL AND high IS NOT NULL)),
    CHECK (low <= high)
  ) STRICT;

  CREATE TABLE members (
    account INTEGER NOT NULL REFERENCES accounts (id),
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    read INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, conversation)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX members_conversation ON members (conversation);

  -- AUTOINCREMENT: a seq is never given twice, even where the newest entry was removed.
  CREATE TABLE log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    at INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES accounts (id),
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (account, key)
  ) STRICT;
  -- Ends in seq, the rowid: entries of one conversation in order.
  CREATE INDEX log_conversation ON log (conversation);

  INSERT INTO conversations (kind, name, everybody) VALUES ('room', '${lobby}', 1);
  `,
  `
  -- Names of public rooms are unique; a private one may have any.
  CREATE TABLE conversations_2 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT,
    private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1)),
    topic TEXT NOT NULL DEFAULT '',
    low INTEGER REFERENCES accounts (id),
    high INTEGER REFERENCES accounts (id),
    everybody INTEGER NOT NULL DEFAULT 0 CHECK (everybody IN (0, 1)),
    UNIQUE (low, high),
    CHECK ((kind = 'room') = (name IS NOT NULL)),
    CHECK ((kind = 'direct') = (low IS NOT NULL AND high IS NOT NULL)),
    CHECK (low <= high)
  ) STRICT;
  INSERT INTO conversations_2 (id, kind, name, low, high, everybody)
    SELECT id, kind, name, low, high, everybody FROM conversations;
  DROP TABLE conversations;
  ALTER TABLE conversations_2 RENAME TO conversations;
  CREATE UNIQUE INDEX conversations_public ON conversations (name) WHERE NOT private;

  ALTER TABLE members ADD COLUMN role TEXT NOT NULL DEFAULT 'member';
  -- Counts up in each room: who came before whom.
  ALTER TABLE members ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE invitations (
    account INTEGER NOT NULL REFERENCES accounts (id),
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    by INTEGER NOT NULL REFERENCES accounts (id),
    at INTEGER NOT NULL,
    PRIMARY KEY (account, conversation)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX invitations_conversation ON invitations (conversation);

  CREATE TABLE blocks (
    account INTEGER NOT NULL REFERENCES accounts (id),
    other INTEGER NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (account, other)
  ) STRICT, WITHOUT ROWID;

  -- Of an edit or a removal: the seq of the message.
  ALTER TABLE log ADD COLUMN target INTEGER;
  ALTER TABLE log ADD COLUMN edited INTEGER;
  ALTER TABLE log ADD COLUMN removed INTEGER REFERENCES accounts (id);

  -- Files are few: a page of them must not read all that was said between.
  CREATE INDEX log_files ON log (conversation) WHERE kind = 'file' AND removed IS NULL;

  CREATE TABLE files (
    seq INTEGER PRIMARY KEY REFERENCES log (seq),
    account INTEGER NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    size INTEGER NOT NULL CHECK (size >= 0),
    hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX files_account ON files (account);
  CREATE INDEX files_hash ON files (hash);

  -- The words of every message by its seq; where and by whom are words too (c12, a3), so that a search for a
  -- frequent word in a quiet room need not look at the rows of all others. Beginnings of two and three letters
  -- have entries of their own: without them, a search puts all words together that begin so.
  CREATE VIRTUAL TABLE words USING fts5 (
    text, place, author, content = '', columnsize = 0, prefix = '2 3',
    tokenize = 'unicode61 remove_diacritics 2'
  );
  -- What is taken out is gone from the file, not only marked.
  INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
  INSERT INTO words (rowid, text, place, author)
    SELECT seq, spaced(text), 'c' || conversation, 'a' || account FROM log;
  `,
  `
  ALTER TABLE accounts ADD COLUMN gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1));
  -- When a session of it was last opened or continued.
  ALTER TABLE accounts ADD COLUMN seen INTEGER;
  -- Hashes of codes that let a new password be set, once; a reset is good until its time.
  ALTER TABLE accounts ADD COLUMN recovery BLOB;
  ALTER TABLE accounts ADD COLUMN reset BLOB;
  ALTER TABLE accounts ADD COLUMN reset_expires INTEGER;
  ALTER TABLE accounts ADD COLUMN reset_by INTEGER REFERENCES accounts (id);
  -- The second factor's secret, and the last time step whose code was used.
  ALTER TABLE accounts ADD COLUMN factor TEXT;
  ALTER TABLE accounts ADD COLUMN factor_step INTEGER NOT NULL DEFAULT 0;

  -- A JSON object, as in the protocol.
  ALTER TABLE conversations ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';

  ALTER TABLE sessions ADD COLUMN address TEXT;
  ALTER TABLE sessions ADD COLUMN bot INTEGER NOT NULL DEFAULT 0 CHECK (bot IN (0, 1));

  -- With a number of its own, by which it is listed.
  CREATE TABLE invites_2 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code BLOB NOT NULL UNIQUE,
    by INTEGER REFERENCES accounts (id),
    role TEXT NOT NULL,
    uses INTEGER NOT NULL CHECK (uses >= 0),
    expires INTEGER NOT NULL,
    first INTEGER NOT NULL CHECK (first IN (0, 1)),
    created_at INTEGER NOT NULL
  ) STRICT;
  INSERT INTO invites_2 (code, role, uses, expires, first, created_at)
    SELECT code, role, uses, expires, first, created_at FROM invites ORDER BY created_at;
  DROP TABLE invites;
  ALTER TABLE invites_2 RENAME TO invites;

  CREATE TABLE bans (
    id INTEGER PRIMARY KEY,
    account INTEGER UNIQUE REFERENCES accounts (id),
    address TEXT UNIQUE,
    by TEXT NOT NULL,
    at INTEGER NOT NULL,
    until INTEGER,
    reason TEXT NOT NULL,
    CHECK ((account IS NULL) <> (address IS NULL))
  ) STRICT;

  -- Room 0 stands for everywhere.
  CREATE TABLE mutes (
    account INTEGER NOT NULL REFERENCES accounts (id),
    room INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (account, room)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT,
    room TEXT,
    detail TEXT,
    reason TEXT,
    hidden INTEGER NOT NULL CHECK (hidden IN (0, 1))
  ) STRICT;
  CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log only grows'); END;
  CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log only grows'); END;
  `,
  `
  -- With all that unread messages are counted by.
  DROP INDEX log_conversation;
  CREATE INDEX log_conversation ON log (conversation, seq, account, kind, removed);

  -- A row for each member whom a message mentions and who has not read it. Mentions in older messages are not
  -- counted: to find them would take as long as all of the log is.
  CREATE TABLE mentions (
    account INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES log (seq) ON DELETE CASCADE,
    PRIMARY KEY (account, conversation, seq),
    FOREIGN KEY (account, conversation) REFERENCES members (account, conversation) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX mentions_seq ON mentions (seq);
  `,
  `
  -- Entries that are older than the one before them, because a clock was set back: between two of these, seqs and
  -- times increase together.
  CREATE TABLE clock_steps (seq INTEGER PRIMARY KEY) STRICT;
  INSERT INTO clock_steps (seq)
    SELECT seq FROM (SELECT seq, at, lag(at) OVER (ORDER BY seq) AS before FROM log) WHERE at < before;
  CREATE TRIGGER log_clock AFTER INSERT ON log
    WHEN NEW.at < (SELECT at FROM log WHERE seq < NEW.seq ORDER BY seq DESC LIMIT 1)
    BEGIN INSERT INTO clock_steps (seq) VALUES (NEW.seq); END;
  `,
  `
  -- One namespace for all rooms. Of several with one name the public one keeps it, or else the oldest.
  UPDATE conversations SET name = substr(name, 1, 25) || '-' || lower(hex(randomblob(3)))
    WHERE private AND EXISTS (
      SELECT 1 FROM conversations AS others WHERE others.name = conversations.name AND others.id <> conversations.id
        AND (NOT others.private OR others.id < conversations.id));
  DROP INDEX conversations_public;
  CREATE UNIQUE INDEX conversations_name ON conversations (name);

  -- Who made a room, and from where (as limits count addresses), for limits.
  ALTER TABLE conversations ADD COLUMN maker INTEGER REFERENCES accounts (id);
  ALTER TABLE conversations ADD COLUMN maker_address TEXT;
  UPDATE conversations SET maker = (
      SELECT account FROM members WHERE conversation = conversations.id AND role = 'owner' ORDER BY turn LIMIT 1)
    WHERE kind = 'room' AND NOT everybody;
  CREATE INDEX conversations_makers ON conversations (maker, maker_address) WHERE kind = 'room';
  `,
  `
  -- The block of 8,192 seqs of each message is a word, too: search.ts says why.
  INSERT INTO words (rowid, text, place, author)
    SELECT seq, '', 'b' || (seq / 8192), '' FROM log
    WHERE kind IN ('text', 'action', 'file') AND removed IS NULL ORDER BY seq;
  `,
  `
  -- The last reaction of each person to a message, '' if it was taken back. Its seq is one of the log's, in which it would
  -- be in the way of all that counts messages.
  CREATE TABLE reactions (
    seq INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    message INTEGER NOT NULL REFERENCES log (seq) ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES accounts (id),
    emoji TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (message, account)
  ) STRICT;
  -- Ends in seq, the rowid.
  CREATE INDEX reactions_conversation ON reactions (conversation);
  -- How many of each kind a message has, in JSON; NULL for none. With it, a page of messages needs no second query.
  ALTER TABLE log ADD COLUMN reactions TEXT;

  -- seq is that of the entry that pinned it.
  CREATE TABLE pins (
    message INTEGER PRIMARY KEY REFERENCES log (seq) ON DELETE CASCADE,
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX pins_conversation ON pins (conversation, seq);
  `,
  `
  -- The bot of each webhook. It stays when the webhook ends: code (of the secret) is NULL then, and room if that ended.
  CREATE TABLE webhooks (
    account INTEGER PRIMARY KEY REFERENCES accounts (id),
    room INTEGER REFERENCES conversations (id),
    maker INTEGER NOT NULL REFERENCES accounts (id),
    code BLOB UNIQUE,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX webhooks_room ON webhooks (room);

  -- Where people are notified.
  CREATE TABLE pushes (
    account INTEGER PRIMARY KEY REFERENCES accounts (id),
    url TEXT NOT NULL,
    text INTEGER NOT NULL CHECK (text IN (0, 1)),
    paused INTEGER NOT NULL CHECK (paused IN (0, 1))
  ) STRICT;
  `,
  `
  -- Only what is older by more than 5 minutes: a log may come from several servers, whose clocks differ a little.
  DELETE FROM clock_steps;
  INSERT INTO clock_steps (seq)
    SELECT seq FROM (SELECT seq, at, lag(at) OVER (ORDER BY seq) AS before FROM log) WHERE at < before - 300000;
  DROP TRIGGER log_clock;
  CREATE TRIGGER log_clock AFTER INSERT ON log
    WHEN NEW.at < (SELECT at FROM log WHERE seq < NEW.seq ORDER BY seq DESC LIMIT 1) - 300000
    BEGIN INSERT INTO clock_steps (seq) VALUES (NEW.seq); END;
  `,
];
