/**
 * The inside of a thread that talks to PostgreSQL for another one, which waits meanwhile (blocking.ts). Connects when it is
 * asked for the first time, and again after a connection was lost. Knows no SQL but that.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import pg from 'pg';
import type { DatabaseAddress } from './address.js';

export interface ClientThreadData {
  readonly address: DatabaseAddress;
  /** Held as long as the connection is there; of all connections with the same one, only the first is made. */
  readonly lock?: number | undefined;
  readonly port: MessagePort;
  /** One number: how many answers were put into the port. */
  readonly answered: Int32Array;
}

export interface Query {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Under which the server keeps its plan; undefined for statements without values. */
  readonly name?: string;
  /** It belongs to a transaction, which ended with the connection on which it began. */
  readonly continues: boolean;
}

export type QueryAnswer =
  | { readonly ok: true; readonly rows: readonly unknown[]; readonly changes: number }
  | { readonly ok: false; readonly message: string; readonly code: string; readonly connected: boolean };

/** Connecting to a host, and waiting for the answer to a query: a database that takes longer is taken for gone. */
const connectMs = 5_000;
const answerMs = 20_000;

const { address, lock, port, answered } = workerData as ClientThreadData;
let client: pg.Client | undefined;

// Numbers as numbers (a seq is far below 2^53), truth values as SQLite has them.
const numbers = new Set<number>([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === pg.types.builtins.BOOL) return (text: string) => (text === 't' ? 1 : 0);
    if (numbers.has(oid)) return Number;
    return pg.types.getTypeParser(oid, format);
  },
};

async function connectTo({ host, port }: DatabaseAddress['hosts'][number]): Promise<pg.Client> {
  const { database, user, password, tls } = address;
  const ssl = tls && { rejectUnauthorized: tls.verify, ...(tls.ca !== undefined && { ca: tls.ca }) };
  const connected = new pg.Client({
    ...{ host, port, database, user, types },
    ...{ password, ssl: ssl ?? false },
    ...{ connectionTimeoutMillis: connectMs, query_timeout: answerMs, keepAlive: true },
    application_name: 'secure-chat',
  });
  connected.on('error', () => lose(connected));
  try {
    await connected.connect();
    await prepareServer(connected);
    return connected;
  } catch (error) {
    void connected.end().catch(() => {});
    throw error;
  }
}

/** @throws for one that takes no writes, is too old, or is used by another server */
async function prepareServer(connected: pg.Client): Promise<void> {
  const { rows } = await connected.query(
    `SELECT pg_is_in_recovery() AS standby, current_setting('synchronous_commit') AS commit,
       current_setting('server_version_num')::int AS version`,
  );
  const [{ standby, commit, version }] = rows;
  if (version < 140_000) throw refusal('too-old', 'PostgreSQL is too old');
  if (standby === 1) throw refusal('standby', 'this server is a standby');
  await connected.query(settings);
  // What is acknowledged is on disk.
  if (commit === 'off' || commit === 'local') await connected.query('SET synchronous_commit = on');
  if (lock === undefined) return;
  const { rows: locked } = await connected.query('SELECT pg_try_advisory_lock($1) AS free', [lock]);
  if (locked[0].free !== 1) throw refusal('in-use', 'another server is using this database');
}

/**
 * A server that is stopped or cut off amid a transaction must not hold up others, and a connection whose end never arrived
 * must not count as a server for long.
 */
const settings = `
  SET idle_in_transaction_session_timeout = '10s';
  SET lock_timeout = '10s';
  SET tcp_keepalives_idle = 10;
  SET tcp_keepalives_interval = 5;
  SET tcp_keepalives_count = 3;
`;

function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

async function connect(): Promise<pg.Client> {
  let reason: unknown;
  for (const host of address.hosts) {
    try {
      return await connectTo(host);
    } catch (error) {
      reason = error;
    }
  }
  throw reason;
}

function lose(lost: pg.Client): void {
  if (client === lost) client = undefined;
  // Not end(), which would wait for a server that may never answer.
  (lost as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

async function answer({ text, values, name, continues }: Query): Promise<QueryAnswer> {
  let used: pg.Client | undefined;
  try {
    if (client === undefined && continues) throw new Error('the connection was lost');
    client ??= await connect();
    used = client;
    const result = await used.query({ text, values: [...values], ...(name !== undefined && { name }) });
    const last = Array.isArray(result) ? result.at(-1) : result;
    return { ok: true, rows: last.rows, changes: last.rowCount ?? 0 };
  } catch (error) {
    const { message, code = '' } = error as Error & { code?: string };
    // After what PostgreSQL calls FATAL it closes the connection.
    const connected = used !== undefined && error instanceof pg.DatabaseError && error.severity === 'ERROR';
    if (used !== undefined && !connected) lose(used);
    return { ok: false, message, code, connected };
  }
}

port.on('message', async (query: Query) => {
  const result = await answer(query);
  port.postMessage(result);
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
});
