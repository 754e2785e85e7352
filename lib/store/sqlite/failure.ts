/** What failed in SQLite, in a sentence and in a form that crosses threads. Knows result codes, not tables. */
import { StoreError, StoreInUse } from '../store.js';

export interface Failure {
  /** What happened and what to do, without the file's name. */
  readonly sentence: string;
  /** What SQLite said, and its extended result code where it was SQLite that failed. */
  readonly detail: string;
  readonly errcode?: number;
  readonly inUse?: true;
}

/** This file must not be used, for a reason that SQLite does not know. The message says what to do. */
export class DatabaseRefusal extends Error {
  readonly inUse: boolean;

  constructor(message: string, options?: { cause?: unknown; inUse?: boolean }) {
    super(message, options);
    this.name = 'Refusal';
    this.inUse = options?.inUse ?? false;
  }
}

/** Primary result codes, https://sqlite.org/rescode.html */
export const resultCodes = {
  busy: 5,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

const sentences: ReadonlyMap<number, string> = new Map([
  [resultCodes.busy, 'Another program has locked the database. Stop that program, then try again.'],
  [resultCodes.readOnly, 'The database is read-only. Make the file and its folder writable for this user.'],
  [resultCodes.ioError, 'Reading or writing the database failed. Check the disk and the system log.'],
  [resultCodes.corrupt, 'The database is damaged. Restore it from a backup.'],
  [resultCodes.full, 'The disk of the database is full. Free some space on it.'],
  [
    resultCodes.cannotOpen,
    'The database cannot be opened. Check that it is a file, and the permissions of its folder.',
  ],
  [resultCodes.notADatabase, 'This file is not a database. Move it away, or choose another data folder.'],
]);

/** The low byte of SQLite's result code; undefined where the error is not SQLite's. */
export function resultCode(error: unknown): number | undefined {
  const errcode = extendedCode(error);
  return errcode === undefined ? undefined : errcode & 0xff;
}

export function describeFailure(error: unknown): Failure {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof DatabaseRefusal) {
    return { sentence: error.message, detail, ...(error.inUse && { inUse: true }) };
  }
  const errcode = extendedCode(error);
  const sentence = errcode === undefined ? undefined : sentences.get(errcode & 0xff);
  return {
    sentence: sentence ?? 'The database refused an operation: internal error (please report it).',
    detail,
    ...(errcode !== undefined && { errcode }),
  };
}

/** A failure as the error that callers get; its `cause` is what SQLite said. */
export function storeError(file: string, failure: Failure): StoreError {
  const cause = Object.assign(new Error(failure.detail), { errcode: failure.errcode });
  const message = `${file}: ${failure.sentence}`;
  return failure.inUse ? new StoreInUse(message, { cause }) : new StoreError(message, { cause });
}

function extendedCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}
