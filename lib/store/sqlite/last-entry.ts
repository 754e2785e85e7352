/**
 * A note beside the database of the newest entry that it held: a write-ahead log that lost its end, or is gone, looks to
 * SQLite like one that was never written. Knows files and numbers, not the tables.
 */
import {
  chownSync,
  closeSync,
  constants,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseRefusal } from '../sql/failure.js';

export interface LastEntry {
  /** The greatest seq ever given to an entry; 0 for none. */
  readonly seq: number;
  /** The greatest id of an account; 0 for none. */
  readonly account: number;
}

/** What takeLock in database.ts locks. Here, so that a program without a database doesn't load SQLite for it. */
export const lockFile = (file: string): string => `${file}-lock`;
export const noteFile = (file: string): string => `${file}-last`;
/** What was found missing, one sentence a line; it stays until the operator removes it. */
export const lossFile = (file: string): string => `${file}-loss`;

/** Undefined where there is no note, or none that can be read. */
export function readLastEntry(file: string): LastEntry | undefined {
  const [, seq, account] = /^seq (\d{1,15}) account (\d{1,15})\n/.exec(textOf(noteFile(file))) ?? [];
  return seq === undefined || account === undefined
    ? undefined
    : { seq: Number(seq), account: Number(account) };
}

/**
 * Overwrites the note without waiting for the disk: the database has the entry already, so that a note that a power
 * failure leaves behind is only too old. Always of one length, so that a crash cannot cut it.
 */
export function writeLastEntry(file: string, { seq, account }: LastEntry): void {
  const digits = (value: number): string => String(value).padStart(15, '0');
  const note = openSync(noteFile(file), constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    writeSync(note, `seq ${digits(seq)} account ${digits(account)}\n`, 0);
  } finally {
    closeSync(note);
  }
}

/** What the database lacks of what was noted, as a sentence; undefined where it lacks nothing. */
export function missingSince(noted: LastEntry | undefined, found: LastEntry): string | undefined {
  if (noted === undefined || (found.seq >= noted.seq && found.account >= noted.account)) return undefined;
  const ends = (entry: LastEntry): string => `message ${entry.seq} and account ${entry.account}`;
  return `The database ends with ${ends(found)}, but had stored ${ends(noted)}: what came between is lost.`;
}

export function recordLoss(file: string, sentence: string): void {
  const line = `${new Date().toISOString()} ${sentence}\n`;
  writeFileSync(lossFile(file), line, { flag: 'a', mode: 0o600 });
  // A command that root runs must leave it to the server's user.
  const { uid, gid } = statSync(dirname(file));
  if (process.getuid?.() === 0) chownSync(lossFile(file), uid, gid);
}

/** What a database has lost and the operator has not dealt with, with what to do; one line each. */
export function lossesOf(file: string): string[] {
  const lines = textOf(lossFile(file)).split('\n').slice(0, mostLosses);
  return lines
    .filter((line) => line !== '')
    .map((line) => `${line} Look for a newer backup; to end this notice, remove ${lossFile(file)}.`);
}

/** More than anyone reads. */
const mostLosses = 5;

/** How to go on after a loss; the end of a sentence about it. */
export const afterLoss =
  'Put the database back, or restore a backup into a new folder (secure-chat restore). To begin anew, choose an empty folder with --data.';

/**
 * SQLite must not open a file that is missing or empty beside a write-ahead log: it would delete a log that has everything.
 * @throws DatabaseRefusal where the file is missing or empty, and something is left of what it was
 */
export function refuseRemains(file: string): void {
  const remains = remainsOf(file);
  if (remains === undefined) return;
  throw new DatabaseRefusal(
    `The database is missing or empty, although ${remains} is left of it. ${afterLoss}`,
  );
}

function remainsOf(file: string): string | undefined {
  if (sizeOf(file) > 0) return undefined;
  if (sizeOf(`${file}-wal`) > 0) return `${file}-wal`;
  return (readLastEntry(file)?.account ?? 0) > 0 ? noteFile(file) : undefined;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
