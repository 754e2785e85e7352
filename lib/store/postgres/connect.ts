/** Makes connections to PostgreSQL, to the first host that takes writes. Knows no SQL but that. */
import pg from 'pg';
import type { DatabaseAddress } from './address.js';

/** Connecting to a host, and waiting for the answer to a query: a database that takes longer is taken for gone. */
const connectMs = 5_000;
const answerMs = 20_000;

// Numbers as numbers (a seq is far below 2^53), truth values as SQLite has them.
const numbers = new Set<number>([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === pg.types.builtins.BOOL) return (text: string) => (text === 't' ? 1 : 0);
    if (numbers.has(oid)) return Number;
    return pg.types.getTypeParser(oid, format);
  },
};

async function connectTo(
  { database, user, password, tls }: DatabaseAddress,
  { host, port }: DatabaseAddress['hosts'][number],
): Promise<pg.Client> {
  const ssl = tls && { rejectUnauthorized: tls.verify, ...(tls.ca !== undefined && { ca: tls.ca }) };
  const connected = new pg.Client({
    ...{ host, port, database, user, types },
    ...{ password, ssl: ssl ?? false },
    ...{ connectionTimeoutMillis: connectMs, query_timeout: answerMs, keepAlive: true },
    application_name: 'secure-chat',
    // What is asked for at once is sent at once.
    pipeline: true,
  });
  // An error also ends whatever is under way.
  connected.on('error', () => {});
  try {
    await connected.connect();
    await prepareServer(connected);
    return connected;
  } catch (error) {
    void connected.end().catch(() => {});
    throw error;
  }
}

/** @throws for one that takes no writes, or is too old */
async function prepareServer(connected: pg.Client): Promise<void> {
  const { rows } = await connected.query(
    `SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS standby, current_setting('synchronous_commit') AS commit,
       current_setting('server_version_num')::int AS version`,
  );
  const [{ standby, commit, version }] = rows;
  if (version < 140_000) throw refusal('too-old', 'PostgreSQL is too old');
  if (standby === 1) throw refusal('standby', 'this server is a standby');
  await connected.query(settings);
  // What is acknowledged is on disk.
  if (commit === 'off' || commit === 'local') await connected.query('SET synchronous_commit = on');
}

/**
 * A server that is stopped or cut off amid a transaction must not hold up others, and a connection whose end never arrived
 * must not count as a server for long.
 */
const settings = `
  SET idle_in_transaction_session_timeout = '5s';
  SET lock_timeout = '10s';
  SET tcp_keepalives_idle = 10;
  SET tcp_keepalives_interval = 5;
  SET tcp_keepalives_count = 3;
`;

function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** @throws the error of the last host */
export async function connect(address: DatabaseAddress): Promise<pg.Client> {
  let reason: unknown;
  for (const host of address.hosts) {
    try {
      return await connectTo(address, host);
    } catch (error) {
      reason = error;
    }
  }
  throw reason;
}

/** Ends a connection at once, without a word to a server that may never answer. */
export function destroy(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
