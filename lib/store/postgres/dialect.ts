/** What PostgreSQL says in its own way. */
import type { Dialect } from '../sql/database.js';
import { describePostgresFailure } from './failure.js';
import { beginWrite } from './transactions.js';

export const postgresDialect: Dialect = {
  begin: {
    write: beginWrite,
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
