/** What a database needs while it is written: its newest entry noted, its write-ahead log emptied. Knows times, no calls. */
import { backgroundClock, type Clock } from '../../system/clock.js';
import { checkpoint, lastEntry, type SqliteDatabase, skipSeqs } from './database.js';
import { missingSince, readLastEntry, recordLoss, writeLastEntry } from './last-entry.js';

interface Upkeep {
  /** Something was committed. */
  wrote(): void;
  close(): void;
}

/** So much of what was acknowledged may be lost without a word. */
const noteMs = 1_000;
const checkpointMs = 60_000;
/** More than a server stores between two notes. */
const skippedSeqs = 10_000;

/**
 * Notices what was lost since the last note, and keeps the note from now on. Neither waits for the disk at each message
 * nor stops the work where the disk is full.
 */
export function createUpkeep(db: SqliteDatabase, file: string, clock: Clock = backgroundClock): Upkeep {
  const timers = new Map<() => void, () => void>();
  const note = (): void => writeLastEntry(file, lastEntry(db));
  const empty = (): void => checkpoint(db);

  function soon(work: () => void, ms: number): void {
    if (timers.has(work)) return;
    const run = (): void => {
      timers.delete(work);
      unlessDiskFails(work);
    };
    timers.set(work, clock.after(ms, run));
  }

  unlessDiskFails(() => {
    if (noticeLoss(db, file)) note();
  });

  return {
    wrote() {
      soon(note, noteMs);
      soon(empty, checkpointMs);
    },
    close() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
      unlessDiskFails(note);
    },
  };
}

function noticeLoss(db: SqliteDatabase, file: string): boolean {
  const noted = readLastEntry(file);
  const missing = missingSince(noted, lastEntry(db));
  if (noted === undefined || missing === undefined) return false;
  // First, so that a crash in between does not leave it unsaid.
  recordLoss(file, missing);
  skipSeqs(db, noted.seq + skippedSeqs);
  return true;
}

/** The next message fails as well then, and says why. */
function unlessDiskFails(work: () => void): void {
  try {
    work();
  } catch {}
}
