/** Every step from an empty file to today's tables, oldest first. Knows SQL, not when it runs. */

/** "SCht" in the file's header (PRAGMA application_id): this program's database, not another's. */
export const applicationId = 0x53436874;

/** The room that exists from the start. */
const lobby = 'lobby';

/**
 * The step at index N leads from `user_version` N to N + 1, in one transaction and with foreign keys checked
 * at its end. A step that was released is never edited (test/fixtures/store-v1.db holds the first): add one.
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
];
