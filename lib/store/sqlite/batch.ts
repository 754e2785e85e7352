/**
 * Runs a batch of calls as one transaction, on the database's thread. Knows what must survive whose failure;
 * neither threads nor SQL of the tables.
 */

import type { Call, Operations } from './call.js';
import type { Database } from './database.js';
import { describeFailure, type Failure, resultCode, resultCodes } from './failure.js';
import { standsAlone, writes } from './operations.js';

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: Failure };

export interface Ran {
  /** One for each call, in order. */
  readonly outcomes: readonly Outcome[];
  /** The database can no longer be trusted to keep anything. */
  readonly broken?: Failure;
}

/**
 * A function that runs batches. A call that fails is undone alone; where the transaction itself fails, every
 * call of the batch fails and nothing of it is kept.
 */
export function createRunner(db: Database, operations: Operations): (calls: readonly Call[]) => Ran {
  const savepoint = db.prepare('SAVEPOINT one');
  const release = db.prepare('RELEASE one');
  const undo = db.prepare('ROLLBACK TO one');
  const begin = { write: db.prepare('BEGIN IMMEDIATE'), read: db.prepare('BEGIN') };
  const commit = db.prepare('COMMIT');

  function run(call: Call): unknown {
    return (operations[call.method] as (...args: Call['args']) => unknown)(...call.args);
  }

  function attempt(call: Call): Outcome {
    if (!writes(call.method)) {
      return outcomeOf(() => run(call));
    }
    savepoint.run();
    const outcome = outcomeOf(() => run(call));
    // A full disk makes SQLite undo the whole transaction by itself, savepoints included.
    if (!outcome.ok && !db.isTransaction) return outcome;
    if (!outcome.ok) undo.run();
    release.run();
    return outcome;
  }

  function attemptAll(calls: readonly Call[]): Ran {
    const outcomes: Outcome[] = [];
    for (const call of calls) {
      const outcome = attempt(call);
      if (!outcome.ok && !db.isTransaction) return allFailed(calls, outcome.failure);
      outcomes.push(outcome);
    }
    commit.run();
    return { outcomes };
  }

  return (calls) => {
    const [only] = calls;
    if (only !== undefined && calls.length === 1 && standsAlone(only.method)) {
      return { outcomes: [outcomeOf(() => run(only))] };
    }
    try {
      (calls.some((call) => writes(call.method)) ? begin.write : begin.read).run();
      return attemptAll(calls);
    } catch (error) {
      const ran = allFailed(calls, describeFailure(error));
      const stuck = rollback(db);
      // After a failed fsync the kernel may have dropped what it could not write; a later one that succeeds
      // proves nothing.
      const broken =
        stuck ?? (resultCode(error) === resultCodes.ioError ? describeFailure(error) : undefined);
      return broken === undefined ? ran : { ...ran, broken };
    }
  };
}

function outcomeOf(run: () => unknown): Outcome {
  try {
    return { ok: true, value: run() };
  } catch (error) {
    return { ok: false, failure: describeFailure(error) };
  }
}

function allFailed(calls: readonly Call[], failure: Failure): Ran {
  return { outcomes: calls.map(() => ({ ok: false, failure })) };
}

/** Why the transaction could not be ended, undefined where it is. */
function rollback(db: Database): Failure | undefined {
  try {
    if (db.isTransaction) db.exec('ROLLBACK');
    return undefined;
  } catch (error) {
    return describeFailure(error);
  }
}
