/** What failed in a database, in a sentence and in a form that crosses threads. Knows no database's codes. */
import { StoreError, StoreInUse } from '../store.js';

export interface Failure {
  /** What happened and what to do, without the database's name. */
  readonly sentence: string;
  /** What the database said. */
  readonly detail: string;
  /** The database's own code where it was the database that failed. */
  readonly errcode?: number | string;
  readonly reason?: StoreError['reason'];
  readonly inUse?: true;
}

/** This database must not be used, for a reason that it does not know itself. The message says what to do. */
export class DatabaseRefusal extends Error {
  readonly inUse: boolean;

  constructor(message: string, options?: { cause?: unknown; inUse?: boolean }) {
    super(message, options);
    this.name = 'Refusal';
    this.inUse = options?.inUse ?? false;
  }
}

/** A failure as the error that callers get; its `cause` is what the database said. @param name of the database, for people */
export function storeError(name: string, failure: Failure): StoreError {
  const cause = Object.assign(new Error(failure.detail), { errcode: failure.errcode });
  const message = `${name}: ${failure.sentence}`;
  const options = { cause, reason: failure.reason };
  return failure.inUse ? new StoreInUse(message, options) : new StoreError(message, options);
}

export function describeRefusal(error: DatabaseRefusal): Failure {
  return { sentence: error.message, detail: error.message, ...(error.inUse && { inUse: true }) };
}

/** Of a driver that has no better sentence. */
export const unexplained = 'The database refused an operation: internal error (please report it).';
