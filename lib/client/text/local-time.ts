/** How times are shown: local hour and minute, and the day. Knows time zones, not what happened. */

export interface LocalTime {
  /** `HH:MM`; `--:--` for an invalid time. */
  minute(at: string | number): string;
  /** `HH:MM`, with `:SS` or `am` and `pm` at the end as the format says; always of the same length. */
  time(at: string | number, format: TimeFormat): string;
  /** `2026-11-21`; empty for an invalid time. */
  date(at: string | number): string;
  /** `Saturday, 21 November 2026`; empty for an invalid time. */
  day(at: string | number): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface TimeFormat {
  readonly seconds: boolean;
  /** Hours from 1 to 12, with `am` and `pm`. */
  readonly halfDays: boolean;
}

/** @param timeZone an IANA name; without it, that of this system */
export function createLocalTime(now: () => number, timeZone?: string): LocalTime {
  const times = (seconds: boolean, hour12: boolean) =>
    new Intl.DateTimeFormat(hour12 ? 'en-US' : 'en-GB', {
      ...{ hour: '2-digit', minute: '2-digit', hour12, timeZone },
      ...(seconds && { second: '2-digit' }),
    });
  const formats = [times(false, false), times(true, false), times(false, true), times(true, true)] as const;
  const dates = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone });
  const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone });
  const shown = (format: Intl.DateTimeFormat, at: string | number, otherwise: string): string => {
    const date = new Date(at);
    return Number.isNaN(date.getTime()) ? otherwise : format.format(date);
  };
  return {
    minute: (at) => shown(formats[0], at, '--:--'),
    time(at, { seconds, halfDays }) {
      const format = formats[(halfDays ? 2 : 0) + (seconds ? 1 : 0)] ?? formats[0];
      const otherwise = `--:--${seconds ? ':--' : ''}${halfDays ? '  ' : ''}`;
      return shown(format, at, otherwise).replace(/\s+([AP]M)$/, (_, half: string) => half.toLowerCase());
    },
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
