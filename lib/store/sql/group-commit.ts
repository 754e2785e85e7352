/**
 * Group commit. On one side a queue gathers calls into batches, on the other a runner makes each batch one
 * transaction. Knows neither the thread between them nor the SQL of the tables.
 */
import type { Change } from '../peer-store.js';
import { StoreError } from '../store.js';
import type { Database, Dialect } from './database.js';
import type { Failure } from './failure.js';
import {
  type Arguments,
  type Method,
  type MethodCall,
  methods,
  type Operations,
  type Result,
} from './methods.js';

export type CallOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: Failure };

interface CallQueueOptions {
  /** Starts a batch, whose outcomes go to `settle`. */
  readonly send: (calls: readonly MethodCall[]) => void;
  readonly explain: (failure: Failure) => StoreError;
  /** Calls in one batch, at most; default `batchCalls`. */
  readonly together?: number;
}

export interface Callbacks<M extends Method> {
  readonly resolve: (value: Result<M>) => void;
  readonly reject: (error: StoreError) => void;
}

/** One batch is under way at a time; calls settle in the order in which they were asked. */
export interface CallQueue {
  ask<M extends Method>(method: M, args: Arguments<M>): Promise<Result<M>>;
  /** As `ask`, for an answer that is not passed on as it is: without a promise between them, none overtakes it. */
  push<M extends Method>(method: M, args: Arguments<M>, callbacks: Callbacks<M>): void;
  /** The outcomes of the next calls of the batch under way, in order. */
  settle(outcomes: readonly CallOutcome[]): void;
  /** Rejects every pending and every later call. */
  fail(error: StoreError): void;
  /** Rejects every later call. Resolves when none is pending. */
  finish(): Promise<void>;
}

interface PendingCall {
  readonly call: MethodCall;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

const batchCalls = 1_000;
/** Rows that the history pages of one batch may return together, so that 1,000 catch-ups do not fill the memory. */
const batchRows = 20_000;

export function createCallQueue({ send, explain, together = batchCalls }: CallQueueOptions): CallQueue {
  const waiting: PendingCall[] = [];
  let underWay: readonly PendingCall[] = [];
  let refusal: StoreError | undefined;
  let scheduled = false;
  let drained: (() => void) | undefined;

  function sendNext(): void {
    scheduled = false;
    if (underWay.length > 0) return;
    if (waiting.length === 0) {
      drained?.();
      return;
    }
    underWay = waiting.splice(0, batchLength(waiting, together));
    send(underWay.map((pending) => pending.call));
  }

  function push<M extends Method>(method: M, args: Arguments<M>, { resolve, reject }: Callbacks<M>): void {
    if (refusal !== undefined) {
      reject(refusal);
      return;
    }
    const call = { method, args } as MethodCall;
    waiting.push({ call, resolve: resolve as (value: unknown) => void, reject });
    if (scheduled || underWay.length > 0) return;
    // After all that was received in this turn of the event loop, so that it shares a transaction.
    scheduled = true;
    setImmediate(sendNext);
  }

  return {
    ask: (method, args) => new Promise((resolve, reject) => push(method, args, { resolve, reject })),
    push,
    settle(outcomes) {
      const settled = underWay.slice(0, outcomes.length);
      underWay = underWay.slice(outcomes.length);
      // First, so that the database works while this side handles the outcomes.
      sendNext();
      settled.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index];
        if (outcome?.ok) resolve(outcome.value);
        else if (outcome !== undefined) reject(explain(outcome.failure));
      });
    },
    fail(error) {
      refusal = error;
      const lost = [...underWay, ...waiting.splice(0)];
      underWay = [];
      for (const { reject } of lost) reject(error);
      drained?.();
    },
    finish() {
      refusal ??= new StoreError('The store is closed.');
      return new Promise((resolve) => {
        drained = resolve;
        if (!scheduled) sendNext();
      });
    },
  };
}

function batchLength(waiting: readonly PendingCall[], together: number): number {
  let rows = 0;
  for (let length = 0; length < waiting.length && length < together; length++) {
    const call = waiting[length]?.call;
    rows += call?.method === 'history' ? call.args[0].limit : 0;
    if (rows > batchRows && length > 0) return length;
  }
  return Math.min(waiting.length, together);
}

/** Of consecutive calls of a batch: most often of all of them. */
export interface BatchResult {
  /** What other servers committed before their transaction. */
  readonly changes?: readonly Change[];
  /** One for each call, in order. */
  readonly outcomes: readonly CallOutcome[];
  /** Why the database can no longer be trusted to store anything. */
  readonly broken?: Failure;
}

