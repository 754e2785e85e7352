/** What SQLite says in its own way. */
import type { Dialect } from '../sql/database.js';
import { describeFailure, resultCode, resultCodes } from './failure.js';

export const dialect: Dialect = {
  begin: { write: 'BEGIN IMMEDIATE', read: 'BEGIN' },
  // Which AUTOINCREMENT counts there.
  takeSeq: "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'log' RETURNING seq",
  numbersOf: '(SELECT value FROM json_each(?))',
  savepoints: true,
  alone: true,
  describe: describeFailure,
  // After a failed fsync the kernel may have dropped what it could not write: a later one that succeeds proves nothing.
  isFatal: (error) => resultCode(error) === resultCodes.ioError,
};
