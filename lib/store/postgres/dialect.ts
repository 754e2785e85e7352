/** What PostgreSQL says in its own way. */
import type { Dialect } from '../sql/database.js';
import { describePostgresFailure } from './failure.js';

/** Of all that may be locked in a database, these are this program's. */
export const locks = { server: 5_346_374_000, migration: 5_346_374_001, writer: 5_346_374_002 } as const;

export const postgresDialect: Dialect = {
  begin: {
    // One transaction writes at a time, whichever server it is of, as one thread does in SQLite: what it reads stays true
    // until it commits, and who reads a seq has seen all smaller ones.
    write: `BEGIN; SELECT pg_advisory_xact_lock(${locks.writer}); SELECT CAST(pg_current_xact_id() AS text) AS xid`,
    read: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
  },
  takeSeq: "SELECT nextval('log_seq') AS seq",
  numbersOf: '(SELECT CAST(json_array_elements_text(CAST(? AS json)) AS BIGINT))',
  savepoints: false,
  alone: false,
  describe: describePostgresFailure,
  // The next transaction connects again.
  isFatal: () => false,
};
