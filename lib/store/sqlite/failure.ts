/** What failed in SQLite, in a sentence. Knows result codes, not tables. */

import { DatabaseRefusal, describeRefusal, type Failure, unexplained } from '../sql/failure.js';
import type { StoreError } from '../store.js';

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
  [
    resultCodes.corrupt,
    'The database is damaged. Restore a backup into a new folder (secure-chat restore), then start with that --data.',
  ],
  [resultCodes.full, 'The disk of the database is full. Free some space on it.'],
  [
    resultCodes.cannotOpen,
    'The database cannot be opened. Check that it is a file, and the permissions of its folder.',
  ],
  [
    resultCodes.notADatabase,
    'This file is not a database, or it is damaged. Restore a backup into a new folder, or choose another --data.',
  ],
]);

/** The file of shared memory could not grow. SQLite calls that an I/O error, but nothing was written to the database. */
const sharedMemoryFull = resultCodes.ioError | (19 << 8);

/**
 * SQLite's words for these codes. `all` and `iterate` of the driver throw errors without a code. FTS5 has words of its
 * own for damage, and in check results too.
 */
const words: readonly (readonly [RegExp, number])[] = [
  [/database disk image is malformed|malformed database schema|^fts5: corrupt/, resultCodes.corrupt],
  [/file is not a database/, resultCodes.notADatabase],
  [/disk I\/O error/, resultCodes.ioError],
  [/database or disk is full/, resultCodes.full],
  [/attempt to write a readonly database/, resultCodes.readOnly],
  [/unable to open database file/, resultCodes.cannotOpen],
  [/database is locked/, resultCodes.busy],
];

/** SQLite's primary result code; undefined where the error is not SQLite's. */
export function resultCode(error: unknown): number | undefined {
  return primaryCode(extendedCode(error));
}

function primaryCode(errcode: number | undefined): number | undefined {
  if (errcode === sharedMemoryFull) return resultCodes.full;
  return errcode === undefined ? undefined : errcode & 0xff;
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof DatabaseRefusal) return describeRefusal(error);
  const detail = error instanceof Error ? error.message : String(error);
  const errcode = extendedCode(error);
  const code = primaryCode(errcode) ?? 0;
  const reason = reasons.get(code);
  return {
    ...{ sentence: sentences.get(code) ?? unexplained, detail },
    ...(errcode !== undefined && { errcode }),
    ...(reason !== undefined && { reason }),
  };
}

const reasons: ReadonlyMap<number, StoreError['reason']> = new Map([
  [resultCodes.full, 'full'],
  [resultCodes.corrupt, 'damaged'],
  [resultCodes.notADatabase, 'damaged'],
]);

function extendedCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode;
  if (!('code' in error) || error.code !== 'ERR_SQLITE_ERROR') return undefined;
  const { message } = error;
  return words.find(([said]) => said.test(message))?.[1];
}
