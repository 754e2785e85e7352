/**
 * The time by which old things are deleted: the clock's, unless it has jumped ahead. Deleting cannot be undone, so time
 * that no one saw pass is believed only bit by bit. Knows clocks, not what is deleted.
 */
import type { Clock } from '../../system/clock.js';
import type { Log } from '../log.js';

/** When the server last looked. */
export interface TimeSeen {
  /** Milliseconds since the epoch, as far as they can be trusted. */
  readonly at: number;
  /** Of the machine, then. */
  readonly uptimeMs: number;
  /** The run of the machine that `uptimeMs` counts in; undefined where there is no way to tell. */
  readonly boot?: string;
}

/** The machine's own measure of time, which setting the clock does not change, and the memory across restarts. */
export interface Timekeeping {
  uptimeMs(): number;
  readonly boot?: string | undefined;
  read(): Promise<TimeSeen | undefined>;
  write(seen: TimeSeen): Promise<void>;
}

export interface TrustedTime {
  /** Milliseconds since the epoch, never later than the clock says. */
  now(): Promise<number>;
}

interface TrustedTimeOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Default: counts since now, and forgets when the server ends. */
  readonly timekeeping?: Timekeeping | undefined;
  /** The clock of the database, where several servers share one: a new one may be on a machine whose clock is wrong. */
  readonly shared?: (() => Promise<number>) | undefined;
  /** How long things are kept: a fourth of that is believed of a time when the machine was off. */
  readonly keepMs: number;
}

/** Small corrections are what clocks are for. */
const correctionMs = 5 * 60_000;

/** Where a clock is ahead of the one that servers share, that one counts: by the later, what others have just made may be over. */
export async function earlierNow(clock: Clock, shared: (() => Promise<number>) | undefined): Promise<number> {
  return Math.min(clock.now(), (await shared?.()) ?? Number.POSITIVE_INFINITY);
}

export function createTrustedTime({
  clock,
  log,
  timekeeping,
  shared,
  keepMs,
}: TrustedTimeOptions): TrustedTime {
  const machine = timekeeping ?? createForgetful(clock);
  /** Since then, `uptimeMs` tells how much time has passed. */
  let last: TimeSeen | undefined;
  let behind = false;

  /** When it must be at least, and how much later than that it may be. */
  function expected(
    { at, uptimeMs, boot }: TimeSeen,
    uptime: number,
  ): { passed: number; at: number; more: number } {
    const measured =
      (last !== undefined || (boot !== undefined && boot === machine.boot)) && uptime >= uptimeMs;
    const passed = measured ? uptime - uptimeMs : 0;
    return { passed, at: at + passed, more: measured ? correctionMs : Math.max(correctionMs, keepMs / 4) };
  }

  function trusted(seen: TimeSeen | undefined, now: number, uptime: number): number {
    if (seen === undefined) return now;
    const { passed, at, more } = expected(seen, uptime);
    // A clock that was set back proves nothing about later.
    if (now <= at + more) return Math.max(now, at);
    // Twice as fast as time passes, until it has caught up.
    return Math.min(now, at + passed);
  }

  function report(aheadMs: number): void {
    if (aheadMs > 0 === behind) return;
    behind = aheadMs > 0;
    const hours = Math.round(aheadMs / 3_600_000);
    if (behind) log.warn('clock jumped ahead, so deleting by age waits', { hours });
    else log.info('clock is trusted again');
  }

  return {
    async now() {
      const now = await earlierNow(clock, shared);
      const uptimeMs = machine.uptimeMs();
      const at = trusted(last ?? (await machine.read()), now, uptimeMs);
      last = { at, uptimeMs, ...(machine.boot !== undefined && { boot: machine.boot }) };
      report(now - at);
      await machine.write(last);
      return Math.min(now, at);
    },
  };
}

function createForgetful(clock: Clock): Timekeeping {
  return { uptimeMs: clock.ticks, read: async () => undefined, write: async () => {} };
}
