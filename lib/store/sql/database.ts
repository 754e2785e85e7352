/**
 * What the store's SQL runs on: a connection whose calls block its thread, and what a database says in its own way. Knows no
 * tables.
 */
import type { Failure } from './failure.js';

export type Value = number | string | null | Uint8Array;

/** Values are those of `?`, in order, or of `?1`, `?2`…; a truth value is 0 or 1. */
export interface Statement {
  /** The first row; undefined for none. */
  // biome-ignore lint/suspicious/noExplicitAny: a row is what its SQL makes it
  get(...values: readonly Value[]): any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  all(...values: readonly Value[]): any[];
  run(...values: readonly Value[]): { readonly changes: number };
}

export interface Database {
  /** `run` may wait for the next statement that has an answer; asking for its `changes` does not. */
  prepare(sql: string): Statement;
  /** Statements without values and without rows. */
  exec(sql: string): void;
  readonly isTransaction: boolean;
  /** Changes whenever others may have written since; undefined where there are no others. */
  readonly epoch?: number | undefined;
}

/** What databases say differently. The SQL of this folder is what all of them understand. */
export interface Dialect {
  readonly begin: Readonly<Record<'write' | 'read', string>>;
  /** Takes the next seq of the log, as `seq`. */
  readonly takeSeq: string;
  /** An expression of a table with one column: the numbers in the JSON array that is the value of `?`. */
  readonly numbersOf: string;
  /** A call that fails is undone by a savepoint. Without them it ends the transaction, and each call then runs alone. */
  readonly savepoints: boolean;
  describe(error: unknown): Failure;
  /** Whether, after this error of a transaction, nothing can be trusted to be stored any longer. */
  isFatal(error: unknown): boolean;
}
