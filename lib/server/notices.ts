/** What admins must hear about the server's data at sign-in. Knows that it is damaged or lost, not what is in it. */
import { type Store, StoreError } from '../store/store.js';
import type { Clock } from '../system/clock.js';
import type { Log } from './log.js';

export interface Notices {
  /** Sentences; with any of them, no file is deleted as unused. */
  readonly texts: readonly string[];
  /**
   * Looks at an error of the store: the first damage is examined, logged and added.
   * @returns whether the log has it already: a database that can't be reached, or is full, is logged once a minute
   */
  examine(error: unknown): boolean;
  /** Examines the whole database. */
  check(): Promise<void>;
}

interface NoticesDeps {
  readonly store: Pick<Store, 'damage'>;
  readonly log: Log;
  readonly clock: Pick<Clock, 'ticks'>;
}

const damaged =
  'The database is damaged: what is stored now may be lost. Restore a backup (secure-chat restore); secure-chat check says what is damaged.';
/** More than one line of the log can say. */
const mostLogged = 3;
const tellMs = 60_000;

/** @param known what was found before */
export function createNotices({ store, log, clock }: NoticesDeps, known: readonly string[] = []): Notices {
  const texts = [...known];
  let told = Number.NEGATIVE_INFINITY;

  function add(): boolean {
    if (texts.includes(damaged)) return false;
    texts.push(damaged);
    return true;
  }

  async function check(): Promise<void> {
    const found = await store.damage().catch((error: unknown) => {
      // Closed meanwhile, or the disk fails, which others report.
      return error instanceof StoreError && error.reason === 'damaged' ? [error.message] : [];
    });
    if (found.length === 0) return;
    add();
    log.error('database damaged', new Error(found.slice(0, mostLogged).join('; ')), { found: found.length });
  }

  return {
    texts,
    examine(error) {
      if (!(error instanceof StoreError)) return false;
      if (error.reason === 'damaged' && add()) void check();
      if (error.reason !== 'unreachable' && error.reason !== 'full') return false;
      if (clock.ticks() - told < tellMs) return true;
      told = clock.ticks();
      log.error(`database ${error.reason}`, error);
      return true;
    },
    check,
  };
}