/** Follows what other servers commit, where there are others. */
export interface Follower {
  /** In a transaction, before its calls. @param begun the row that its BEGIN returned: undefined where it only reads */
  begun(begun: unknown): void;
  /** Before its COMMIT. */
  committing(): void;
  /** After it. */
  committed(): void;
  /** What the others committed and was not taken yet, in order. */
  take(): readonly Change[];
}

interface BatchDatabase {
  readonly follower: Follower | undefined;
  readonly db: Database;
  readonly dialect: Dialect;
  readonly sql: ReturnType<typeof prepareTransactions>;
  readonly operations: Operations;
}

function prepareTransactions(db: Database, { begin }: Dialect) {
  return {
    begin: { write: db.prepare(begin.write), read: db.prepare(begin.read) },
    commit: db.prepare('COMMIT'),
    savepoint: db.prepare('SAVEPOINT one'),
    release: db.prepare('RELEASE one'),
    undo: db.prepare('ROLLBACK TO one'),
  };
}

/**
 * A call that fails is undone alone; where the transaction itself fails, every call of the batch fails and nothing
 * of it is stored.
 */
export function createBatchRunner(
  db: Database,
  dialect: Dialect,
  operations: Operations,
  follower?: Follower,
): (calls: readonly MethodCall[]) => BatchResult[] {
  const database = { db, dialect, sql: prepareTransactions(db, dialect), operations, follower };
  function run(calls: readonly MethodCall[]): BatchResult[] {
    const result = runBatch(database, calls);
    // With what others commit between them.
    if (result === undefined) return calls.flatMap((call) => run([call]));
    const changes = follower?.take() ?? [];
    return [changes.length === 0 ? result : { ...result, changes }];
  }
  return run;
}

/** @returns undefined where each call has to have a transaction of its own: none of them has been answered */
function runBatch(database: BatchDatabase, calls: readonly MethodCall[]): BatchResult | undefined {
  const { dialect, sql, follower } = database;
  const [only] = calls;
  if (only !== undefined && calls.length === 1 && methods[only.method].transaction === 'none') {
    return { outcomes: [outcomeOf(database, only)] };
  }
  try {
    const writes = calls.some(({ method }) => methods[method].transaction === 'write');
    const begun = sql.begin[writes ? 'write' : 'read'].get();
    follower?.begun(begun);
    return runAll(database, calls, writes);
  } catch (error) {
    const failure = dialect.describe(error);
    const broken = rollback(database) ?? (dialect.isFatal(error) ? failure : undefined);
    // A statement of the last call may fail as late as this: no other call may fail of it.
    if (failure.reason === undefined && calls.length > 1 && !dialect.savepoints) return undefined;
    const failed = allFailed(calls, failure);
    return broken === undefined ? failed : { ...failed, broken };
  }
}

function runAll(
  database: BatchDatabase,
  calls: readonly MethodCall[],
  writes: boolean,
): BatchResult | undefined {
  const outcomes: CallOutcome[] = [];
  for (const call of calls) {
    const outcome = runOne(database, call);
    if (!outcome.ok && !database.db.isTransaction) {
      const alone = calls.length > 1 && !database.dialect.savepoints;
      return alone ? undefined : allFailed(calls, outcome.failure);
    }
    outcomes.push(outcome);
  }
  const { follower } = database;
  if (writes) follower?.committing();
  database.sql.commit.get();
  if (writes) follower?.committed();
  return { outcomes };
}

function runOne(database: BatchDatabase, call: MethodCall): CallOutcome {
  const { db, sql, dialect } = database;
  if (methods[call.method].transaction !== 'write' || !dialect.savepoints) return outcomeOf(database, call);
  sql.savepoint.run();
  const outcome = outcomeOf(database, call);
  // A full disk makes SQLite undo the whole transaction by itself, savepoints included.
  if (!outcome.ok && !db.isTransaction) return outcome;
  if (!outcome.ok) sql.undo.run();
  sql.release.run();
  return outcome;
}

function outcomeOf({ operations, dialect }: BatchDatabase, { method, args }: MethodCall): CallOutcome {
  try {
    return { ok: true, value: (operations[method] as (...args: MethodCall['args']) => unknown)(...args) };
  } catch (error) {
    return { ok: false, failure: dialect.describe(error) };
  }
}

function allFailed(calls: readonly MethodCall[], failure: Failure): BatchResult {
  return { outcomes: calls.map(() => ({ ok: false, failure })) };
}

/** Why the transaction could not be ended; undefined once it is. */
function rollback({ db, dialect }: BatchDatabase): Failure | undefined {
  try {
    if (db.isTransaction) db.exec('ROLLBACK');
    return undefined;
  } catch (error) {
    return dialect.describe(error);
  }
}
