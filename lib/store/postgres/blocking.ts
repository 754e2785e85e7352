/**
 * A PostgreSQL connection whose calls block, as those of SQLite do, so that the store's SQL is written once for both. A second
 * thread talks to the server; this one, which does nothing else, sleeps until the answer is there.
 */
import { randomUUID } from 'node:crypto';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Database, Statement, Value } from '../sql/database.js';
import type { DatabaseAddress } from './address.js';
import type { ClientThreadData, Queries, Query, QueryAnswer } from './client.js';
import { beginOf, beginWrite, lastCommitted } from './transactions.js';

/** What PostgreSQL said, with its code (https://www.postgresql.org/docs/current/errcodes-appendix.html) or Node's. */
export class PostgresError extends Error {
  readonly code: string;
  /** False where the connection was lost, or none could be made. */
  readonly connected: boolean;

  constructor({ message, code, connected }: Extract<QueryAnswer, { ok: false }>) {
    super(message);
    this.name = 'PostgresError';
    this.code = code;
    this.connected = connected;
  }
}

export interface PostgresDatabase extends Database {
  close(): void;
}

/** Longer than the client's own limits: it always answers. */
const patienceMs = 120_000;
/** PostgreSQL's code: another transaction held the lock for too long. */
const lockTimeout = '55P03';
/** Between two questions after a lost commit. */
const againMs = 500;

/**
 * Connects at the first statement. A statement that fails ends its transaction. A commit whose answer is lost waits until the
 * database is back and says what became of it, however long that takes.
 *
 * @param server the UUID under which it writes
 */
export function openBlocking(address: DatabaseAddress, server: string = randomUUID()): PostgresDatabase {
  const { port1: port, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./client.js', import.meta.url), {
    ...{ execArgv: [], name: 'postgres' },
    workerData: { address, port: port2, answered } satisfies ClientThreadData,
    transferList: [port2],
  });
  port.unref();
  worker.unref();
  let inTransaction = false;
  /** Of a transaction that writes. */
  let id: string | undefined;
  let statements = 0;
  let epoch = 0;
  /** Of the transaction under way: they go with the next statement whose answer is wanted. */
  let queued: Query[] = [];

  function ask(queries: readonly Query[], continues = false): Extract<QueryAnswer, { ok: true }> {
    const last = Atomics.load(answered, 0);
    port.postMessage({ queries, continues } satisfies Queries);
    // In a loop: the wake-up for an answer may come when it was seen already, in the wait for the next one.
    while (Atomics.load(answered, 0) === last) {
      if (Atomics.wait(answered, 0, last, patienceMs) === 'timed-out') throw noAnswer;
    }
    const received: { message: QueryAnswer } | undefined = receiveMessageOnPort(port);
    if (received === undefined) throw noAnswer;
    if (!received.message.ok) throw new PostgresError(received.message);
    return received.message;
  }

  /** What became of a transaction whose commit got no answer; however long it takes to find out. */
  function wasCommitted(transaction: string): boolean {
    for (;;) {
      try {
        const [row] = ask([{ text: lastCommitted(server), values: [] }]).rows as { id: string }[];
        ask([rollback]);
        return row?.id === transaction;
      } catch (error) {
        const locked = error instanceof PostgresError && error.code === lockTimeout;
        if (!isLost(error) && !locked) throw error;
      }
      Atomics.wait(sleep, 0, 0, againMs);
    }
  }

  function begin(query: Query): Query {
    epoch++;
    id = query.text === beginWrite ? randomUUID() : undefined;
    return id === undefined ? query : { ...query, text: beginOf(server, id) };
  }

  function run(query: Query): Extract<QueryAnswer, { ok: true }> {
    const queries = [...queued, query.text.startsWith('BEGIN') ? begin(query) : query];
    queued = [];
    try {
      const answer = ask(queries, inTransaction);
      inTransaction = followed(query.text, inTransaction);
      return answer;
    } catch (error) {
      if (query.text === 'COMMIT' && id !== undefined && isLost(error)) {
        inTransaction = false;
        if (wasCommitted(id)) return { ok: true, rows: [], changes: 0 };
        throw error;
      }
      const wasIn = inTransaction;
      inTransaction = false;
      if (wasIn && error instanceof PostgresError && error.connected) ask([rollback]);
      throw error;
    }
  }

  function later(query: Query): { readonly changes: number } {
    queued.push(query);
    return {
      get changes() {
        if (queued.pop() !== query) throw new Error('changes are asked for at once, or not at all');
        return run(query).changes;
      },
    };
  }

  return {
    get isTransaction() {
      return inTransaction;
    },
    get epoch() {
      return epoch;
    },
    exec: (text) => void run({ text, values: [] }),
    prepare(sql): Statement {
      const text = translate(sql);
      const name = text.includes('$1') ? `s${++statements}` : undefined;
      const queryWith = (values: readonly Value[]): Query => ({
        ...{ text, values },
        ...(name !== undefined && { name }),
      });
      return {
        get: (...values) => run(queryWith(values)).rows[0],
        all: (...values) => [...run(queryWith(values)).rows],
        run: (...values) => {
          const query = queryWith(values);
          return inTransaction ? later(query) : { changes: run(query).changes };
        },
      };
    },
    close() {
      port.close();
      void worker.terminate();
    },
  };
}

const noAnswer = new PostgresError({
  ...{ ok: false, connected: false, code: 'no-answer' },
  message: 'the thread of the database connection does not answer',
});

const rollback: Query = { text: 'ROLLBACK', values: [] };

const sleep = new Int32Array(new SharedArrayBuffer(4));

const isLost = (error: unknown): boolean => error instanceof PostgresError && !error.connected;

/** Whether there is a transaction after this statement. */
function followed(text: string, before: boolean): boolean {
  if (text.startsWith('BEGIN')) return true;
  return /^(?:COMMIT|ROLLBACK)$/.test(text) ? false : before;
}

/** The store's SQL with `$1` for `?` and `?1`, and without the hints for SQLite's planner. */
export function translate(sql: string): string {
  let next = 0;
  return sql
    .replace(/INDEXED BY \w+/g, '')
    .replace(/CROSS JOIN (?=\w+(?: AS \w+)?\s+ON )/g, 'JOIN ')
    .replace(/\?(\d*)/g, (_, number) => `$${number || ++next}`);
}
