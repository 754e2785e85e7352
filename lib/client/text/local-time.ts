/** How times are shown: local hour and minute, and the day. Knows time zones, not what happened. */

export interface LocalTime {
  /** `HH:MM`; `--:--` for an invalid time. */
  minute(at: string | number): string;
  /** `2026-11-21`; empty for an invalid time. */
  date(at: string | number): string;
  /** `Saturday, 21 November 2026`; empty for an invalid time. */
  day(at: string | number): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** @param timeZone an IANA name; without it, that of this system */
export function createLocalTime(now: () => number, timeZone?: string): LocalTime {
  const minutes = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone });
  const dates = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone });
  const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone });
  const shown = (format: Intl.DateTimeFormat, at: string | number, otherwise: string): string => {
    const date = new Date(at);
    return Number.isNaN(date.getTime()) ? otherwise : format.format(date);
  };
  return {
    minute: (at) => shown(minutes, at, '--:--'),
    date: (at) => shown(dates, at, ''),
    day: (at) => shown(days, at, ''),
    now,
  };
}

/** `YYYY-MM-DD HH:MM`. */
export type Stamp = (at: number) => string;

export function createStamp(timeZone: string | undefined): Stamp {
  const format = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone });
  return (at) => format.format(at);
}
