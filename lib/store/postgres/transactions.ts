/** How transactions that write begin, and how it is found out whether one was committed. Knows SQL, no connection. */

/** Of all that may be locked in a database, these are this program's. */
export const locks = { server: 5_346_374_000, migration: 5_346_374_001, writer: 5_346_374_002 } as const;

/**
 * One transaction writes at a time, whichever server it is of, as one thread does in SQLite: what it reads stays true until
 * it commits, and who reads a seq has seen all smaller ones.
 */
export const beginWrite = `BEGIN; SELECT pg_advisory_xact_lock(${locks.writer})`;

/** The transaction leaves its id. @param writer the connection, @param id the transaction: UUIDs */
export const leaveId = (writer: string, id: string): string =>
  `INSERT INTO commits (writer, id) VALUES ('${writer}', '${id}') ON CONFLICT (writer) DO UPDATE SET id = excluded.id`;

/** The id of this writer's last transaction that was committed, once no transaction is under way. */
export const lastCommitted = (writer: string): string =>
  `${beginWrite}; SELECT id FROM commits WHERE writer = '${writer}'`;
