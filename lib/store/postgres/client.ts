/**
 * The inside of a thread that talks to PostgreSQL for another one, which waits meanwhile (blocking.ts). Connects when it is
 * asked for the first time, and again after a connection was lost. Knows no SQL but that.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import pg from 'pg';
import type { DatabaseAddress } from './address.js';
import { connect, destroy } from './connect.js';

export interface ClientThreadData {
  readonly address: DatabaseAddress;
  readonly port: MessagePort;
  /** One number: how many answers were put into the port. */
  readonly answered: Int32Array;
}

export interface Query {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Under which the server keeps its plan; undefined for statements without values. */
  readonly name?: string;
}

/** Queries that go to the server together. The answer is that of the last one, or of the first that fails. */
export interface Queries {
  readonly queries: readonly Query[];
  /** They belong to a transaction, which ended with the connection on which it began. */
  readonly continues: boolean;
}

export type QueryAnswer =
  | { readonly ok: true; readonly rows: readonly unknown[]; readonly changes: number }
  | { readonly ok: false; readonly message: string; readonly code: string; readonly connected: boolean };

/** PostgreSQL's code for a write where none is taken. */
const readOnly = '25006';

const { address, port, answered } = workerData as ClientThreadData;
let client: pg.Client | undefined;

async function connectAgain(): Promise<pg.Client> {
  const connected = await connect(address);
  connected.on('error', () => lose(connected));
  return connected;
}

function lose(lost: pg.Client): void {
  if (client === lost) client = undefined;
  destroy(lost);
}

function send(to: pg.Client, { values, ...query }: Query) {
  return to.query({ ...query, values: [...values] });
}

async function answer({ queries, continues }: Queries): Promise<QueryAnswer> {
  let used: pg.Client | undefined;
  try {
    if (client === undefined && continues) throw new Error('the connection was lost');
    client ??= await connectAgain();
    const to = client;
    used = to;
    // A failure is that of the first: a COMMIT after it would only seem to succeed.
    const results = await Promise.all(queries.map((query) => send(to, query)));
    const result = results.at(-1);
    const last = Array.isArray(result) ? result.at(-1) : result;
    return { ok: true, rows: last.rows, changes: last.rowCount ?? 0 };
  } catch (error) {
    const { message, code = '' } = error as Error & { code?: string };
    // After what PostgreSQL calls FATAL it closes the connection. One that has become read-only is not the one to use.
    const kept = error instanceof pg.DatabaseError && error.severity === 'ERROR' && code !== readOnly;
    const connected = used !== undefined && kept;
    if (used !== undefined && !connected) lose(used);
    return { ok: false, message, code, connected };
  }
}

port.on('message', async (queries: Queries) => {
  const result = await answer(queries);
  port.postMessage(result);
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
});
