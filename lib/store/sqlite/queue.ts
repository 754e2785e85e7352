/**
 * Group commit, the asking side: gathers calls into batches, one batch under way at a time, and settles them in
 * the order in which they were asked. Knows neither SQL nor threads.
 */
import { StoreError } from '../store.js';
import type { Outcome } from './batch.js';
import type { Arguments, Call, Method, Result } from './call.js';
import type { Failure } from './failure.js';

export interface QueueOptions {
  /** Starts a batch; its outcomes are to come to `settle`. */
  readonly send: (calls: readonly Call[]) => void;
  readonly explain: (failure: Failure) => StoreError;
  /** Calls of one batch, at most; `batchCalls` unless said otherwise. */
  readonly together?: number;
}

export interface Queue {
  ask<M extends Method>(method: M, args: Arguments<M>): Promise<Result<M>>;
  /** The outcomes of the batch under way, one for each call, in order. */
  settle(outcomes: readonly Outcome[]): void;
  /** Everything that waits, and everything asked later, rejects with this. */
  fail(error: StoreError): void;
  /** Takes nothing more. Resolves when nothing waits. */
  finish(): Promise<void>;
}

interface Pending {
  readonly call: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

/** Calls of one batch. */
const batchCalls = 1_000;
/** Rows that the history pages of one batch may bring together, so that 1,000 catch-ups do not fill the memory. */
const batchRows = 20_000;

export function createQueue({ send, explain, together = batchCalls }: QueueOptions): Queue {
  const waiting: Pending[] = [];
  let underWay: readonly Pending[] = [];
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

  return {
    ask(method, args) {
      if (refusal !== undefined) return Promise.reject(refusal);
      return new Promise((resolve, reject) => {
        const call = { method, args } as Call;
        waiting.push({ call, resolve: resolve as (value: unknown) => void, reject });
        if (scheduled || underWay.length > 0) return;
        // At the end of this turn, so that what was asked together is kept together.
        scheduled = true;
        queueMicrotask(sendNext);
      });
    },
    settle(outcomes) {
      const settled = underWay;
      underWay = [];
      // First of all: the database works while this side deals with the answers.
      sendNext();
      settled.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index];
        if (outcome?.ok) resolve(outcome.value);
        else reject(explain(outcome?.failure ?? { sentence: 'An answer is missing.', detail: '' }));
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
      refusal ??= new StoreError('The store was closed.');
      return new Promise((resolve) => {
        drained = resolve;
        if (!scheduled) sendNext();
      });
    },
  };
}

function batchLength(waiting: readonly Pending[], together: number): number {
  let rows = 0;
  for (let length = 0; length < waiting.length && length < together; length++) {
    const call = waiting[length]?.call;
    rows += call?.method === 'history' ? call.args[0].limit : 0;
    if (rows > batchRows && length > 0) return length;
  }
  return Math.min(waiting.length, together);
}
