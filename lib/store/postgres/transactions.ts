/** How transactions that write begin, and how it is found out whether one was committed. Knows SQL, no connection. */

/** Of all that may be locked in a database, these are this program's. */
export const locks = { migration: 5_346_374_001, writer: 5_346_374_002 } as const;

/** An expression: the last seq that was given, by a transaction that was committed or by one that was not. */
export const lastGiven = '(SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM log_seq)';

/**
 * One transaction writes at a time, whichever server it is of, as one thread does in SQLite: what it reads stays true until
 * it commits, and who reads a seq has seen all smaller ones. The transaction leaves its id in the row of its server, and
 * returns the last seq that was given.
 */
export const beginWriteFunction = `
  CREATE FUNCTION begin_write(server TEXT, transaction TEXT) RETURNS BIGINT LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock(${locks.writer});
      INSERT INTO servers (id, last) VALUES (server, transaction)
        ON CONFLICT (id) DO UPDATE SET last = excluded.last;
      RETURN ${lastGiven};
    END $$;
`;

/** In place of which `beginOf` goes to the database. */
export const beginWrite = 'BEGIN WRITE';

/** @param server and @param id, of the transaction: UUIDs */
export const beginOf = (server: string, id: string): string =>
  `BEGIN; SELECT begin_write('${server}', '${id}') AS seq`;

/** The id of this server's last transaction that was committed, once no transaction is under way. */
export const lastCommitted = (server: string): string =>
  `BEGIN; SELECT pg_advisory_xact_lock(${locks.writer}); SELECT last AS id FROM servers WHERE id = '${server}'`;
